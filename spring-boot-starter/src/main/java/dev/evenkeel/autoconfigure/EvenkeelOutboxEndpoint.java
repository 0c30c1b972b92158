package dev.evenkeel.autoconfigure;

import dev.evenkeel.outbox.ParkedMessage;
import dev.evenkeel.outbox.ParkedMessages;
import dev.evenkeel.relay.RelayStatus;
import java.security.Principal;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.audit.listener.AuditApplicationEvent;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
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
 * is logged and published as an audit event. Payloads are not shown: they are the application's.
 */
@Endpoint(id = "evenkeeloutbox")
public final class EvenkeelOutboxEndpoint {

  private static final Logger log = LoggerFactory.getLogger(EvenkeelOutboxEndpoint.class);
  private static final int DEFAULT_LIMIT = 100;
  private static final int MAX_LIMIT = 10_000;
  private static final int FORBIDDEN = 403;
  private static final int CONFLICT = 409;

  /** What Spring Security calls somebody who did not log in. */
  private static final String ANONYMOUS = "anonymousUser";

  private final AllReadings readings;
  private final ParkedMessages parked;
  private final Installations installations;
  private final Supplier<Set<String>> local;
  private final ApplicationEventPublisher events;

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
    this.events = events;
  }

  /** What can be decided about a dead letter. */
  public enum Decision {
    /** Try it again with a fresh budget of attempts. */
    RETRY,
    /** Give it up; what queued behind it goes on. */
    DISCARD
  }

  /**
   * Everything at one moment.
   *
   * @param installations by name: the shard's, or {@code home} without shards
   * @param consumers registered subscriptions
   * @param deadLetters the oldest ones
   */
  public record OutboxDescriptor(
      Map<String, InstallationDescriptor> installations,
      Collection<String> consumers,
      List<DeadLetter> deadLetters) {}

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

  /** A dead letter without its payload. */
  public record DeadLetter(
      String consumer,
      UUID messageId,
      String aggregateType,
      String aggregateId,
      String type,
      int version,
      Instant createdAt,
      Instant parkedAt,
      int attempts,
      String reason,
      @Nullable String error,
      Map<String, String> headers) {

    static DeadLetter of(ParkedMessage dead) {
      return new DeadLetter(
          dead.consumer(),
          dead.message().id(),
          dead.message().aggregateType(),
          dead.message().aggregateId(),
          dead.message().type(),
          dead.message().version(),
          dead.message().createdAt(),
          dead.parkedAt(),
          dead.attempts(),
          dead.reason().name(),
          dead.error(),
          dead.message().headers());
    }
  }

  /** How a request ended, in one sentence. */
  public record Answer(String message) {}

  /**
   * Shows the state of the outbox.
   *
   * @param limit most dead letters to show, 1 to 10,000; default 100
   */
  @ReadOperation
  public OutboxDescriptor outbox(@Nullable Integer limit) {
    int most = limit == null ? DEFAULT_LIMIT : limit;
    if (most < 1 || most > MAX_LIMIT) {
      throw new InvalidEndpointRequestException(
          "limit must be between 1 and %d, was %d".formatted(MAX_LIMIT, most), "limit");
    }
    return new OutboxDescriptor(
        readings.all().stream()
            .collect(
                Collectors.toMap(
                    OutboxReadings::installation,
                    InstallationDescriptor::of,
                    (a, b) -> a,
                    TreeMap::new)),
        installations.registered(),
        parked.deadLetters(most).stream().map(DeadLetter::of).toList());
  }

  /**
   * Decides about a dead letter.
   *
   * @param because why; needed to discard
   */
  @WriteOperation
  public WebEndpointResponse<Answer> decide(
      SecurityContext caller,
      @Selector String consumer,
      @Selector UUID messageId,
      Decision decision,
      @Nullable String because) {
    return asSomebody(
        caller,
        by -> {
          if (decision == Decision.DISCARD && (because == null || because.isBlank())) {
            return answer(
                WebEndpointResponse.STATUS_BAD_REQUEST,
                "because must say why the dead letter is discarded");
          }
          boolean done =
              decision == Decision.RETRY
                  ? parked.retry(consumer, messageId, by)
                  : parked.discard(consumer, messageId, by, String.valueOf(because));
          if (!done) {
            return answer(
                WebEndpointResponse.STATUS_NOT_FOUND,
                "%s has no dead letter %s".formatted(consumer, messageId));
          }
          audit(
              by,
              decision.name(),
              Map.of(
                  "consumer",
                  consumer,
                  "messageId",
                  messageId.toString(),
                  "because",
                  because == null ? "" : because));
          return answer(
              WebEndpointResponse.STATUS_OK,
              "%s of %s for %s was accepted".formatted(decision, messageId, consumer));
        });
  }

  /** Retires a consumer: nobody waits for it any more. */
  @DeleteOperation
  public WebEndpointResponse<Answer> retire(SecurityContext caller, @Selector String consumer) {
    return asSomebody(
        caller,
        by -> {
          if (local.get().contains(consumer)) {
            return answer(
                CONFLICT,
                "%s has handlers in this application; remove them first".formatted(consumer));
          }
          int ended = installations.retire(consumer);
          if (ended == 0) {
            return answer(
                WebEndpointResponse.STATUS_NOT_FOUND, consumer + " is not a registered consumer");
          }
          audit(by, "RETIRE", Map.of("consumer", consumer));
          return answer(
              WebEndpointResponse.STATUS_OK,
              "%s is retired: %d subscriptions ended".formatted(consumer, ended));
        });
  }

  private static WebEndpointResponse<Answer> asSomebody(
      SecurityContext caller, Function<String, WebEndpointResponse<Answer>> change) {
    Principal principal = caller.getPrincipal();
    String name = principal == null ? null : principal.getName();
    if (name == null || name.isBlank() || name.equals(ANONYMOUS)) {
      return answer(FORBIDDEN, "Changing the outbox needs a caller who is logged in");
    }
    return change.apply(name);
  }

  private static WebEndpointResponse<Answer> answer(int status, String message) {
    return new WebEndpointResponse<>(new Answer(message), status);
  }

  private void audit(String by, String what, Map<String, Object> details) {
    log.info("{} by {}: {}", what, by, details);
    events.publishEvent(new AuditApplicationEvent(by, "EVENKEEL_" + what, details));
  }
}
