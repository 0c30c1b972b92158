package dev.evenkeel.autoconfigure;

import java.security.Principal;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.actuate.audit.listener.AuditApplicationEvent;
import org.springframework.boot.actuate.endpoint.SecurityContext;
import org.springframework.boot.actuate.endpoint.web.WebEndpointResponse;
import org.springframework.context.ApplicationEventPublisher;

/**
 * What endpoints that change something have in common: callers without a principal are refused, and
 * what the others do is logged and published as an audit event.
 */
final class EndpointAudit {

  static final int FORBIDDEN = 403;
  static final int CONFLICT = 409;

  private static final Logger log = LoggerFactory.getLogger(EndpointAudit.class);

  /** What Spring Security calls somebody who did not log in. */
  private static final String ANONYMOUS = "anonymousUser";

  private final ApplicationEventPublisher events;
  private final String refusal;

  /**
   * Makes one for an endpoint.
   *
   * @param refusal what callers are told who did not log in
   */
  EndpointAudit(ApplicationEventPublisher events, String refusal) {
    this.events = events;
    this.refusal = refusal;
  }

  /** Changes something for a caller who is logged in, and says what was wrong with the request. */
  WebEndpointResponse<Object> asSomebody(
      SecurityContext caller, Function<String, WebEndpointResponse<Object>> change) {
    String name = name(caller);
    if (name == null) {
      return answer(FORBIDDEN, refusal);
    }
    try {
      return change.apply(name);
    } catch (IllegalArgumentException e) {
      return badRequest(e);
    }
  }

  /** Null for somebody who did not log in. */
  static @Nullable String name(SecurityContext caller) {
    Principal principal = caller.getPrincipal();
    String name = principal == null ? null : principal.getName();
    return name == null || name.isBlank() || name.equals(ANONYMOUS) ? null : name;
  }

  static WebEndpointResponse<Object> badRequest(RuntimeException e) {
    return answer(WebEndpointResponse.STATUS_BAD_REQUEST, String.valueOf(e.getMessage()));
  }

  static WebEndpointResponse<Object> answer(int status, String message) {
    return new WebEndpointResponse<>(new EndpointAnswer(message), status);
  }

  void record(String by, String what, Map<String, Object> details) {
    log.info("{} by {}: {}", what, by, details);
    events.publishEvent(new AuditApplicationEvent(by, "EVENKEEL_" + what, details));
  }
}
