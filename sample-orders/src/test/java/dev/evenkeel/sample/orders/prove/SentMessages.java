package dev.evenkeel.sample.orders.prove;

import dev.evenkeel.outbox.OutboxMessage;
import dev.evenkeel.outbox.spi.Transport;
import dev.evenkeel.sample.orders.crash.Journal;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Writes down what relays send, before they do: handlers would not show a message that comes again
 * and is absorbed.
 */
record SentMessages(Journal journal) {

  private static final Pattern VERSION = Pattern.compile("\"version\":(\\d+)");

  /** A transport whose sessions are watched. */
  Transport of(Transport transport) {
    return watched(
        Transport.class,
        transport,
        argument -> {},
        answer -> answer instanceof Transport.Session session ? of(session) : answer);
  }

  private Transport.Session of(Transport.Session session) {
    return watched(
        Transport.Session.class,
        session,
        argument -> {
          if (argument instanceof OutboxMessage message) {
            journal.process(Journal.Kind.SENT, text(message));
          }
        },
        answer -> answer);
  }

  private static <T> T watched(
      Class<T> type,
      T target,
      Consumer<Object> before,
      Function<@Nullable Object, @Nullable Object> after) {
    return type.cast(
        Proxy.newProxyInstance(
            SentMessages.class.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              if (arguments != null && arguments.length > 0) {
                before.accept(arguments[0]);
              }
              try {
                return after.apply(method.invoke(target, arguments));
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  /** Its id, and of a tally what else it says. */
  private static String text(OutboxMessage message) {
    if (message.type().equals(TallyCounted.TYPE)) {
      Matcher version = VERSION.matcher(new String(message.payload(), StandardCharsets.UTF_8));
      if (version.find()) {
        return message.id()
            + "/"
            + TallyCounted.text(message.aggregateId(), Long.parseLong(version.group(1)));
      }
    }
    return message.id().toString();
  }
}
