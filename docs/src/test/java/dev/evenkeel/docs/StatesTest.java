package dev.evenkeel.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.ParkReason;
import dev.evenkeel.outbox.ParkedState;
import dev.evenkeel.relay.RelayState;
import dev.evenkeel.saga.SagaFailure;
import dev.evenkeel.saga.SagaHistoryEntry;
import dev.evenkeel.saga.SagaState;
import dev.evenkeel.shard.SlotMap;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class StatesTest {

  private static final String PAGE = "docs/reference/database.md";
  private static final Pattern ARROW = Pattern.compile("(?m)^ +([A-Z]+) --> ([A-Z]+)(?::|$)");

  @Test
  void relayDiagramShowsExactlyTheLegalMoves() throws ReflectiveOperationException {
    Method mayBecome = RelayState.class.getDeclaredMethod("mayBecome", RelayState.class);
    mayBecome.setAccessible(true);
    Set<String> legal = new TreeSet<>();
    for (RelayState from : RelayState.values()) {
      for (RelayState to : RelayState.values()) {
        if ((boolean) mayBecome.invoke(from, to)) {
          legal.add(from + " to " + to);
        }
      }
    }

    assertThat(moves("## States of the relay")).isEqualTo(legal);
  }

  @Test
  void parkedDiagramShowsEveryState() {
    String section = Handbook.section(PAGE, "## States of a parked message");
    for (ParkedState state : ParkedState.values()) {
      assertThat(section).contains("--> " + state).contains("| `" + state + "` |");
    }
    assertThat(moves("## States of a parked message"))
        .allSatisfy(
            move ->
                assertThat(Arrays.stream(move.split(" to ")).map(ParkedState::valueOf).toList())
                    .hasSize(2));
  }

  @Test
  void sagaDiagramIsMadeFromTheTableOfTransitions() throws ReflectiveOperationException {
    Method mermaid = Class.forName("dev.evenkeel.saga.SagaTransition").getDeclaredMethod("mermaid");
    mermaid.setAccessible(true);

    assertThat(Handbook.section("docs/explanation/sagas.md", "## States"))
        .contains("```mermaid\n" + mermaid.invoke(null) + "```\n");
  }

  @Test
  void everyStateOfASagaIsExplained() {
    Set<String> onThePage =
        Handbook.rows("docs/explanation/sagas.md", "[A-Z_]+").stream()
            .map(row -> row.get(0).replace("`", ""))
            .collect(Collectors.toSet());
    Set<String> states =
        Arrays.stream(SagaState.values()).map(Enum::name).collect(Collectors.toSet());

    assertThat(onThePage).isEqualTo(states);
  }

  @Test
  void everyReasonToTurnBackAndEveryKindOfHistoryIsExplained() {
    assertThat(rows("## Reasons to turn back")).isEqualTo(names(SagaFailure.Reason.values()));
    assertThat(rows("## History")).isEqualTo(names(SagaHistoryEntry.Kind.values()));
  }

  private static Set<String> rows(String heading) {
    return Handbook.section("docs/reference/sagas.md", heading)
        .lines()
        .filter(line -> line.startsWith("| `"))
        .flatMap(line -> Handbook.codes(line.split("\\|", 3)[1]).stream())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> names(Enum<?>[] values) {
    return Arrays.stream(values).map(Enum::name).collect(Collectors.toCollection(TreeSet::new));
  }

  /** Nothing makes these moves yet, so there is no table of moves to compare with. */
  @Test
  void slotDiagramShowsEveryState() {
    String section = Handbook.section("docs/explanation/slots.md", "## States of a slot");
    for (SlotMap.State state : SlotMap.State.values()) {
      assertThat(section).contains("--> " + state).contains("| `" + state + "` |");
    }
  }

  @Test
  void everyReasonToParkIsExplained() {
    Set<String> onThePage =
        Handbook.rows("docs/guides/operate-dead-letters.md", "[A-Z_]+").stream()
            .map(row -> row.get(0).replace("`", ""))
            .collect(Collectors.toSet());
    Set<String> reasons =
        Arrays.stream(ParkReason.values()).map(Enum::name).collect(Collectors.toSet());

    assertThat(onThePage).isEqualTo(reasons);
  }

  private static Set<String> moves(String heading) {
    Set<String> moves = new TreeSet<>();
    Matcher arrow = ARROW.matcher(Handbook.section(PAGE, heading));
    while (arrow.find()) {
      moves.add(arrow.group(1) + " to " + arrow.group(2));
    }
    return moves;
  }
}
