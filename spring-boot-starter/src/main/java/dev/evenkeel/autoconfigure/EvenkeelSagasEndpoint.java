package dev.evenkeel.autoconfigure;

import dev.evenkeel.saga.SagaCounts;
import dev.evenkeel.saga.SagaHistoryEntry;
import dev.evenkeel.saga.SagaStatus;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.saga.UnknownSagaException;
import dev.evenkeel.saga.definition.SagaDefinitions;
import dev.evenkeel.saga.definition.SagaDiagram;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;

/**
 * The actuator endpoint {@code evenkeelsagas}: what has not ended, what the sagas look like, and
 * the history of one of them. Commands and results are not shown: they are the application's. Keys
 * and failures are, so expose the endpoint to those only who may see them.
 */
@Endpoint(id = "evenkeelsagas")
public final class EvenkeelSagasEndpoint {

  private final SagaReadings readings;
  private final Supplier<SagaDefinitions> definitions;
  private final Sagas sagas;

  EvenkeelSagasEndpoint(SagaReadings readings, Supplier<SagaDefinitions> definitions, Sagas sagas) {
    this.readings = readings;
    this.definitions = definitions;
    this.sagas = sagas;
  }

  /**
   * Everything at one moment.
   *
   * @param shards what has not ended, by home shard, {@code home} without shards; null when it is
   *     not known
   */
  public record SagasDescriptor(
      Map<String, @Nullable SagaCounts> shards, List<DefinitionDescriptor> definitions) {}

  /**
   * One definition.
   *
   * @param diagram in Mermaid's language
   */
  public record DefinitionDescriptor(String saga, int version, String diagram) {}

  /**
   * One instance.
   *
   * @param history oldest first
   */
  public record SagaDescriptor(SagaStatus status, List<SagaHistoryEntry> history) {}

  /** Shows the definitions, and how many instances have not ended. */
  @ReadOperation
  public SagasDescriptor sagas() {
    Map<String, @Nullable SagaCounts> shards = new TreeMap<>();
    readings.shards().forEach(shard -> shards.put(shard, readings.counts(shard)));
    return new SagasDescriptor(
        shards,
        definitions.get().all().stream()
            .map(
                definition ->
                    new DefinitionDescriptor(
                        definition.name(), definition.version(), SagaDiagram.mermaid(definition)))
            .toList());
  }

  /** Shows an instance; nothing when there is none or it was deleted. */
  @ReadOperation
  public @Nullable SagaDescriptor saga(@Selector UUID sagaId) {
    try {
      SagaStatus status = sagas.status(sagaId).orElse(null);
      return status == null ? null : new SagaDescriptor(status, sagas.history(sagaId));
    } catch (UnknownSagaException e) {
      return null; // deleted between the two
    } catch (IllegalArgumentException e) { // no saga can have that id
      throw new InvalidEndpointRequestException(String.valueOf(e.getMessage()), "sagaId");
    }
  }
}
