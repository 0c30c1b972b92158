package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.DeadLetter;
import dev.evenkeel.outbox.DeadLetterEdit;
import dev.evenkeel.outbox.DeadLetterFilter;
import dev.evenkeel.outbox.DeadLetterPage;
import dev.evenkeel.outbox.ParkedInspection;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.relay.RelayStatus;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.annotation.DeleteOperation;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.context.ApplicationEventPublisher;

/**
 * The actuator endpoint {@code evenkeeloutbox}: the relay, the consumers and the dead letters; and
 * what operators decide about them. Whatever changes something refuses callers without a principal,
 * is logged and published as an audit event. Payloads are the application's: they are shown only to
 * a caller with a principal, one message at a time, and that is published as an audit event, too.
 */
@Endpoint(id = "evenkeeloutbox")
public final class EvenkeelOutboxEndpoint {

  private static final int DEFAULT_LIMIT = 100;

  private final AllReadings readings;
  private final ParkedMessages parked;
  private final Installations installations;
  private final Supplier<Set<String>> local;
  private final EndpointAudit audit;

  /**
   * Makes the endpoint.
   *
   * @param local consumers that have handlers in this application
   */
  EvenkeelOutboxEndpoint(
      AllReadings readings,
      ParkedMessages parked,
      Installations installations,
      Supplier<Set<String>> local,
      ApplicationEventPublisher events) {
    this.readings = readings;
    this.parked = parked;
    this.installations = installations;
    this.local = local;
    this.audit = new EndpointAudit(events, "Changing the outbox needs a caller who is logged in");
  }

  /** What can be decided about a dead letter. */
  public enum Decision {
    /** Try it again with a fresh budget of attempts. */
    RETRY,
    /** Give it up; what queued behind it goes on. */
    DISCARD,
    /** Change its payload or headers; it stays dead until it is retried. */
    EDIT
  }

  /**
   * Everything at one moment.
   *
   * @param installations by name: the shard's, or {@code home} without shards
   * @param consumers registered subscriptions
   * @param deadLetters those that match, parked first coming first
   * @param next {@code after} of the next page, null when this is the last
   */
  public record OutboxDescriptor(
      Map<String, InstallationDescriptor> installations,
      Collection<String> consumers,
      List<DeadLetter> deadLetters,
      @Nullable String next) {}

  /**
   * One installation.
   *
   * @param relay the relay of this process, null when it has none
   * @param lag how far the installation's relay is behind, null when not known
   * @param counts parked keys and dead letters, null when not known
   */
  public record InstallationDescriptor(
      @Nullable RelayStatus relay,
      RelayStatus.@Nullable Lag lag,
      ParkedMessages.@Nullable Counts counts) {

    static InstallationDescriptor of(OutboxReadings readings) {
      return new InstallationDescriptor(readings.status(), readings.lag(), readings.counts());
    }
  }

  /**
   * Shows the state of the outbox, and the dead letters that match all that is given.
   *
   * @param reason name of a {@link dev.evenkeel.outbox.ParkReason}
   * @param parkedAfter parked at that instant or later
   * @param parkedBefore parked before that instant
   * @param after {@code next} of the page before
   * @param limit most dead letters to show, 1 to 10,000; default 100
   */
  @ReadOperation
  public WebEndpointResponse<Object> outbox(
      @Nullable String consumer,
      @Nullable String type,
      @Nullable String aggregateType,
      @Nullable String aggregateId,
      @Nullable String reason,
      @Nullable String parkedAfter,
      @Nullable String parkedBefore,
      @Nullable String after,
      @Nullable Integer limit) {
    DeadLetterPage page;
    try {
      page =
          parked.deadLetters(
              DeadLetterRequest.filter(
                  consumer, type, aggregateType, aggregateId, reason, parkedAfter, parkedBefore),
              after,
              limit == null ? DEFAULT_LIMIT : limit);
    } catch (IllegalArgumentException e) {
      return EndpointAudit.badRequest(e);
    }
    return new WebEndpointResponse<>(
        new OutboxDescriptor(
            readings.all().stream()
                .collect(
                    Collectors.toMap(
                        OutboxReadings::installation,
                        InstallationDescriptor::of,
                        (a, b) -> a,
                        TreeMap::new)),
            installations.registered(),
            page.letters(),
            page.next()));
  }

  /** Shows one parked message in any state, with its history; its payload to whom is logged in. */
  @ReadOperation
  public WebEndpointResponse<Object> inspect(
      SecurityContext caller, @Selector String consumer, @Selector UUID messageId) {
    ParkedInspection found = parked.inspect(consumer, messageId).orElse(null);
    if (found == null) {
      return EndpointAudit.answer(
          WebEndpointResponse.STATUS_NOT_FOUND,
          "%s has no parked message %s".formatted(consumer, messageId));
    }
    String by = EndpointAudit.name(caller);
    if (by != null) {
      audit.record(by, "INSPECT", Map.of("consumer", consumer, "messageId", messageId.toString()));
    }
    return new WebEndpointResponse<>(DeadLetterDescriptor.of(found, by != null));
  }

  /**
   * Decides about the dead letters that match all that is given.
   *
   * @param decision {@code RETRY} or {@code DISCARD}
   * @param because why; needed to discard
   * @param all true to mean every dead letter; then nothing else may narrow the choice
   */
  @WriteOperation
  public WebEndpointResponse<Object> decideByFilter(
      SecurityContext caller,
      @Nullable String decision,
      @Nullable String because,
      @Nullable Boolean all,
      @Nullable String consumer,
      @Nullable String type,
      @Nullable String aggregateType,
      @Nullable String aggregateId,
      @Nullable String reason,
      @Nullable String parkedAfter,
      @Nullable String parkedBefore) {
    return audit.asSomebody(
        caller,
        by -> {
          DeadLetterFilter filter =
              DeadLetterRequest.filter(
                  consumer, type, aggregateType, aggregateId, reason, parkedAfter, parkedBefore);
          DeadLetterRequest.requireExplicit(filter, Boolean.TRUE.equals(all));
          Decision decided = DeadLetterRequest.oneOf("decision", Decision.class, decision);
          int done =
              switch (decided) {
                case RETRY -> parked.retry(filter, by);
                case DISCARD ->
                    parked.discard(
                        filter,
                        by,
                        DeadLetterRequest.because(because, "the dead letters are discarded"));
                case EDIT ->
                    throw new IllegalArgumentException(
                        "One dead letter is edited at a time; name it in the path");
              };
          audit.record(
              by,
              decided.name(),
              Map.of(
                  "filter", filter.isAll() ? "all" : filter.toString(),
                  "done", done,
                  "because", because == null ? "" : because));
          return EndpointAudit.answer(
              WebEndpointResponse.STATUS_OK,
              "%s of %d dead letters was accepted".formatted(decided, done));
        });
  }

  /**
   * Decides about a dead letter.
   *
   * @param because why; needed to discard and to edit
   * @param revision for an edit: which revision it was made on
   * @param payload for an edit: the new payload, null to keep it
   * @param payloadBase64 the same for a payload that is no text
   * @param headers for an edit: all of the new headers as the text of a JSON object, null to keep
   *     them; an actuator operation takes no nested objects
   */
  @WriteOperation
  public WebEndpointResponse<Object> decide(
      SecurityContext caller,
      @Selector String consumer,
      @Selector UUID messageId,
      @Nullable String decision,
      @Nullable String because,
      @Nullable Integer revision,
      @Nullable String payload,
      @Nullable String payloadBase64,
      @Nullable String headers) {
    return audit.asSomebody(
        caller,
        by -> {
          Decision decided = DeadLetterRequest.oneOf("decision", Decision.class, decision);
          DeadLetterEdit.Outcome outcome =
              switch (decided) {
                case RETRY -> outcome(parked.retry(consumer, messageId, by));
                case DISCARD ->
                    outcome(
                        parked.discard(
                            consumer,
                            messageId,
                            by,
                            DeadLetterRequest.because(because, "the dead letter is discarded")));
                case EDIT ->
                    parked.edit(
                        consumer,
                        messageId,
                        DeadLetterRequest.edit(revision, payload, payloadBase64, headers),
                        by,
                        DeadLetterRequest.because(because, "the dead letter is edited"));
              };
          return switch (outcome) {
            case NO_DEAD_LETTER ->
                EndpointAudit.answer(
                    WebEndpointResponse.STATUS_NOT_FOUND,
                    "%s has no dead letter %s".formatted(consumer, messageId));
            case OTHER_REVISION ->
                EndpointAudit.answer(
                    EndpointAudit.CONFLICT,
                    "%s was edited after revision %d; read it again"
                        .formatted(messageId, revision));
            case EDITED -> {
              audit.record(
                  by,
                  decided.name(),
                  Map.of(
                      "consumer",
                      consumer,
                      "messageId",
                      messageId.toString(),
                      "because",
                      because == null ? "" : because));
              yield EndpointAudit.answer(
                  WebEndpointResponse.STATUS_OK,
                  "%s of %s for %s was accepted".formatted(decided, messageId, consumer));
            }
          };
        });
  }

  private static DeadLetterEdit.Outcome outcome(boolean done) {
    return done ? DeadLetterEdit.Outcome.EDITED : DeadLetterEdit.Outcome.NO_DEAD_LETTER;
  }

  /** Retires a consumer: nobody waits for it any more. */
  @DeleteOperation
  public WebEndpointResponse<Object> retire(SecurityContext caller, @Selector String consumer) {
    return audit.asSomebody(
        caller,
        by -> {
          if (local.get().contains(consumer)) {
            return EndpointAudit.answer(
                EndpointAudit.CONFLICT,
                "%s has handlers in this application; remove them first".formatted(consumer));
          }
          int ended = installations.retire(consumer);
          if (ended == 0) {
            return EndpointAudit.answer(
                WebEndpointResponse.STATUS_NOT_FOUND, consumer + " is not a registered consumer");
          }
          audit.record(by, "RETIRE", Map.of("consumer", consumer));
          return EndpointAudit.answer(
              WebEndpointResponse.STATUS_OK,
              "%s is retired: %d subscriptions ended".formatted(consumer, ended));
        });
  }
}
