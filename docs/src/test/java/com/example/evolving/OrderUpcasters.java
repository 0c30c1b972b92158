package com.example.evolving;

import dev.evenkeel.outbox.JsonUpcaster;
import dev.evenkeel.outbox.spi.Upcaster;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

@Configuration
class OrderUpcasters {

  /** Version 1 had no currency. */
  @Bean
  Upcaster orderPlacedFrom1() {
    return JsonUpcaster.of("order-placed", 1, event -> event.put("currency", "EUR"));
  }

  /** Version 2 called the amount "total", in cents. */
  @Bean
  Upcaster orderPlacedFrom2() {
    return JsonUpcaster.of(
        "order-placed",
        2,
        event -> {
          long cents = event.remove("total").asLong();
          return event.put("amount", "%d.%02d".formatted(cents / 100, cents % 100));
        });
  }
}
