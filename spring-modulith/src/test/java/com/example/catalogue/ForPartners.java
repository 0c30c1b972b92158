package com.example.catalogue;

import org.springframework.modulith.events.Externalized;

/** Marks whatever implements it. */
@Externalized("partners::#{isbn()}")
public interface ForPartners {
  String isbn();
}
