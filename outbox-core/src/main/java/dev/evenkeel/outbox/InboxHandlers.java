package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.DirectHandler;
import dev.evenkeel.outbox.spi.PayloadCodec;
import dev.evenkeel.outbox.spi.Upcaster;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The handlers of this process, found by type and version. Built once, immutable, thread-safe. */
public final class InboxHandlers {

  /**
   * Under this consumer messages wait that no consumer could take, because their type is unknown.
   */
  public static final String UNKNOWN_CONSUMER = "*";

  private static final Route NOBODY = new Route.To(List.of(), List.of());

  private final Map<Subscription, InboxHandlerMethod> methods;
  private final Map<String, NavigableMap<String, NavigableSet<Integer>>> versions =
      new HashMap<>(); // type, consumer
  private final EventTypes types;
  private final Upcasters upcasters;
  private final Map<String, DeadLetterPolicy> policies;
  private final DeadLetterPolicy policy;

  private InboxHandlers(
      Map<Subscription, InboxHandlerMethod> methods,
      EventTypes types,
      Upcasters upcasters,
      Map<String, DeadLetterPolicy> policies,
      DeadLetterPolicy policy) {
    this.methods = methods;
    this.types = types;
    this.upcasters = upcasters;
    this.policies = policies;
    this.policy = policy;
    for (Subscription subscription : methods.keySet()) {
      versions
          .computeIfAbsent(subscription.type(), type -> new TreeMap<>())
          .computeIfAbsent(subscription.consumer(), consumer -> new TreeSet<>())
          .add(subscription.version());
    }
  }

  /** Collects the handlers of an application. */
  public static Builder builder(EventTypes types, PayloadCodec codec) {
    return builder(types, codec, List.of());
  }

  /**
   * Collects the handlers of an application that also takes older versions.
   *
   * @param upcasters what leads from older versions to those that are handled
   */
  public static Builder builder(
      EventTypes types, PayloadCodec codec, Collection<? extends Upcaster> upcasters) {
    return new Builder(types, codec, upcasters);
  }

  /** Who must take a message, in the eyes of this process. */
  public sealed interface Route {

    /** These consumers take it; none means that nobody in this process wants the type. */
    record To(List<InboxHandlerMethod> handlers, List<String> consumersOfOtherVersions)
        implements Route {}

    /** No class and no handler of this process knows the type. */
    record UnknownType() implements Route {}
  }

  /** Finds the receivers of a message. */
  public Route route(String type, int version) {
    NavigableMap<String, NavigableSet<Integer>> consumers = versions.get(type);
    if (consumers == null) {
      return types.knows(type) ? NOBODY : new Route.UnknownType();
    }
    List<InboxHandlerMethod> handlers = new ArrayList<>();
    List<String> others = new ArrayList<>();
    consumers.forEach(
        (consumer, handled) -> {
          InboxHandlerMethod method = find(consumer, type, version, handled);
          if (method != null) {
            handlers.add(method);
          } else {
            others.add(consumer);
          }
        });
    return new Route.To(List.copyOf(handlers), List.copyOf(others));
  }

  /** The handler of one consumer for a message; null when it has none. */
  public @Nullable InboxHandlerMethod find(String consumer, OutboxMessage message) {
    return find(consumer, message.type(), message.version(), versions(consumer, message.type()));
  }

  /**
   * The version itself comes before every version, and that before the next higher one which
   * upcasters lead to.
   */
  private @Nullable InboxHandlerMethod find(
      String consumer, String type, int version, NavigableSet<Integer> handled) {
    if (handled.contains(version)) {
      return methods.get(new Subscription(consumer, type, version));
    }
    if (handled.contains(Subscription.EVERY_VERSION)) {
      return methods.get(new Subscription(consumer, type, Subscription.EVERY_VERSION));
    }
    Integer next = handled.higher(version);
    return next != null && upcasters.reach(type, version, next) == next
        ? methods.get(new Subscription(consumer, type, next))
        : null;
  }

  private NavigableSet<Integer> versions(String consumer, String type) {
    NavigableMap<String, NavigableSet<Integer>> consumers = versions.get(type);
    NavigableSet<Integer> handled = consumers == null ? null : consumers.get(consumer);
    return handled == null ? Collections.emptyNavigableSet() : handled;
  }

  /**
   * Why a consumer has no handler for a message, in a sentence for operators.
   *
   * @param consumer {@link #UNKNOWN_CONSUMER} when the type is unknown
   */
  public String refusal(String consumer, OutboxMessage message) {
    String type = message.type();
    int version = message.version();
    if (consumer.equals(UNKNOWN_CONSUMER)) {
      return "no class and no handler of this process knows the type \"%s\"".formatted(type);
    }
    NavigableSet<Integer> handled = versions(consumer, type);
    if (handled.isEmpty()) {
      return "consumer %s handles no version of %s; message is v%d"
          .formatted(consumer, type, version);
    }
    String has =
        handled.stream()
            .map(v -> "v" + v)
            .collect(
                Collectors.joining(", ", "consumer %s handles %s ".formatted(consumer, type), ""));
    Integer next = handled.higher(version);
    if (next == null) {
      return "%s; message is v%d, newer than any".formatted(has, version);
    }
    int reached = upcasters.reach(type, version, next);
    return "%s; message is v%d, and no upcaster leads from v%d to v%d"
        .formatted(has, version, reached, reached + 1);
  }

  /**
   * Whether dead letters of a consumer are set aside, so that later messages of their keys flow on.
   * Never for {@link #UNKNOWN_CONSUMER}.
   */
  public boolean skipsDeadLetters(String consumer) {
    return !consumer.equals(UNKNOWN_CONSUMER)
        && policies.getOrDefault(consumer, policy) == DeadLetterPolicy.SKIP;
  }

  /** Everything this process subscribes to. */
  public Set<Subscription> subscriptions() {
    return Set.copyOf(methods.keySet());
  }

  /** Those of the handlers that have transactions of their own. */
  public List<DirectHandler> directHandlers() {
    return methods.values().stream()
        .map(InboxHandlerMethod::direct)
        .filter(Objects::nonNull)
        .toList();
  }

  /**
   * What this process takes besides {@link #subscriptions()}: older versions, of which upcasters
   * lead to one that it handles. Nobody has to register them; but where they are registered,
   * because an earlier version of the application handled them, this process answers for them.
   */
  public Set<Subscription> upcastSubscriptions() {
    Set<Subscription> older = new HashSet<>();
    for (Subscription subscription : methods.keySet()) {
      String type = subscription.type();
      for (int v = subscription.version() - 1; v > 0 && upcasters.leadFrom(type, v); v--) {
        older.add(new Subscription(subscription.consumer(), type, v));
      }
    }
    older.removeAll(methods.keySet());
    return Set.copyOf(older);
  }

  /** Collects methods and all their mistakes. */
  public static final class Builder {

    private final EventTypes types;
    private final PayloadCodec codec;
    private final Upcasters upcasters;
    private final Map<Subscription, InboxHandlerMethod> methods = new LinkedHashMap<>();
    private final List<String> mistakes = new ArrayList<>();
    private final Map<String, DeadLetterPolicy> policies = new HashMap<>();
    private DeadLetterPolicy policy = DeadLetterPolicy.BLOCK;

    private Builder(
        EventTypes types, PayloadCodec codec, Collection<? extends Upcaster> upcasters) {
      this.types = types;
      this.codec = codec;
      this.upcasters = Upcasters.of(upcasters, types, mistakes);
    }

    /**
     * Sets what {@link DeadLetterPolicy#DEFAULT} means; without it {@link DeadLetterPolicy#BLOCK}.
     *
     * @throws IllegalArgumentException if it is {@code DEFAULT} itself
     */
    public Builder onDeadLetter(DeadLetterPolicy byDefault) {
      if (byDefault == DeadLetterPolicy.DEFAULT) {
        throw new IllegalArgumentException(
            "evenkeel.inbox.dead-letter-policy must be block or skip, was default");
      }
      policy = byDefault;
      return this;
    }

    private void onDeadLetter(String consumer, DeadLetterPolicy said) {
      DeadLetterPolicy other =
          said == DeadLetterPolicy.DEFAULT ? null : policies.putIfAbsent(consumer, said);
      if (other != null && other != said) {
        mistakes.add(
            "Methods of consumer \"%s\" differ in onDeadLetter (%s and %s); one consumer has one policy"
                .formatted(consumer, other, said));
      }
    }

    /**
     * Adds a method.
     *
     * @param bean the object to call, proxy included
     * @param method annotated with {@link InboxHandler}, callable on the bean
     */
    public Builder add(Object bean, Method method, InboxHandler annotation) {
      String name = method.getDeclaringClass().getName() + "." + method.getName();
      String consumer = annotation.consumer();
      if (consumer.isBlank() || consumer.equals(UNKNOWN_CONSUMER)) {
        mistakes.add("%s: consumer must be a name, was \"%s\"".formatted(name, consumer));
        return this;
      }
      onDeadLetter(consumer, annotation.onDeadLetter());
      Class<?>[] parameters = method.getParameterTypes();
      boolean rawOnly = parameters.length == 1 && parameters[0] == OutboxMessage.class;
      boolean typed =
          (parameters.length == 1 && !rawOnly)
              || (parameters.length == 2 && parameters[1] == OutboxMessage.class);
      if (rawOnly) {
        addRaw(name, bean, method, annotation);
      } else if (typed && annotation.types().length == 0) {
        addTyped(name, bean, method, annotation);
      } else {
        mistakes.add(
            ("%s must take an event, or an event and an OutboxMessage, or, with types named, an"
                    + " OutboxMessage; it takes %s")
                .formatted(name, Arrays.toString(parameters)));
      }
      return this;
    }

    private void addRaw(String name, Object bean, Method method, InboxHandler annotation) {
      if (annotation.types().length == 0) {
        mistakes.add(name + " takes an OutboxMessage but names no types in @InboxHandler");
      }
      if (!annotation.shardKey().isEmpty()) {
        mistakes.add(
            "%s takes only an OutboxMessage, so its shardKey \"%s\" can't be read; have it take the event, too"
                .formatted(name, annotation.shardKey()));
      }
      for (String type : annotation.types()) {
        if (!types.knows(type)) {
          mistakes.add("%s handles the type \"%s\", which nobody registered".formatted(name, type));
          continue;
        }
        put(
            name,
            new InboxHandlerMethod(
                new Subscription(annotation.consumer(), type, Subscription.EVERY_VERSION),
                bean,
                method,
                null,
                codec,
                upcasters,
                null));
      }
    }

    private void addTyped(String name, Object bean, Method method, InboxHandler annotation) {
      Class<?> payloadClass = method.getParameterTypes()[0];
      EventType type = registered(name, payloadClass);
      if (type == null) {
        return;
      }
      try {
        put(
            name,
            new InboxHandlerMethod(
                new Subscription(annotation.consumer(), type.name(), type.version()),
                bean,
                method,
                payloadClass,
                codec,
                upcasters,
                keyed(payloadClass, annotation.shardKey(), annotation.shardStrategy())));
      } catch (IllegalArgumentException e) {
        mistakes.add("%s: %s".formatted(name, e.getMessage()));
      }
    }

    /**
     * Adds a handler that is no method.
     *
     * @param name of the handler, for errors
     * @param consumer as {@link InboxHandler#consumer()}
     * @param event registered class of the events
     * @param shardKey as {@link InboxHandler#shardKey()}
     * @param shardStrategy as {@link InboxHandler#shardStrategy()}
     * @param handler called in the transaction with the inbox row
     */
    public <E> Builder add(
        String name,
        String consumer,
        Class<E> event,
        String shardKey,
        String shardStrategy,
        Consumer<? super E> handler) {
      EventType type = registered(name, event);
      if (type == null) {
        return this;
      }
      try {
        put(
            name,
            new InboxHandlerMethod(
                new Subscription(consumer, type.name(), type.version()),
                name,
                (payload, message) -> handler.accept(event.cast(payload)),
                event,
                codec,
                upcasters,
                keyed(event, shardKey, shardStrategy)));
      } catch (IllegalArgumentException e) {
        mistakes.add("%s: %s".formatted(name, e.getMessage()));
      }
      return this;
    }

    /** As {@link #addDirect(DirectHandler, DeadLetterPolicy)}, with the default policy. */
    public Builder addDirect(DirectHandler handler) {
      return addDirect(handler, DeadLetterPolicy.DEFAULT);
    }

    /**
     * Adds a handler that has transactions of its own and no inbox row: delivered again, a message
     * has to do no harm to it.
     *
     * @param handler takes every version of its type, which needs no registered class
     * @param onDeadLetter as {@link InboxHandler#onDeadLetter()}
     */
    public Builder addDirect(DirectHandler handler, DeadLetterPolicy onDeadLetter) {
      String name = handler.getClass().getName();
      String consumer = handler.consumer();
      if (consumer.isBlank() || consumer.equals(UNKNOWN_CONSUMER)) {
        mistakes.add("%s: consumer must be a name, was \"%s\"".formatted(name, consumer));
      } else if (handler.type().isBlank() || handler.aggregateType().isBlank()) {
        mistakes.add(
            "%s: type and aggregate type must not be blank, were \"%s\" and \"%s\""
                .formatted(name, handler.type(), handler.aggregateType()));
      } else {
        onDeadLetter(consumer, onDeadLetter);
        put(name, new InboxHandlerMethod(handler, codec, upcasters));
      }
      return this;
    }

    private @Nullable EventType registered(String name, Class<?> payloadClass) {
      EventType type = types.find(payloadClass).orElse(null);
      if (type == null) {
        mistakes.add(
            "%s handles %s, which nobody registered; annotate it with @OutboxEvent and have its package scanned"
                .formatted(name, payloadClass.getName()));
      }
      return type;
    }

    private static InboxHandlerMethod.@Nullable Keyed keyed(
        Class<?> payloadClass, String path, String strategy) {
      return path.isEmpty()
          ? null
          : new InboxHandlerMethod.Keyed(PropertyPath.of("shardKey", payloadClass, path), strategy);
    }

    private void put(String name, InboxHandlerMethod method) {
      InboxHandlerMethod other = methods.putIfAbsent(method.subscription(), method);
      if (other != null) {
        mistakes.add(
            "%s and %s both handle %s; one consumer handles a message once"
                .formatted(other, name, method.subscription()));
      }
    }

    /**
     * The registry.
     *
     * @throws IllegalArgumentException naming every mistake in one message
     */
    public InboxHandlers build() {
      if (!mistakes.isEmpty()) {
        throw new IllegalArgumentException(
            "The inbox handlers are not usable: " + String.join("; ", mistakes));
      }
      return new InboxHandlers(Map.copyOf(methods), types, upcasters, Map.copyOf(policies), policy);
    }
  }
}
