package dev.evenkeel.sample.orders.database;

import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.NoneNestedConditions;

/** Matches while the reader names no server of their own. */
class NoDatabaseConfigured extends NoneNestedConditions {

  NoDatabaseConfigured() {
    super(ConfigurationPhase.REGISTER_BEAN);
  }

  @ConditionalOnProperty("spring.datasource.url")
  static class UrlIsSet {}
}
