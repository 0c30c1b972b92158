package dev.evenkeel.saga.definition;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The definitions that this process can run. Immutable, thread-safe. */
public final class SagaDefinitions {

  /** Identity of a definition. */
  public record Id(String saga, int version) {}

  private final Map<Id, SagaDefinition> byId = new LinkedHashMap<>();

  private SagaDefinitions(Collection<SagaDefinition> definitions) {
    definitions.forEach(this::put);
  }

  private void put(SagaDefinition definition) {
    byId.put(new Id(definition.name(), definition.version()), definition);
    definition.earlier().forEach(this::put);
  }

  /**
   * Collects definitions, and what instances of the versions go on with that they continue.
   *
   * @throws SagaDefinitionException if two have the same name and version, one continues what
   *     another has, or a step is a saga that can't be one
   */
  public static SagaDefinitions of(Collection<SagaDefinition> definitions) {
    List<String> mistakes = new ArrayList<>();
    Map<Id, Integer> count = new LinkedHashMap<>();
    definitions.forEach(d -> count.merge(new Id(d.name(), d.version()), 1, Integer::sum));
    count.forEach(
        (id, times) -> {
          if (times > 1) {
            mistakes.add(
                "saga \"%s\" version %d is defined %d times"
                    .formatted(id.saga(), id.version(), times));
          }
        });
    Map<Id, SagaDefinition> continued = new HashMap<>();
    for (SagaDefinition definition : definitions) {
      for (SagaDefinition earlier : definition.earlier()) {
        Id id = new Id(earlier.name(), earlier.version());
        SagaDefinition other = continued.putIfAbsent(id, earlier);
        if (count.containsKey(id) || other != null) {
          mistakes.add(
              ("saga \"%s\" version %d is continued by version %d, and %s; only one can run its"
                      + " instances, so drop the other")
                  .formatted(
                      id.saga(),
                      id.version(),
                      definition.version(),
                      count.containsKey(id)
                          ? "has a definition of its own"
                          : "by version %d"
                              .formatted(Objects.requireNonNull(other).codeVersion())));
        }
      }
    }
    if (mistakes.isEmpty()) {
      mistakes.addAll(ChildRules.check(new SagaDefinitions(definitions)));
    }
    if (!mistakes.isEmpty()) {
      throw new SagaDefinitionException(mistakes);
    }
    return new SagaDefinitions(definitions);
  }

  /** The definition of that name and version. */
  public Optional<SagaDefinition> find(String saga, int version) {
    return Optional.ofNullable(byId.get(new Id(saga, version)));
  }

  /** The newest definition of that name. */
  public Optional<SagaDefinition> newest(String saga) {
    return byId.values().stream()
        .filter(d -> d.name().equals(saga))
        .max((a, b) -> Integer.compare(a.version(), b.version()));
  }

  /** Names of the sagas whose newest version is started by a command of that class. */
  public List<String> startedBy(Class<?> command) {
    return byId.values().stream()
        .map(SagaDefinition::name)
        .distinct()
        .filter(name -> newest(name).orElseThrow().commandType() == command)
        .toList();
  }

  /** All of them, those that run an earlier version's instances included. */
  public List<SagaDefinition> all() {
    return List.copyOf(byId.values());
  }
}
