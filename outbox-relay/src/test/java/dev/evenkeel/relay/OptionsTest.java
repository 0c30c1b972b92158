package dev.evenkeel.relay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.outbox.delivery.LaneOptions;
import java.time.Duration;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Ranges, their sentences, and the backoff. */
class OptionsTest {

  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration TEN_SECONDS = Duration.ofSeconds(10);
  private static final Duration DAY = Duration.ofDays(1);

  /** Each setting just outside its range, and the sentence that says so. */
  static Stream<Arguments> outOfRange() {
    return Stream.of(
        Arguments.of(
            make(() -> lease(Duration.ofMillis(1_999))),
            "evenkeel.relay.lease must be between PT2S and PT10M, was PT1.999S"),
        Arguments.of(
            make(() -> lease(Duration.ofMinutes(11))),
            "evenkeel.relay.lease must be between PT2S and PT10M, was PT11M"),
        Arguments.of(
            make(() -> contend(Duration.ofMillis(49))),
            "evenkeel.relay.contend-interval must be between PT0.05S and PT1M, was PT0.049S"),
        Arguments.of(
            make(() -> contend(Duration.ofSeconds(61))),
            "evenkeel.relay.contend-interval must be between PT0.05S and PT1M, was PT1M1S"),
        Arguments.of(
            make(() -> heartbeat(Duration.ofMillis(49))),
            "evenkeel.relay.heartbeat-interval must be between PT0.05S and PT3.333333333S, was PT0.049S"),
        Arguments.of(
            make(() -> heartbeat(Duration.ofSeconds(4))),
            "evenkeel.relay.heartbeat-interval must be between PT0.05S and PT3.333333333S, was PT4S"),
        Arguments.of(
            make(() -> poll(Duration.ZERO)),
            "evenkeel.relay.poll-interval must be between PT0.001S and PT1S, was PT0S"),
        Arguments.of(
            make(() -> poll(Duration.ofMillis(1_001))),
            "evenkeel.relay.poll-interval must be between PT0.001S and PT1S, was PT1.001S"),
        Arguments.of(
            make(() -> inFlight(0, 32 << 20)),
            "evenkeel.relay.max-in-flight must be between 1 and 1000000, was 0"),
        Arguments.of(
            make(() -> inFlight(1_000_001, 32 << 20)),
            "evenkeel.relay.max-in-flight must be between 1 and 1000000, was 1000001"),
        Arguments.of(
            make(() -> inFlight(10, 1_024)),
            "evenkeel.relay.max-in-flight-bytes must be between 1048576 and 1073741824, was 1024"),
        Arguments.of(
            make(() -> drain(Duration.ofMinutes(6))),
            "evenkeel.relay.drain-timeout must be between PT0S and PT5M, was PT6M"),
        Arguments.of(
            make(() -> drain(Duration.ofSeconds(-1))),
            "evenkeel.relay.drain-timeout must be between PT0S and PT5M, was PT-1S"),
        Arguments.of(
            make(() -> new JanitorOptions(Duration.ofMillis(99), DAY, DAY)),
            "evenkeel.janitor.interval must be between PT0.1S and PT1H, was PT0.099S"),
        Arguments.of(
            make(() -> new JanitorOptions(TEN_SECONDS, Duration.ofDays(31), DAY)),
            "evenkeel.outbox.retention must be between PT0S and PT720H, was PT744H"),
        Arguments.of(
            make(() -> new JanitorOptions(TEN_SECONDS, DAY, Duration.ZERO)),
            "evenkeel.inbox.window must be between PT1S and PT8760H, was PT0S"),
        Arguments.of(
            make(() -> lanes(0, 3)), "evenkeel.inbox.lanes must be between 1 and 1024, was 0"),
        Arguments.of(
            make(() -> lanes(1_025, 3)),
            "evenkeel.inbox.lanes must be between 1 and 1024, was 1025"),
        Arguments.of(
            make(() -> lanes(16, 0)),
            "evenkeel.inbox.retry.in-memory-attempts must be between 1 and 100, was 0"),
        Arguments.of(
            make(() -> budgets(Duration.ofSeconds(61), 20, TEN_SECONDS, TEN_SECONDS)),
            "evenkeel.inbox.retry.in-memory-budget must be between PT0S and PT1M, was PT1M1S"),
        Arguments.of(
            make(() -> budgets(Duration.ZERO, 1_001, TEN_SECONDS, TEN_SECONDS)),
            "evenkeel.inbox.retry.max-attempts must be between 1 and 1000, was 1001"),
        Arguments.of(
            make(() -> backoffs(Duration.ZERO, DAY)),
            "evenkeel.inbox.retry.first-backoff must be between PT0.001S and PT1H, was PT0S"),
        Arguments.of(
            make(() -> backoffs(TEN_SECONDS, Duration.ofSeconds(9))),
            "evenkeel.inbox.retry.max-backoff must be between PT10S and PT24H, was PT9S"),
        Arguments.of(
            make(() -> budgets(Duration.ZERO, 20, Duration.ofMinutes(6), TEN_SECONDS)),
            "evenkeel.inbox.outage-budget must be between PT0S and PT5M, was PT6M"),
        Arguments.of(
            make(() -> budgets(Duration.ZERO, 20, TEN_SECONDS, Duration.ofMillis(9))),
            "evenkeel.inbox.handler-timeout must be between PT0.01S and PT5M, was PT0.009S"));
  }

  @ParameterizedTest
  @MethodSource("outOfRange")
  void settingOutOfItsRangeIsRefusedWithOneSentence(Runnable construction, String sentence) {
    assertThatThrownBy(construction::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(sentence);
  }

  @Test
  void bordersAreInside() {
    assertThatCode(
            () -> {
              lease(Duration.ofMinutes(10));
              contend(Duration.ofMillis(50));
              heartbeat(Duration.ofMillis(50));
              poll(Duration.ofSeconds(1));
              inFlight(1, 1 << 20);
              drain(Duration.ZERO);
              lanes(1_024, 100);
              backoffs(Duration.ofMillis(1), Duration.ofMillis(1));
            })
        .doesNotThrowAnyException();
  }

  @Test
  void connectionMustBeOneToPostgresql() {
    assertThatThrownBy(() -> new ConnectionSettings("jdbc:mysql://localhost/a", "u", "p"))
        .hasMessage(
            "evenkeel.relay.url must start with jdbc:postgresql:, was jdbc:mysql://localhost/a");
  }

  @Test
  void connectionDoesNotShowItsPassword() {
    assertThat(new ConnectionSettings("jdbc:postgresql://h/d", "u", "secret"))
        .hasToString("jdbc:postgresql://h/d as u");
  }

  @Test
  void backoffDoublesToItsLimitWithAFifthOfJitter() {
    LaneOptions options = backoffs(Duration.ofSeconds(1), Duration.ofSeconds(60));
    long[] expected = {1, 1, 2, 4, 8, 16, 32, 60, 60};
    for (int attempts = 0; attempts < expected.length; attempts++) {
      int counted = attempts;
      long seconds = expected[attempts];
      assertThat(IntStream.range(0, 200).mapToObj(n -> options.backoff(counted)))
          .allSatisfy(
              wait ->
                  assertThat(wait)
                      .isBetween(
                          Duration.ofMillis(seconds * 800), Duration.ofMillis(seconds * 1_200)))
          .anySatisfy(wait -> assertThat(wait).isNotEqualTo(Duration.ofSeconds(seconds)));
    }
  }

  @Test
  void backoffOfVeryManyAttemptsIsStillTheLimit() {
    assertThat(backoffs(Duration.ofSeconds(1), Duration.ofMinutes(5)).backoff(100_000))
        .isBetween(Duration.ofMinutes(4), Duration.ofMinutes(6));
  }

  @Test
  void backoffIsNeverZero() {
    LaneOptions options = backoffs(Duration.ofMillis(1), Duration.ofMillis(1));
    assertThat(IntStream.range(0, 200).mapToObj(options::backoff))
        .allSatisfy(wait -> assertThat(wait).isPositive());
  }

  /** Only so that an argument source may name a constructor call. */
  private static Runnable make(Runnable construction) {
    return construction;
  }

  private static RelayOptions relay(
      Duration lease,
      Duration contend,
      Duration heartbeat,
      Duration poll,
      int inFlight,
      long bytes,
      Duration drain) {
    return new RelayOptions(
        "evenkeel",
        "node",
        lease,
        contend,
        heartbeat,
        poll,
        inFlight,
        bytes,
        drain,
        JanitorOptions.defaults());
  }

  private static RelayOptions lease(Duration lease) {
    return relay(lease, SECOND, SECOND, SECOND, 10, 1 << 20, SECOND);
  }

  private static RelayOptions contend(Duration contend) {
    return relay(TEN_SECONDS, contend, SECOND, SECOND, 10, 1 << 20, SECOND);
  }

  private static RelayOptions heartbeat(Duration heartbeat) {
    return relay(TEN_SECONDS, SECOND, heartbeat, SECOND, 10, 1 << 20, SECOND);
  }

  private static RelayOptions poll(Duration poll) {
    return relay(TEN_SECONDS, SECOND, SECOND, poll, 10, 1 << 20, SECOND);
  }

  private static RelayOptions inFlight(int messages, long bytes) {
    return relay(TEN_SECONDS, SECOND, SECOND, SECOND, messages, bytes, SECOND);
  }

  private static RelayOptions drain(Duration drain) {
    return relay(TEN_SECONDS, SECOND, SECOND, SECOND, 10, 1 << 20, drain);
  }

  private static LaneOptions lanes(int lanes, int attemptsInMemory) {
    return new LaneOptions(lanes, attemptsInMemory, SECOND, 20, SECOND, SECOND, SECOND, SECOND);
  }

  private static LaneOptions budgets(
      Duration inMemory, int attemptsParked, Duration outage, Duration handlerTimeout) {
    return new LaneOptions(16, 3, inMemory, attemptsParked, SECOND, SECOND, outage, handlerTimeout);
  }

  private static LaneOptions backoffs(Duration first, Duration max) {
    return new LaneOptions(16, 3, SECOND, 20, first, max, SECOND, SECOND);
  }
}
