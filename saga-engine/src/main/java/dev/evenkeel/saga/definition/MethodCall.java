package dev.evenkeel.saga.definition;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.UndeclaredThrowableException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Calls a method of a bean, proxy included; what each parameter is was found out before. */
final class MethodCall implements ActionStep.Call {

  private final Object bean;
  private final Method method;
  private final ActionStep.Reader<Object>[] arguments;

  @SuppressWarnings({"unchecked", "rawtypes"})
  MethodCall(Object bean, Method method, List<ActionStep.Reader<Object>> arguments) {
    this.bean = bean;
    this.method = method;
    this.arguments = arguments.toArray(new ActionStep.Reader[0]);
    method.trySetAccessible(); // steps are often package-private
  }

  /** Throws what the method throws, not what reflection makes of it. */
  @Override
  public @Nullable Object call(StepContext<Object> context) throws Exception {
    @Nullable Object[] values = new Object[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      values[i] = arguments[i].read(context);
    }
    try {
      return method.invoke(bean, values);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Exception exception) {
        throw exception;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new UndeclaredThrowableException(e.getCause());
    }
  }

  @Override
  public String toString() {
    return method.getDeclaringClass().getSimpleName() + "." + method.getName();
  }
}
