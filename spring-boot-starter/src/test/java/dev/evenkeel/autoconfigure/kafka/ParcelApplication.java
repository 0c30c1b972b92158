package dev.evenkeel.autoconfigure.kafka;

import dev.evenkeel.outbox.InboxHandler;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

@SpringBootApplication
class ParcelApplication {

  static class Parcels {

    final List<Shipped> seen = new CopyOnWriteArrayList<>();
    volatile boolean broken;

    @InboxHandler(consumer = "parcels")
    void on(Shipped event) {
      if (broken) {
        throw new IllegalStateException("broken on purpose");
      }
      seen.add(event);
    }
  }

  @Bean
  Parcels parcels() {
    return new Parcels();
  }
}
