package com.example.ordering;

import dev.evenkeel.shard.guard.DualWriteAllowed;
import org.springframework.stereotype.Component;

interface PriceServer {
  void refresh();
}

@Component
record Prices(PriceServer server) {

  @DualWriteAllowed(because = "an idempotent cache refresh; losing it costs one miss")
  void refresh() {
    server.refresh();
  }
}
