package dev.evenkeel.autoconfigure.blocks;

import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;

@Entity
class Numbered {

  @Id
  @GeneratedValue(strategy = GenerationType.SEQUENCE) // in blocks of 50, by default
  private long id;

  long id() {
    return id;
  }
}
