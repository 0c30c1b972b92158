package dev.evenkeel.autoconfigure;

import dev.evenkeel.saga.SagaAction;
import dev.evenkeel.saga.SagaBatch;
import dev.evenkeel.saga.SagaCounts;
import dev.evenkeel.saga.SagaFilter;
import dev.evenkeel.saga.SagaHistoryEntry;
import dev.evenkeel.saga.SagaOperations;
import dev.evenkeel.saga.SagaPage;
import dev.evenkeel.saga.SagaPayloadException;
import dev.evenkeel.saga.SagaStateException;
import dev.evenkeel.saga.SagaStatus;
import dev.evenkeel.saga.Sagas;
import dev.evenkeel.saga.UnknownSagaException;
import dev.evenkeel.saga.definition.SagaDefinitions;
import dev.evenkeel.saga.definition.SagaDiagram;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.context.ApplicationEventPublisher;

/**
 * The actuator endpoint {@code evenkeelsagas}: what has not ended, what the sagas look like, a
 * search, the history of one of them; and what operators decide. Whatever decides something refuses
 * callers without a principal, is logged, published as an audit event, and stored with the saga.
 * Commands and results are not shown: they are the application's. Keys and failures are, so expose
 * the endpoint to those only who may see them.
 */
@Endpoint(id = "evenkeelsagas")
public final class EvenkeelSagasEndpoint {

  private static final int DEFAULT_LIMIT = 100;

  private final SagaReadings readings;
  private final Supplier<SagaDefinitions> definitions;
  private final Sagas sagas;
  private final SagaOperations operations;
  private final EndpointAudit audit;

  EvenkeelSagasEndpoint(
      SagaReadings readings,
      Supplier<SagaDefinitions> definitions,
      Sagas sagas,
      SagaOperations operations,
      ApplicationEventPublisher events) {
    this.readings = readings;
    this.definitions = definitions;
    this.sagas = sagas;
    this.operations = operations;
    this.audit = new EndpointAudit(events, "Deciding about sagas needs a caller who is logged in");
  }

  /**
   * Everything at one moment.
   *
   * @param shards what has not ended, by home shard, {@code home} without shards; null when it is
   *     not known
   * @param found instances that match, those started last first
   */
  public record SagasDescriptor(
      Map<String, @Nullable SagaCounts> shards,
      List<DefinitionDescriptor> definitions,
      SagaPage found) {}

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
   * @param actions what operators did, oldest first
   */
  public record SagaDescriptor(
      SagaStatus status, List<SagaHistoryEntry> history, List<SagaAction> actions) {}

  /**
   * Shows the definitions, how many instances have not ended, and those that match all that is
   * given.
   *
   * @param key exact text of the key
   * @param state one or several, separated by commas
   * @param stuck true for stuck ones only
   * @param startedAfter started at that instant or later
   * @param startedBefore started before that instant
   * @param step name of the step that keeps them stuck or made them turn back
   * @param error part of why they are stuck or turned back
   * @param after {@code next} of the page before
   * @param limit most instances to show, 1 to 1,000; default 100
   */
  @ReadOperation
  public WebEndpointResponse<Object> sagas(
      @Nullable String saga,
      @Nullable String key,
      @Nullable String state,
      @Nullable Boolean stuck,
      @Nullable String startedAfter,
      @Nullable String startedBefore,
      @Nullable String step,
      @Nullable String error,
      @Nullable String after,
      @Nullable Integer limit) {
    SagaPage found;
    try {
      SagaFilter filter =
          SagaRequest.filter(saga, key, state, stuck, startedAfter, startedBefore, step, error);
      found = operations.search(filter, limit == null ? DEFAULT_LIMIT : limit, after);
    } catch (IllegalArgumentException e) {
      return EndpointAudit.badRequest(e);
    }
    Map<String, @Nullable SagaCounts> shards = new TreeMap<>();
    readings.shards().forEach(shard -> shards.put(shard, readings.counts(shard)));
    return new WebEndpointResponse<>(
        new SagasDescriptor(
            shards,
            definitions.get().all().stream()
                .map(
                    definition ->
                        new DefinitionDescriptor(
                            definition.name(),
                            definition.version(),
                            SagaDiagram.mermaid(definition)))
                .toList(),
            found));
  }

  /** Shows an instance; nothing when there is none or it was deleted. */
  @ReadOperation
  public @Nullable SagaDescriptor saga(@Selector UUID sagaId) {
    try {
      SagaStatus status = sagas.status(sagaId).orElse(null);
      return status == null
          ? null
          : new SagaDescriptor(status, sagas.history(sagaId), operations.actions(sagaId));
    } catch (UnknownSagaException e) {
      return null; // deleted between the two
    } catch (IllegalArgumentException e) { // no saga can have that id
      throw new InvalidEndpointRequestException(String.valueOf(e.getMessage()), "sagaId");
    }
  }

  /**
   * Decides about an instance.
   *
   * @param decision name of a {@link dev.evenkeel.saga.SagaAction.Kind}
   * @param because why
   * @param targetStep the step to skip or resolve
   * @param targetItem of a {@code forEach} step, from 0; else 0
   * @param result of a step to skip, as the text that the codec writes; null for null
   */
  @WriteOperation
  public WebEndpointResponse<Object> decide(
      SecurityContext caller,
      @Selector UUID sagaId,
      @Nullable String decision,
      @Nullable String because,
      @Nullable String targetStep,
      @Nullable Integer targetItem,
      @Nullable String result) {
    return asSomebody(
        caller,
        by -> {
          SagaAction.Kind kind =
              DeadLetterRequest.oneOf("decision", SagaAction.Kind.class, decision);
          String why = DeadLetterRequest.because(because, "this is decided");
          switch (kind) {
            case RETRY -> operations.retryNow(sagaId, by, why);
            case CANCEL -> operations.cancel(sagaId, by, why);
            case SKIP ->
                operations.skip(
                    sagaId, SagaRequest.target(targetStep, targetItem), result, by, why);
            case RESOLVE ->
                operations.resolve(sagaId, SagaRequest.target(targetStep, targetItem), by, why);
          }
          audit(by, kind, "saga", sagaId.toString(), targetStep, targetItem, why, 1);
          return EndpointAudit.answer(
              WebEndpointResponse.STATUS_OK, "%s of saga %s was accepted".formatted(kind, sagaId));
        });
  }

  /**
   * Decides about up to 1,000 instances that match all that is given; the answer says where to go
   * on.
   *
   * @param decision name of a {@link dev.evenkeel.saga.SagaAction.Kind}
   * @param because why
   * @param all true to mean every instance; then nothing else may narrow the choice
   * @param after {@code next} of the answer before
   */
  @WriteOperation
  public WebEndpointResponse<Object> decideByFilter(
      SecurityContext caller,
      @Nullable String decision,
      @Nullable String because,
      @Nullable String targetStep,
      @Nullable Integer targetItem,
      @Nullable String result,
      @Nullable Boolean all,
      @Nullable String saga,
      @Nullable String key,
      @Nullable String state,
      @Nullable Boolean stuck,
      @Nullable String startedAfter,
      @Nullable String startedBefore,
      @Nullable String step,
      @Nullable String error,
      @Nullable String after) {
    return asSomebody(
        caller,
        by -> {
          SagaAction.Kind kind =
              DeadLetterRequest.oneOf("decision", SagaAction.Kind.class, decision);
          String why = DeadLetterRequest.because(because, "this is decided");
          SagaFilter filter =
              SagaRequest.filter(saga, key, state, stuck, startedAfter, startedBefore, step, error);
          SagaRequest.requireExplicit(filter, Boolean.TRUE.equals(all));
          SagaBatch batch =
              switch (kind) {
                case RETRY -> operations.retryNow(filter, after, by, why);
                case CANCEL -> operations.cancel(filter, after, by, why);
                case SKIP ->
                    operations.skip(
                        filter, after, SagaRequest.target(targetStep, targetItem), result, by, why);
                case RESOLVE ->
                    operations.resolve(
                        filter, after, SagaRequest.target(targetStep, targetItem), by, why);
              };
          String which = filter.isAll() ? "all" : filter.toString();
          audit(by, kind, "filter", which, targetStep, targetItem, why, batch.done());
          return new WebEndpointResponse<>(batch);
        });
  }

  private WebEndpointResponse<Object> asSomebody(
      SecurityContext caller, Function<String, WebEndpointResponse<Object>> change) {
    return audit.asSomebody(
        caller,
        by -> {
          try {
            return change.apply(by);
          } catch (UnknownSagaException e) {
            return EndpointAudit.answer(
                WebEndpointResponse.STATUS_NOT_FOUND, String.valueOf(e.getMessage()));
          } catch (SagaStateException e) {
            return EndpointAudit.answer(EndpointAudit.CONFLICT, String.valueOf(e.getMessage()));
          } catch (SagaPayloadException e) {
            return EndpointAudit.badRequest(e);
          }
        });
  }

  private void audit(
      String by,
      SagaAction.Kind kind,
      String whichName,
      String which,
      @Nullable String step,
      @Nullable Integer item,
      String because,
      int done) {
    Map<String, Object> details = new HashMap<>();
    details.put(whichName, which);
    details.put("done", done);
    details.put("because", because);
    if (step != null) {
      details.put("step", step);
      details.put("item", item == null ? 0 : item);
    }
    audit.record(by, "SAGA_" + kind, details);
  }
}
