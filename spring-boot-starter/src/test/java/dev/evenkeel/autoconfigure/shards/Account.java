package dev.evenkeel.autoconfigure.shards;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;

@Entity
@Table(name = "account")
class Account {

  @Id private long id;
  private short slot;
  private String note;

  protected Account() {}

  Account(long id, int slot, String note) {
    this.id = id;
    this.slot = (short) slot;
    this.note = note;
  }

  long id() {
    return id;
  }

  String note() {
    return note;
  }
}
