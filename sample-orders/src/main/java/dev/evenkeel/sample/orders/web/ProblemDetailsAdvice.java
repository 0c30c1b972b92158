package dev.evenkeel.sample.orders.web;

import dev.evenkeel.shard.ShardUnavailableException;
import dev.evenkeel.shard.SlotMovingException;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.MessageSourceResolvable;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.validation.FieldError;
import org.springframework.web.bind.MethodArgumentNotValidException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.method.annotation.HandlerMethodValidationException;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;

/** Answers every failure with a problem detail (RFC 9457) whose {@code errors} name the fields. */
@RestControllerAdvice
class ProblemDetailsAdvice extends ResponseEntityExceptionHandler {

  private static final Logger log = LoggerFactory.getLogger(ProblemDetailsAdvice.class);

  /** One thing that is wrong with a request. */
  record Mistake(String field, String message) {}

  @Override
  protected @Nullable ResponseEntity<Object> handleMethodArgumentNotValid(
      MethodArgumentNotValidException e,
      HttpHeaders headers,
      HttpStatusCode status,
      WebRequest request) {
    List<Mistake> mistakes =
        e.getAllErrors().stream()
            .map(
                error ->
                    mistake(
                        error instanceof FieldError f ? f.getField() : error.getObjectName(),
                        error))
            .sorted((a, b) -> a.field().compareTo(b.field()))
            .toList();
    return refuse(e, mistakes, headers, status, request);
  }

  @Override
  protected @Nullable ResponseEntity<Object> handleHandlerMethodValidationException(
      HandlerMethodValidationException e,
      HttpHeaders headers,
      HttpStatusCode status,
      WebRequest request) {
    List<Mistake> mistakes =
        e.getParameterValidationResults().stream()
            .flatMap(
                result ->
                    result.getResolvableErrors().stream()
                        .map(
                            error ->
                                mistake(
                                    // A body's mistakes are of its fields.
                                    error instanceof FieldError f
                                        ? f.getField()
                                        : String.valueOf(
                                            result.getMethodParameter().getParameterName()),
                                    error)))
            .sorted((a, b) -> a.field().compareTo(b.field()))
            .toList();
    return refuse(e, mistakes, headers, status, request);
  }

  @Override
  protected @Nullable ResponseEntity<Object> handleHttpMessageNotReadable(
      HttpMessageNotReadableException e,
      HttpHeaders headers,
      HttpStatusCode status,
      WebRequest request) {
    // A number out of range is of the wrong form, not malformed; Jackson counts it among the
    // latter.
    boolean malformed =
        e.getCause() instanceof StreamReadException
            && !(e.getCause() instanceof InputCoercionException);
    if (!malformed
        && e.getCause() instanceof JacksonException cause
        && !cause.getPath().isEmpty()) {
      String message =
          cause instanceof UnrecognizedPropertyException
              ? "is not a known field"
              : "has the wrong form";
      return refuse(e, List.of(new Mistake(path(cause), message)), headers, status, request);
    }
    String detail =
        malformed
            ? "The body is not JSON, or repeats a field"
            : "The body is missing or not of the expected form";
    ProblemDetail problem = ProblemDetail.forStatusAndDetail(status, detail);
    return handleExceptionInternal(e, problem, headers, status, request);
  }

  /** The transaction did not begin: the shard is away, or takes none while a slot moves. */
  @ExceptionHandler({
    ShardUnavailableException.class,
    SlotMovingException.class,
    CannotCreateTransactionException.class
  })
  ResponseEntity<ProblemDetail> unavailable(RuntimeException e) {
    log.warn(
        "A request was turned away: {}", NestedExceptionUtils.getMostSpecificCause(e).getMessage());
    ProblemDetail problem =
        ProblemDetail.forStatusAndDetail(
            HttpStatus.SERVICE_UNAVAILABLE,
            "The shard with these data is not available; nothing was kept. Try again");
    return ResponseEntity.status(problem.getStatus())
        .header(HttpHeaders.RETRY_AFTER, "1")
        .body(problem);
  }

  /** What nobody foresaw: logged here, and not told to the caller. */
  @ExceptionHandler(Exception.class)
  ProblemDetail unforeseen(Exception e) {
    log.error("A request failed", e);
    return ProblemDetail.forStatusAndDetail(
        HttpStatus.INTERNAL_SERVER_ERROR, "The request failed; nothing of it was kept");
  }

  private @Nullable ResponseEntity<Object> refuse(
      Exception e,
      List<Mistake> mistakes,
      HttpHeaders headers,
      HttpStatusCode status,
      WebRequest request) {
    String detail =
        mistakes.stream().map(m -> m.field() + " " + m.message()).collect(Collectors.joining("; "));
    ProblemDetail problem = ProblemDetail.forStatusAndDetail(status, detail);
    problem.setProperty("errors", mistakes);
    return handleExceptionInternal(e, problem, headers, status, request);
  }

  private static Mistake mistake(String field, MessageSourceResolvable error) {
    return new Mistake(field, String.valueOf(error.getDefaultMessage()));
  }

  /** Such as {@code lines[0].quantity}, as bean validation writes it. */
  private static String path(JacksonException e) {
    StringBuilder path = new StringBuilder();
    for (JacksonException.Reference step : e.getPath()) {
      if (step.getPropertyName() == null) {
        path.append('[').append(step.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(step.getPropertyName());
      }
    }
    return path.toString();
  }
}
