package dev.evenkeel.saga.definition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.evenkeel.saga.AwaitEvent;
import dev.evenkeel.saga.ResultOf;
import dev.evenkeel.saga.Retry;
import dev.evenkeel.saga.Saga;
import dev.evenkeel.saga.SagaFailure;
import dev.evenkeel.saga.SagaFor;
import dev.evenkeel.saga.SagaStep;
import dev.evenkeel.saga.StepKind;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.aop.framework.ProxyFactory;

/** Each mistake that annotations can have beyond those of the builder. */
class AnnotatedMistakesTest {

  record Item(String sku) {}

  record Command(String id, List<Item> items) {}

  record A(String text) {}

  record B(String text) {}

  private static final String IN = AnnotatedMistakesTest.class.getName() + "$";

  private static List<String> mistakes(Object bean, Class<?> type) {
    return catchThrowableOfType(SagaDefinitionException.class, () -> AnnotatedSaga.of(bean, type))
        .mistakes();
  }

  private static void assertMistakes(Object bean, String... sentences) {
    assertThat(mistakes(bean, bean.getClass()))
        .extracting(m -> m.substring("saga \"s\" version 1".length()))
        .containsExactlyInAnyOrder(sentences);
  }

  static class NoSaga implements SagaFor<Command> {}

  @Saga(name = "s", version = 1, key = "id", shardKey = "id")
  static class NoCommand {}

  @SuppressWarnings("rawtypes")
  @Saga(name = "s", version = 1, key = "id", shardKey = "id")
  static class RawCommand implements SagaFor {}

  @Test
  void classThatIsNoSaga() {
    for (Object bean : List.of(new NoSaga(), new NoCommand(), new RawCommand())) {
      assertThat(mistakes(bean, bean.getClass()))
          .containsExactly(
              "class %s must have @Saga and implement SagaFor with the class of its command"
                  .formatted(bean.getClass().getName()));
    }
  }

  @Saga(name = "s", version = 1, key = "size", shardKey = "size")
  static class GenericCommand implements SagaFor<List<String>> {
    @SagaStep(
        after = {},
        compensation = SagaStep.NONE)
    void a() {}
  }

  @Test
  void commandWithTypeParameters() {
    assertMistakes(
        new GenericCommand(),
        ": the command must be a class without type parameters, was java.util.List<java.lang.String>;"
            + " wrap it in a record");
  }

  @Saga(name = "s", version = 1, key = "id", shardKey = "id")
  static class Plain implements SagaFor<Command> {
    @SagaStep(
        after = {},
        compensation = SagaStep.NONE)
    void a() {}
  }

  @Test
  void proxyByInterface() {
    ProxyFactory factory = new ProxyFactory(new Plain());
    factory.addInterface(SagaFor.class);
    Object proxy = factory.getProxy();
    assertThat(mistakes(proxy, Plain.class))
        .containsExactly(
            "saga \"s\" version 1: its bean must be a %sPlain, was %s; have it proxied by class, not"
                    .formatted(IN, proxy.getClass().getName())
                + " by interface");
  }

  @Saga(name = "s", version = 1, key = "id", shardKey = "id", deadline = "30m")
  static class Durations implements SagaFor<Command> {
    @SagaStep(
        after = {},
        compensation = SagaStep.NONE,
        timeout = "",
        retry = @Retry(backoff = "1s", maxBackoff = ""))
    void a() {}

    @AwaitEvent(
        after = {},
        timeout = "P1Y")
    void b(A event) {}
  }

  @Test
  void durationsThatAreNone() {
    assertMistakes(
        new Durations(),
        ": deadline must be an ISO-8601 duration such as PT30S, was \"30m\"",
        ", step \"a\": backoff must be an ISO-8601 duration such as PT30S, was \"1s\"",
        ", step \"a\": maxBackoff must be an ISO-8601 duration such as PT30S, was \"\"",
        ", step \"a\": timeout must be an ISO-8601 duration such as PT30S, was \"\"",
        ", step \"b\": timeout must be an ISO-8601 duration such as PT30S, was \"P1Y\"");
  }

  @Saga(name = "s", version = 1, key = "id", shardKey = "id")
  static class Compensations implements SagaFor<Command> {
    @SagaStep(after = {})
    A missing() {
      return new A("");
    }

    @SagaStep(
        after = {},
        compensation = "nowhere")
    A unknown() {
      return new A("");
    }

    @SagaStep(
        after = {},
        compensation = "twice")
    A ambiguous() {
      return new A("");
    }

    void twice() {}

    void twice(Command command) {}

    @SagaStep(
        after = {},
        compensation = "undoB")
    A wrong() {
      return new A("");
    }

    void undoB(B result) {}

    @SagaStep(
        after = {"missing", "unknown", "ambiguous", "wrong"},
        kind = StepKind.PIVOT,
        compensation = "twice")
    void pivot() {}
  }

  @Test
  void compensationsThatCannotBe() {
    assertMistakes(
        new Compensations(),
        ", step \"ambiguous\": compensation \"twice\" must be one method of %sCompensations, was 2"
            .formatted(IN),
        ", step \"pivot\": compensation \"twice\" must be one method of %sCompensations, was 2"
            .formatted(IN),
        ", step \"unknown\": compensation \"nowhere\" must be one method of %sCompensations, was none"
            .formatted(IN),
        ", step \"missing\": it must have a compensation or say that there is nothing to undo, as"
            + " every compensatable step",
        ", step \"wrong\": parameter 1 of Compensations.undoB, %sB, must fit the command (%sCommand),"
                .formatted(IN, IN)
            + " the failure (dev.evenkeel.saga.SagaFailure), result of \"wrong\" (%sA)"
                .formatted(IN),
        ", step \"pivot\": a PIVOT step must have no compensation: it is never undone");
  }

  @Saga(name = "s", version = 1, key = "id", shardKey = "id")
  static class Parameters implements SagaFor<Command> {
    @SagaStep(
        after = {},
        compensation = SagaStep.NONE)
    A first() {
      return new A("");
    }

    @SagaStep(
        after = {},
        compensation = SagaStep.NONE)
    A second() {
      return new A("");
    }

    @SagaStep(
        after = {},
        forEach = "items",
        compensation = SagaStep.NONE)
    B each(Item item) {
      return new B("");
    }

    @SagaStep(
        after = {"first", "second"},
        compensation = SagaStep.NONE)
    void ambiguous(A a) {}

    @SagaStep(
        after = {"first"},
        compensation = SagaStep.NONE)
    void notAncestor(List<B> each) {}

    @SagaStep(
        after = {"each"},
        compensation = SagaStep.NONE)
    void listOfOther(List<A> a) {}

    @SagaStep(
        after = {"each"},
        compensation = SagaStep.NONE)
    void singleOfMany(B b) {}

    @SagaStep(
        after = {"first"},
        compensation = SagaStep.NONE)
    void resultOfOther(@ResultOf("second") A a, @ResultOf("nowhere") A b, @ResultOf("first") B c) {}

    @SagaStep(
        after = {"each", "ambiguous"},
        compensation = SagaStep.NONE)
    void resultOfEach(
        @ResultOf("each") B b, @ResultOf("each") List<A> a, @ResultOf("ambiguous") Object o) {}

    @SagaStep(
        after = {},
        compensation = SagaStep.NONE)
    void failure(SagaFailure failure) {}

    @SagaStep(
        after = {},
        compensation = SagaStep.NONE)
    void item(Item item) {}

    @SagaStep(
        after = {},
        compensation = SagaStep.NONE)
    void primitive(int number) {}
  }

  @Test
  void parametersThatFitNothingOrTooMuch() {
    String a = IN + "A";
    String b = IN + "B";
    String command = "the command (%sCommand)".formatted(IN);
    assertMistakes(
        new Parameters(),
        ", step \"ambiguous\": parameter 1 of Parameters.ambiguous, %s, must fit one source only, was"
                .formatted(a)
            + " [result of \"first\", result of \"second\"]; say which by @ResultOf",
        ", step \"failure\": parameter 1 of Parameters.failure, dev.evenkeel.saga.SagaFailure, must"
            + " fit "
            + command,
        ", step \"item\": parameter 1 of Parameters.item, %sItem, must fit %s"
            .formatted(IN, command),
        ", step \"listOfOther\": parameter 1 of Parameters.listOfOther, java.util.List<%s>, must fit"
                .formatted(a)
            + " %s, results of \"each\" (List<%s>); step \"first\" has such a result, but is no"
                .formatted(command, b)
            + " ancestor",
        ", step \"notAncestor\": parameter 1 of Parameters.notAncestor, java.util.List<%s>, must fit"
                .formatted(b)
            + " %s, result of \"first\" (%s); step \"each\" has such a result, but is no ancestor"
                .formatted(command, a),
        ", step \"primitive\": parameter 1 of Parameters.primitive, int, must not be primitive, for a"
            + " step that is left out gives null; use its wrapper",
        ", step \"resultOfEach\": parameter 1 of Parameters.resultOfEach, %s, must fit the result of"
                .formatted(b)
            + " \"each\", was List<%s>".formatted(b),
        ", step \"resultOfEach\": parameter 2 of Parameters.resultOfEach, java.util.List<%s>, must"
                .formatted(a)
            + " fit the result of \"each\", was List<%s>".formatted(b),
        ", step \"resultOfEach\": parameter 3 of Parameters.resultOfEach, java.lang.Object, must fit"
            + " the result of \"ambiguous\", was nothing",
        ", step \"resultOfOther\": parameter 1 of Parameters.resultOfOther, %s, has".formatted(a)
            + " @ResultOf(\"second\"), which must be an ancestor, was another step",
        ", step \"resultOfOther\": parameter 2 of Parameters.resultOfOther, %s, has".formatted(a)
            + " @ResultOf(\"nowhere\"), which must be an ancestor, was no step at all",
        ", step \"resultOfOther\": parameter 3 of Parameters.resultOfOther, %s, must fit the result"
                .formatted(b)
            + " of \"first\", was %s".formatted(a),
        ", step \"singleOfMany\": parameter 1 of Parameters.singleOfMany, %s, must fit %s, results of"
                .formatted(b, command)
            + " \"each\" (List<%s>)".formatted(b));
  }

  @Saga(name = "s", version = 1, key = "id", shardKey = "id")
  static class Methods implements SagaFor<Command> {
    @SagaStep(
        after = {},
        compensation = SagaStep.NONE)
    private void hidden() {}

    @SagaStep(
        after = {},
        compensation = SagaStep.NONE)
    static void shared() {}

    @SagaStep(
        after = {},
        compensation = SagaStep.NONE)
    List<A> list() {
      return List.of();
    }

    @AwaitEvent(after = {})
    A awaitWithResult(A event) {
      return event;
    }

    @AwaitEvent(after = "awaitWithResult")
    void awaitWithoutEvent() {}

    @AwaitEvent(after = {})
    void awaitWithMore(SagaFailure failure, B event) {}

    @SagaStep(
        after = {},
        compensation = SagaStep.NONE)
    @AwaitEvent(after = {})
    void both(Command command) {}

    @SagaStep(
        name = "named",
        after = {},
        compensation = SagaStep.NONE)
    void one() {}

    @SagaStep(
        name = "named",
        after = {},
        compensation = SagaStep.NONE)
    void other() {}
  }

  @Test
  void methodsThatCannotBeSteps() {
    assertMistakes(
        new Methods(),
        ", step \"awaitWithResult\": Methods.awaitWithResult must return nothing and have the event"
            + " as its last parameter",
        ", step \"awaitWithoutEvent\": Methods.awaitWithoutEvent must return nothing and have the"
            + " event as its last parameter",
        ", step \"both\": Methods.both must have @SagaStep or @AwaitEvent, was both",
        ", step \"hidden\": Methods.hidden must be an instance method that is neither private nor, on"
            + " a proxied bean, final",
        ", step \"list\": the result of Methods.list must be a class without type parameters, was"
            + " java.util.List<%sA>; wrap it in a record".formatted(IN),
        ", step \"shared\": Methods.shared must be an instance method that is neither private nor, on"
            + " a proxied bean, final",
        ", step \"named\": its name must be its own, but several steps have it",
        ", step \"awaitWithMore\": parameter 1 of Methods.awaitWithMore,"
            + " dev.evenkeel.saga.SagaFailure, must fit the command (%sCommand)".formatted(IN));
  }

  @Saga(name = "s", version = 1, key = "id", shardKey = "id")
  static class Final implements SagaFor<Command> {
    @SagaStep(
        after = {},
        compensation = SagaStep.NONE)
    final void a() {}
  }

  @Test
  void finalMethodOfAProxiedBean() {
    ProxyFactory factory = new ProxyFactory(new Final());
    factory.setProxyTargetClass(true);
    assertThat(mistakes(factory.getProxy(), Final.class))
        .containsExactly(
            "saga \"s\" version 1, step \"a\": Final.a must be an instance method that is neither"
                + " private nor, on a proxied bean, final");
    assertThat(AnnotatedSaga.of(new Final(), Final.class).steps()).hasSize(1);
  }
}
