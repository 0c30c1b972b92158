package com.example.shop;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A broker's factory that notes what is called on it, and on all that comes out of it. There is no
 * embedded broker for Rabbit and JMS.
 */
public final class Recorder implements InvocationHandler {

  private final List<String> calls = new CopyOnWriteArrayList<>();

  /** The factory. */
  public <T> T as(Class<T> type) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, this));
  }

  /** Names of the methods called since the last {@link #clear}. */
  public List<String> calls() {
    return calls;
  }

  /** Forgets what was called. */
  public void clear() {
    calls.clear();
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] arguments) {
    if (method.getDeclaringClass() == Object.class) {
      return switch (method.getName()) {
        case "equals" -> proxy == arguments[0];
        case "hashCode" -> System.identityHashCode(proxy);
        default -> "recorder";
      };
    }
    calls.add(method.getName());
    Class<?> result = method.getReturnType();
    if (result == Map.class) {
      return Map.of();
    }
    if (result == List.class) {
      return List.of();
    }
    if (result.isInterface()) {
      return as(result);
    }
    if (result == boolean.class) {
      return false;
    }
    if (result == int.class) {
      return 0;
    }
    if (result == long.class) {
      return 0L;
    }
    return null;
  }
}
