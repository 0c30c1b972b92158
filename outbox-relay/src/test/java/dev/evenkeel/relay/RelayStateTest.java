package dev.evenkeel.relay;

import static dev.evenkeel.relay.RelayState.DRAINING;
import static dev.evenkeel.relay.RelayState.POLLING;
import static dev.evenkeel.relay.RelayState.PREPARING;
import static dev.evenkeel.relay.RelayState.RECONCILING;
import static dev.evenkeel.relay.RelayState.STANDBY;
import static dev.evenkeel.relay.RelayState.STOPPED;
import static dev.evenkeel.relay.RelayState.STREAMING;
import static dev.evenkeel.relay.RelayState.WATCHING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.evenkeel.outbox.ConsumerRegistry;
import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.Acknowledgement;
import dev.evenkeel.outbox.spi.Leadership;
import dev.evenkeel.outbox.spi.MessageObserver;
import dev.evenkeel.outbox.spi.Transport;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

class RelayStateTest {

  /** Written out again, so that a change of the table is a decision. */
  private static final Set<List<RelayState>> LEGAL =
      Set.of(
          List.of(STOPPED, STANDBY),
          List.of(STANDBY, PREPARING),
          List.of(STANDBY, STOPPED),
          List.of(PREPARING, RECONCILING),
          List.of(PREPARING, STREAMING),
          List.of(PREPARING, POLLING),
          List.of(PREPARING, WATCHING),
          List.of(PREPARING, STANDBY),
          List.of(PREPARING, STOPPED),
          List.of(RECONCILING, STREAMING),
          List.of(RECONCILING, POLLING),
          List.of(RECONCILING, WATCHING),
          List.of(RECONCILING, STANDBY),
          List.of(RECONCILING, STOPPED),
          List.of(STREAMING, DRAINING),
          List.of(STREAMING, STANDBY),
          List.of(STREAMING, STOPPED),
          List.of(POLLING, DRAINING),
          List.of(POLLING, STANDBY),
          List.of(POLLING, STOPPED),
          List.of(WATCHING, STANDBY),
          List.of(WATCHING, STOPPED),
          List.of(DRAINING, STANDBY),
          List.of(DRAINING, STOPPED));

  static Stream<List<RelayState>> everyPair() {
    return Stream.of(RelayState.values())
        .flatMap(from -> Stream.of(RelayState.values()).map(to -> List.of(from, to)));
  }

  @ParameterizedTest
  @MethodSource("everyPair")
  void movesAreLegalOrRefused(List<RelayState> move) {
    assertThat(move.get(0).mayBecome(move.get(1))).isEqualTo(LEGAL.contains(move));
  }

  @ParameterizedTest
  @EnumSource
  void leadingStatesAreTheOnesBetweenLeaseAndStop(RelayState state) {
    assertThat(state.leads()).isEqualTo(state != STOPPED && state != STANDBY);
  }

  @Test
  void relayRefusesAnIllegalMoveNamingBothStates() {
    Relay relay = relay();
    assertThat(relay.status().state()).isEqualTo(STOPPED);
    assertThatThrownBy(() -> relay.become(STREAMING))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("The relay can't go from STOPPED to STREAMING");
    assertThat(relay.status().state()).isEqualTo(STOPPED);
  }

  @Test
  void relayTakesEveryLegalMove() {
    Relay relay = relay();
    for (RelayState next :
        List.of(
            STANDBY,
            PREPARING,
            RECONCILING,
            STREAMING,
            DRAINING,
            STANDBY,
            PREPARING,
            STREAMING,
            STANDBY,
            STOPPED)) {
      relay.become(next);
      assertThat(relay.status().state()).isEqualTo(next);
      relay.become(next); // staying is no move
    }
  }

  @Test
  void relayThatWasNeverStartedStopsAtOnce() {
    Relay relay = relay();
    relay.stop();
    relay.stop();
    assertThat(relay.status().state()).isEqualTo(STOPPED);
  }

  private static Relay relay() {
    return new Relay(
        RelayOptions.defaults("evenkeel", "node"),
        new ConnectionSettings("jdbc:postgresql://nowhere/nothing", "nobody", ""),
        new Nowhere(),
        new ConsumerRegistry(new DriverManagerDataSource(), "evenkeel"),
        Set.of(),
        MessageObserver.NONE);
  }

  private record Nowhere() implements Transport {
    @Override
    public String name() {
      return "nowhere";
    }

    @Override
    public boolean inProcess() {
      return false;
    }

    @Override
    public Session open(Leadership leadership) {
      return new Session() {
        @Override
        public void send(OutboxMessage message, Acknowledgement acknowledgement) {
          acknowledgement.acknowledge();
        }

        @Override
        public void close() {}
      };
    }
  }
}
