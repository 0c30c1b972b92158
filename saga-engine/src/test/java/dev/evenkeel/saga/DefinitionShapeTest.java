package dev.evenkeel.saga;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.saga.Trips.Approved;
import dev.evenkeel.saga.Trips.Trip;
import dev.evenkeel.saga.definition.RetryPolicy;
import dev.evenkeel.saga.definition.SagaBuilder;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepBuilder;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class DefinitionShapeTest {

  record Party(String id, String home, List<String> guests) {}

  record Ticket(String number) {}

  private static SagaBuilder<Party> party() {
    return SagaBuilder.saga("party", 1, Party.class).key("id").shardKey("home");
  }

  private static Consumer<StepBuilder<Party>> step(String... after) {
    return s -> s.after(after).run(c -> null).compensation(c -> {});
  }

  private static SagaDefinition before() {
    return party()
        .step("room", step())
        .step("music", step())
        .await("consent", Approved.class, a -> a.after("room"))
        .step("seat", step("consent", "music").andThen(s -> s.forEach("guests")))
        .build();
  }

  private static List<String> differences(SagaDefinition now) {
    DefinitionShape stored = DefinitionShape.read(DefinitionShape.of(before()).json());
    return DefinitionShape.of(now).since(stored);
  }

  @Test
  void isTheSameWhenReadBack() {
    assertThat(differences(before())).isEmpty();
  }

  @Test
  void orderOfWhatIsParallelRetriesTimeoutsAndCodeAreFree() {
    SagaDefinition now =
        party()
            .deadline(Duration.ofDays(1))
            .step(
                "music",
                step()
                    .andThen(
                        s ->
                            s.retry(
                                    new RetryPolicy(
                                        9, Duration.ofSeconds(1), Duration.ofSeconds(2), List.of()))
                                .timeout(Duration.ofSeconds(1))))
            .step("room", step())
            .await("consent", Approved.class, a -> a.after("room").timeout(Duration.ofDays(3)))
            .step("seat", step("music", "consent").andThen(s -> s.forEach("guests")))
            .build();

    assertThat(differences(now)).isEmpty();
  }

  @Test
  void whatOneComesAfterThroughAnotherIsSaidOnce() {
    SagaDefinition now =
        party()
            .step("room", step())
            .step("music", step())
            .await("consent", Approved.class, a -> a.after("room"))
            .step("seat", step("consent", "music", "room").andThen(s -> s.forEach("guests")))
            .build();

    assertThat(differences(now)).isEmpty();
  }

  @Test
  void eachChangeIsNamed() {
    SagaDefinition now =
        party()
            .step("room", step().andThen(s -> s.returns(Ticket.class).shardKey("id")))
            .await("consent", Trip.class, a -> a.after("room"))
            .step("lights", s -> s.after("room").run(c -> null).nothingToUndo())
            .step("seat", step("consent"))
            .build();

    assertThat(differences(now))
        .containsExactly(
            "step \"consent\": awaits is Trip, was Approved",
            "step \"consent\": result is %s, was %s"
                .formatted(Trip.class.getName(), Approved.class.getName()),
            "step \"music\" is gone",
            "step \"room\": result is %s, was nothing".formatted(Ticket.class.getName()),
            "step \"room\": shard is id by hash, was that of the home",
            "step \"seat\": after is \"consent\", was \"consent\", \"music\"",
            "step \"seat\": forEach is no, was yes",
            "step \"lights\" is new");
  }

  @Test
  void kindAndCompensationAreNamed() {
    SagaDefinition now =
        party()
            .step("room", s -> s.after().run(c -> null).nothingToUndo())
            .step("music", step())
            .step("consent", step("room"))
            .step("seat", s -> s.after("consent", "music").kind(StepKind.PIVOT).run(c -> null))
            .build();

    assertThat(differences(now))
        .contains(
            "step \"consent\": kind is COMPENSATABLE, was AWAIT",
            "step \"room\": compensation is none, was one",
            "step \"seat\": kind is PIVOT, was COMPENSATABLE");
  }

  /** So that a property that comes one day makes no stored shape another. */
  @Test
  void whatIsNotStoredIsAsItIsOtherwise() {
    assertThat(DefinitionShape.of(before()).json())
        .doesNotContain("nothing", "none")
        .contains("\"room\":{\"compensation\":\"one\",\"kind\":\"COMPENSATABLE\"}");
  }
}
