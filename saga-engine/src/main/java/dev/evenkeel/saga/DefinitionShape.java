package dev.evenkeel.saga;

import dev.evenkeel.saga.definition.ActionStep;
import dev.evenkeel.saga.definition.AwaitStep;
import dev.evenkeel.saga.definition.Execution;
import dev.evenkeel.saga.definition.SagaDefinition;
import dev.evenkeel.saga.definition.StepDefinition;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * What live instances depend on: of each step its name and what it is, what it comes after, and the
 * class of its result. What names the shard is part of it, for two nodes that look for a step at
 * two places would do it twice. Retries, timeouts and code may change at any time.
 *
 * @param steps properties by name of the step; one that has the value in {@link #OTHERWISE} is left
 *     out, so that a new property makes no stored shape another
 */
record DefinitionShape(Map<String, Map<String, String>> steps) {

  /** Properties, in the order in which differences are told, and what they are where not stored. */
  private static final Map<String, String> OTHERWISE = new LinkedHashMap<>();

  private static final String KIND = "kind";
  private static final String EXECUTION = "execution";
  private static final String AWAITS = "awaits";
  private static final String AFTER = "after";
  private static final String FOR_EACH = "forEach";
  private static final String COMPENSATION = "compensation";
  private static final String RESULT = "result";
  private static final String SHARD = "shard";
  private static final String HOME = "that of the home";
  private static final String NOTHING = "nothing";
  private static final String OWN_CODE = "local";

  static {
    OTHERWISE.put(KIND, NOTHING);
    OTHERWISE.put(EXECUTION, OWN_CODE);
    OTHERWISE.put(AWAITS, NOTHING);
    OTHERWISE.put(AFTER, NOTHING);
    OTHERWISE.put(FOR_EACH, "no");
    OTHERWISE.put(COMPENSATION, "none");
    OTHERWISE.put(RESULT, NOTHING);
    OTHERWISE.put(SHARD, HOME);
  }

  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final TypeReference<TreeMap<String, TreeMap<String, String>>> TYPE =
      new TypeReference<>() {};

  static DefinitionShape of(SagaDefinition definition) {
    Map<String, Map<String, String>> steps = new TreeMap<>();
    for (StepDefinition step : definition.steps()) {
      Map<String, String> properties = new TreeMap<>();
      if (step instanceof ActionStep action) {
        put(properties, KIND, action.kind().name());
        put(properties, FOR_EACH, action.isForEach() ? "yes" : "no");
        put(properties, COMPENSATION, action.compensation() == null ? "none" : "one");
        put(properties, EXECUTION, execution(action.execution()));
        put(properties, SHARD, shard(action));
      } else if (step instanceof AwaitStep await) {
        put(properties, KIND, "AWAIT");
        put(properties, AWAITS, await.eventType());
      }
      put(properties, AFTER, after(definition, step));
      put(
          properties,
          RESULT,
          step.resultType() == Void.class ? NOTHING : step.resultType().getName());
      steps.put(step.name(), properties);
    }
    return new DefinitionShape(steps);
  }

  private static void put(Map<String, String> properties, String property, String value) {
    if (!value.equals(OTHERWISE.get(property))) {
      properties.put(property, value);
    }
  }

  private static String shard(ActionStep step) {
    return step.shardKey() == null
        ? HOME
        : "%s by %s".formatted(step.shardKey(), step.shardStrategy());
  }

  private static String execution(Execution execution) {
    if (execution instanceof Execution.Participant participant) {
      return "participant " + participant.name();
    }
    if (execution instanceof Execution.Child child) {
      return "child " + child.saga();
    }
    return execution == Execution.OwnCode.EXTERNAL ? "external" : OWN_CODE;
  }

  /** Only what is not said by others: to come after a step and its ancestor says no more. */
  private static String after(SagaDefinition definition, StepDefinition step) {
    List<String> direct =
        step.after().stream()
            .filter(
                before ->
                    step.after().stream()
                        .noneMatch(other -> definition.step(other).ancestors().contains(before)))
            .distinct()
            .sorted()
            .map(name -> '"' + name + '"')
            .toList();
    return direct.isEmpty() ? NOTHING : String.join(", ", direct);
  }

  static DefinitionShape read(String json) {
    return new DefinitionShape(new TreeMap<>(MAPPER.readValue(json, TYPE)));
  }

  String json() {
    return MAPPER.writeValueAsString(steps);
  }

  /** What makes this shape another than the one before it, each as a clause; empty when nothing. */
  List<String> since(DefinitionShape before) {
    List<String> differences = new ArrayList<>();
    before
        .steps()
        .forEach(
            (step, was) -> {
              Map<String, String> is = steps.get(step);
              if (is == null) {
                differences.add("step \"%s\" is gone".formatted(step));
              } else {
                OTHERWISE.forEach(
                    (property, otherwise) -> {
                      String then = was.getOrDefault(property, otherwise);
                      String now = is.getOrDefault(property, otherwise);
                      if (!then.equals(now)) {
                        differences.add(
                            "step \"%s\": %s is %s, was %s".formatted(step, property, now, then));
                      }
                    });
              }
            });
    steps.keySet().stream()
        .filter(step -> !before.steps().containsKey(step))
        .forEach(step -> differences.add("step \"%s\" is new".formatted(step)));
    return differences;
  }
}
