package dev.evenkeel.saga.definition;

import dev.evenkeel.saga.definition.PlaceOrderExample.Line;
import dev.evenkeel.saga.definition.PlaceOrderExample.PlaceOrder;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Everything a definition of the example says, as text; functions by what they give. */
final class Described {

  private static final Line LINE = new Line("s1", 2);
  private static final PlaceOrder WITH = new PlaceOrder("o1", 7, List.of(LINE), true);
  private static final PlaceOrder WITHOUT = new PlaceOrder("o2", 8, List.of(), false);

  private Described() {}

  static String text(SagaDefinition saga) {
    StringBuilder text = new StringBuilder();
    text.append(
        "%s %s %s key %s shard %s by %s deadline %s\n"
            .formatted(
                saga,
                saga.version(),
                saga.commandType(),
                saga.key(WITH),
                saga.shardKey(WITH),
                saga.shardStrategy(),
                saga.deadline()));
    saga.steps().forEach(step -> text.append(text(step)).append('\n'));
    return text.toString();
  }

  private static String text(StepDefinition step) {
    String common =
        "%s after %s behind %s returns %s wanted %s %s"
            .formatted(
                step.name(),
                step.after(),
                new TreeSet<>(step.ancestors()),
                step.resultType(),
                step.isWanted(WITH),
                step.isWanted(WITHOUT));
    if (step instanceof AwaitStep await) {
      return "%s awaits %s for %s then %s"
          .formatted(common, await.eventType(), await.timeout(), await.onTimeout());
    }
    ActionStep action = (ActionStep) step;
    TestContext context = new TestContext(WITH, action.isForEach() ? LINE : null, Map.of(), null);
    return "%s %s each %s key %s by %s undone %s retry %s timeout %s"
        .formatted(
            common,
            action.kind(),
            action.forEach() == null ? null : action.forEach().read(context),
            action.shardKey() == null ? null : action.shardKey().read(context),
            action.shardStrategy(),
            action.compensation() != null,
            action.retry(),
            action.timeout());
  }
}
