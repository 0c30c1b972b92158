package com.example.catalogue;

import dev.evenkeel.outbox.OutboxEvent;
import org.springframework.modulith.events.Externalized;

/** Events of all kinds. */
public final class Catalogue {

  private Catalogue() {}

  public record BookAdded(String isbn) implements ForPartners {}

  @Externalized("::#{isbn()}")
  public record BookSold(String isbn) {}

  @Externalized("#{'shelf-' + shelf()}::#{isbn()}")
  public record BookMoved(String isbn, int shelf) {}

  @org.jmolecules.event.annotation.Externalized("writers::#{name()}")
  public record AuthorAdded(String name) {}

  @OutboxEvent(type = "book-lost", aggregateType = "book", key = "isbn")
  @Externalized("book::#{isbn()}")
  public record BookLost(String isbn) {}

  public record BookSeen(String isbn) {}
}
