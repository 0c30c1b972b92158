package dev.evenkeel.shard;

import dev.evenkeel.outbox.PropertyPath;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.support.AopUtils;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.MethodClassKey;
import org.springframework.core.ParameterNameDiscoverer;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.util.ClassUtils;
import org.springframework.util.ReflectionUtils;

/**
 * Puts a call of a {@link Sharded} method into the scope of its key. Must run outside of Spring's
 * transaction interceptor: the shard is chosen before the transaction begins.
 */
final class ShardedInterceptor implements MethodInterceptor {

  private final Supplier<ShardRouter> router;
  private final ParameterNameDiscoverer names = new DefaultParameterNameDiscoverer();
  private final Map<MethodClassKey, Route> routes = new ConcurrentHashMap<>();

  ShardedInterceptor(Supplier<ShardRouter> router) {
    this.router = router;
  }

  /**
   * How the key of one method is read.
   *
   * @param path into the parameter; null when the parameter itself is the key
   */
  private record Route(
      String what, String strategy, ReadFrom readFrom, int parameter, @Nullable PropertyPath path) {

    @Nullable String key(@Nullable Object[] arguments) {
      Object argument = arguments[parameter];
      if (argument == null) {
        return null;
      }
      return path == null ? argument.toString() : path.find(argument);
    }
  }

  @Override
  public @Nullable Object invoke(MethodInvocation invocation) throws Throwable {
    Route route = route(invocation);
    @Nullable Object[] arguments = invocation.getArguments();
    ShardBinding binding =
        router
            .get()
            .bind(
                route.strategy(),
                route.key(arguments),
                route.what(),
                route.readFrom(),
                route.path() == null ? null : () -> route.key(arguments));
    ShardContext context = ShardContext.current();
    boolean joins = context.held() != null;
    ShardBinding previous = context.enter(binding);
    try {
      Object result = invocation.proceed();
      if (joins) {
        binding.requireSameKey(); // a transaction that begins in here checks it at its commit
      }
      return result;
    } finally {
      context.leave(previous);
    }
  }

  private Route route(MethodInvocation invocation) {
    Object target = invocation.getThis();
    Method method = invocation.getMethod();
    Class<?> type = target == null ? method.getDeclaringClass() : target.getClass();
    return routes.computeIfAbsent(new MethodClassKey(method, type), key -> route(method, type));
  }

  private Route route(Method method, Class<?> type) {
    Class<?> userType = ClassUtils.getUserClass(type);
    Method specific = AopUtils.getMostSpecificMethod(method, userType);
    Sharded sharded = find(method, type);
    String what = "@Sharded method " + userType.getSimpleName() + "." + method.getName();
    return route(what, specific, Objects.requireNonNull(sharded, what));
  }

  /**
   * The method's own annotation before its class's, which is for public methods.
   *
   * @param type the bean's class, a proxy's too: then the annotation is on one of its interfaces
   */
  static @Nullable Sharded find(Method method, Class<?> type) {
    if (ReflectionUtils.isObjectMethod(method)) {
      return null;
    }
    Sharded onMethod = AnnotatedElementUtils.findMergedAnnotation(method, Sharded.class);
    if (onMethod == null) {
      Method specific = AopUtils.getMostSpecificMethod(method, ClassUtils.getUserClass(type));
      onMethod = AnnotatedElementUtils.findMergedAnnotation(specific, Sharded.class);
    }
    return onMethod != null || !Modifier.isPublic(method.getModifiers())
        ? onMethod
        : AnnotatedElementUtils.findMergedAnnotation(type, Sharded.class);
  }

  private Route route(String what, Method method, Sharded sharded) {
    String key = sharded.key();
    String first = key.contains(".") ? key.substring(0, key.indexOf('.')) : key;
    String[] parameterNames = names.getParameterNames(method);
    if (parameterNames != null) {
      for (int i = 0; i < parameterNames.length; i++) {
        if (first.equals(parameterNames[i])) {
          Class<?> parameter = method.getParameterTypes()[i];
          PropertyPath path =
              first.equals(key) ? null : path(what, parameter, key.substring(first.length() + 1));
          return new Route(what, sharded.strategy(), sharded.readFrom(), i, path);
        }
      }
    }
    return routeByProperty(what, method, sharded);
  }

  private static Route routeByProperty(String what, Method method, Sharded sharded) {
    List<Route> candidates = new ArrayList<>();
    Parameter[] parameters = method.getParameters();
    for (int i = 0; i < parameters.length; i++) {
      PropertyPath path = find(parameters[i].getType(), sharded.key());
      if (path != null) {
        candidates.add(new Route(what, sharded.strategy(), sharded.readFrom(), i, path));
      }
    }
    if (candidates.size() != 1) {
      throw new ShardKeyException(
          "%s: key \"%s\" must name a parameter, or a property that exactly one parameter has; %s has it"
              .formatted(what, sharded.key(), candidates.isEmpty() ? "none" : "more than one"));
    }
    return candidates.get(0);
  }

  private static @Nullable PropertyPath find(Class<?> root, String path) {
    try {
      return PropertyPath.of("key", root, path);
    } catch (IllegalArgumentException e) {
      return null; // another parameter may have it
    }
  }

  private static PropertyPath path(String what, Class<?> root, String path) {
    try {
      return PropertyPath.of("key", root, path);
    } catch (IllegalArgumentException e) {
      throw new ShardKeyException(what + ": " + e.getMessage());
    }
  }
}
