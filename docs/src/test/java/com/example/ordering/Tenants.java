package com.example.ordering;

import dev.evenkeel.shard.SlotCatalogue;
import org.springframework.stereotype.Component;

@Component
record Tenants(SlotCatalogue catalogue) {

  void admit(String tenant, int slot) { // before the tenant's first row is written
    catalogue.createStrategy("tenants", SlotCatalogue.Assignments.DIRECTORY);
    catalogue.assign("tenants", tenant, slot);
    catalogue.pin(slot, true); // no proposal takes it elsewhere
  }
}
