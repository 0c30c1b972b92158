package dev.evenkeel.modulith;

import dev.evenkeel.outbox.OutboxException;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.context.expression.BeanFactoryResolver;
import org.springframework.expression.Expression;
import org.springframework.expression.ExpressionException;
import org.springframework.expression.ParserContext;
import org.springframework.expression.common.TemplateParserContext;
import org.springframework.expression.spel.standard.SpelExpressionParser;
import org.springframework.expression.spel.support.StandardEvaluationContext;
import org.springframework.modulith.events.RoutingTarget;
import org.springframework.util.ConcurrentLruCache;

/**
 * Reads Modulith's routing targets and keys, which may be expressions on the event, with the rules
 * of Modulith's broker modules: where the target or the key begins with an expression, both are
 * templates. They come from the application's code, never from the wire. Thread-safe.
 */
final class RoutingExpressions {

  /** Expressions stand in annotations, mostly; where they are made at run time, old ones go. */
  private static final int PARSED = 256;

  private static final ParserContext TEMPLATE = new TemplateParserContext();

  private final StandardEvaluationContext context = new StandardEvaluationContext();
  private final ConcurrentLruCache<String, Expression> parsed;

  /**
   * Makes the reader.
   *
   * @param beans whose beans expressions may name
   */
  RoutingExpressions(BeanFactory beans) {
    context.setBeanResolver(new BeanFactoryResolver(beans));
    SpelExpressionParser parser = new SpelExpressionParser();
    parsed = new ConcurrentLruCache<>(PARSED, text -> parser.parseExpression(text, TEMPLATE));
  }

  /**
   * The target.
   *
   * @throws OutboxException if it can't be evaluated, is null or blank
   */
  String target(RoutingTarget routing, Object event) {
    String target = evaluate(routing, routing.getTarget(), event);
    if (target == null || target.isBlank()) {
      throw new OutboxException(
          "The routing target \"%s\" of %s must not be null or blank, was %s"
              .formatted(routing, event.getClass().getName(), describe(target)));
    }
    return target;
  }

  /**
   * The key. Without one there is no order, so there is no default.
   *
   * @throws OutboxException if there is none, it can't be evaluated, is null or blank
   */
  String key(RoutingTarget routing, Object event) {
    if (routing.getKey() == null) {
      throw new OutboxException(
          ("%s is externalized to \"%s\" without a key, but order is kept per key; name one, such as"
                  + " @Externalized(\"orders::#{orderId()}\"), or route it with a key")
              .formatted(event.getClass().getName(), routing));
    }
    String key = evaluate(routing, routing.getKey(), event);
    if (key == null || key.isBlank()) {
      throw new OutboxException(
          "The routing key of \"%s\" of %s must not be null or blank, was %s"
              .formatted(routing, event.getClass().getName(), describe(key)));
    }
    return key;
  }

  private @Nullable String evaluate(RoutingTarget routing, String text, Object event) {
    if (!routing.hasExpression()) {
      return text;
    }
    try {
      Object value = parsed.get(text).getValue(context, event);
      return value == null ? null : value.toString();
    } catch (ExpressionException e) {
      throw new OutboxException(
          "The routing target \"%s\" of %s can't be evaluated: %s"
              .formatted(routing, event.getClass().getName(), e.getMessage()),
          e);
    }
  }

  private static String describe(@Nullable String value) {
    return value == null ? "null" : "blank";
  }
}
