package dev.evenkeel.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.DeadLetterFilter;
import dev.evenkeel.saga.SagaFilter;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

/** What operators ask for and what is configured is taken, or refused in a sentence. */
class RequestPropertyTest {

  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59Z");

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.oneOf(
        Arbitraries.strings().ofMaxLength(10),
        Arbitraries.of(
            "", " ", "\0", "HANDLER_FAILED", "handler_failed", "RUNNING,CLOSING", ",", "true"),
        Arbitraries.of(
            "2026-01-31T12:00:00Z",
            "-999999999-01-01T00:00:00Z",
            "+999999999-12-31T23:59:59Z",
            "2026-02-30T00:00:00Z"),
        Arbitraries.of("{", "{}", "[]", "{\"a\":1}", "{\"a\":\"\\u0000\"}", "AAA", "=", "null"));
  }

  private static void requireRange(Instant instant) {
    if (instant != null) {
      assertThat(instant).isBetween(Instant.EPOCH, LAST);
    }
  }

  private static void requireStorable(String text) {
    assertThat(text == null || text.indexOf('\0') < 0).isTrue();
  }

  private static void oneSentence(IllegalArgumentException e) {
    assertThat(e.getMessage()).isNotBlank();
    assertThat(e.getMessage()).containsAnyOf("must", "needs", "is not", "says", "either");
  }

  @Property(tries = 1_000)
  void filterOfDeadLettersIsOneThatADatabaseCanBeAsked(
      @ForAll("texts") String one, @ForAll("texts") String other, @ForAll("texts") String third) {
    try {
      DeadLetterFilter filter = DeadLetterRequest.filter(one, other, third, one, null, null, other);
      requireStorable(filter.consumer() + filter.type() + filter.aggregateType());
      requireRange(filter.parkedBefore());
    } catch (IllegalArgumentException e) {
      oneSentence(e);
    }
    try {
      requireRange(
          DeadLetterRequest.filter(null, null, null, null, one, other, third).parkedAfter());
    } catch (IllegalArgumentException e) {
      oneSentence(e);
    }
  }

  @Property(tries = 1_000)
  void filterOfSagasIsOneThatADatabaseCanBeAsked(
      @ForAll("texts") String one, @ForAll("texts") String other, @ForAll("texts") String third) {
    try {
      SagaFilter filter = SagaRequest.filter(one, other, null, null, null, null, third, one);
      requireStorable(filter.saga() + filter.key() + filter.step() + filter.error());
    } catch (IllegalArgumentException e) {
      oneSentence(e);
    }
    try {
      SagaFilter filter = SagaRequest.filter(null, null, one, true, other, third, null, null);
      requireRange(filter.startedAfter());
      requireRange(filter.startedBefore());
    } catch (IllegalArgumentException e) {
      oneSentence(e);
    }
  }

  @Property(tries = 1_000)
  void editIsOneThatCanBeStored(
      @ForAll("texts") String payload,
      @ForAll("texts") String headers,
      @ForAll("texts") String why) {
    try {
      Map<String, String> edited = DeadLetterRequest.edit(1, payload, null, headers).headers();
      if (edited != null) {
        edited.forEach((name, value) -> requireStorable(name + value));
      }
    } catch (IllegalArgumentException e) {
      oneSentence(e);
    }
    try {
      DeadLetterRequest.edit(1, null, payload, null);
      requireStorable(DeadLetterRequest.because(why, "it is edited"));
    } catch (IllegalArgumentException e) {
      oneSentence(e);
    }
  }

  private static final List<String> SETTINGS =
      List.of(
          "evenkeel.schema",
          "evenkeel.inbox.lanes",
          "evenkeel.inbox.window",
          "evenkeel.inbox.retry.first-backoff",
          "evenkeel.relay.lease",
          "evenkeel.relay.max-in-flight-bytes",
          "evenkeel.relay.mode",
          "evenkeel.saga.max-payload",
          "evenkeel.kafka.topic",
          "evenkeel.ids.snowflake.lease");

  @Provide
  Arbitrary<String> settings() {
    return Arbitraries.of(SETTINGS);
  }

  @Provide
  Arbitrary<String> values() {
    return Arbitraries.oneOf(
        Arbitraries.strings().withChars("0123456789-+.smhdKMGBPTTH ").ofMaxLength(8),
        Arbitraries.longs().map(String::valueOf),
        Arbitraries.longs().map(n -> n + "d"),
        Arbitraries.longs().map(n -> n + "TB"),
        Arbitraries.of("PT", "PT0S", Duration.ofSeconds(Long.MAX_VALUE).toString(), "cdc", "null"),
        Arbitraries.strings().ofMaxLength(6));
  }

  /** Spring binds, and our options judge; either says which setting it is about. */
  @Property(tries = 300)
  void settingIsUsableOrRefusedByItsName(
      @ForAll("settings") String setting, @ForAll("values") String value) {
    Binder binder = new Binder(new MapConfigurationPropertySource(Map.of(setting, value)));
    try {
      EvenkeelOptions.of(
          binder.bindOrCreate("evenkeel", EvenkeelProperties.class), "of-a-test", "node", false);
    } catch (BindException e) {
      assertThat(e.getName().toString() + e.getMessage()).contains("evenkeel");
    } catch (EvenkeelConfigurationException e) {
      assertThat(e).hasMessageContaining("evenkeel.");
    }
  }
}
