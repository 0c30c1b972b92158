package dev.evenkeel.saga;

import java.math.BigDecimal;
import java.time.Duration;

/**
 * A statement that asks for the time: the database's clock, and what virtual time is ahead of it.
 * That is a literal, so that production, where it is nothing, pays nothing.
 */
final class TimedSql {

  private static final String NOW = "@now";

  private final String template;
  private final String plain;

  /**
   * Makes it.
   *
   * @param template with {@code @now} for the time, and {@code @schema}
   */
  TimedSql(String schema, String template) {
    this.template = template.replace("@schema", schema);
    this.plain = this.template.replace(NOW, "clock_timestamp()");
  }

  /** The statement's text. */
  String ahead(Duration offset) {
    return offset.isZero()
        ? plain
        : template.replace(NOW, "(clock_timestamp() + interval '%s')".formatted(interval(offset)));
  }

  /**
   * A length of time as PostgreSQL reads it. In seconds: version 14 takes no more milliseconds than
   * 25 days have.
   */
  static String interval(Duration length) {
    return BigDecimal.valueOf(length.toMillis(), 3).toPlainString() + " seconds";
  }
}
