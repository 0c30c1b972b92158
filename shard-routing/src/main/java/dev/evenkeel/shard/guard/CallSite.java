package dev.evenkeel.shard.guard;

import java.lang.StackWalker.StackFrame;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Executable;
import java.lang.reflect.Proxy;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where the application called, and whether it may.
 *
 * @param frame the first stack frame that is the application's
 * @param allowed whether some frame is exempted with a reason
 * @param withoutReason the frame that is exempted without a reason, if any
 */
record CallSite(String frame, boolean allowed, @Nullable String withoutReason) {

  private static final StackWalker WALKER =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  /**
   * Packages that calls pass through. Those of the framework are named one by one: applications,
   * such as the sample, may live beside them.
   */
  private static final List<String> LIBRARIES =
      List.of(
          "java.",
          "javax.",
          "jdk.",
          "sun.",
          "com.sun.",
          "jakarta.",
          "kotlin.",
          "kotlinx.",
          "org.springframework.",
          "org.apache.",
          "org.aspectj.",
          "org.hibernate.",
          "org.postgresql.",
          "com.rabbitmq.",
          "com.zaxxer.",
          "io.micrometer.",
          "io.netty.",
          "reactor.",
          "dev.evenkeel.autoconfigure.",
          "dev.evenkeel.outbox.",
          "dev.evenkeel.relay.",
          "dev.evenkeel.saga.",
          "dev.evenkeel.shard.",
          "dev.evenkeel.transport.",
          "dev.evenkeel.write.");

  /** Walks the stack: microseconds, so only once a dual write is certain. */
  static CallSite find() {
    return WALKER.walk(CallSite::of);
  }

  private static CallSite of(Stream<StackFrame> frames) {
    StackFrame first = null;
    String withoutReason = null;
    // The JVM bounds the stack.
    for (Iterator<StackFrame> all = frames.iterator(); all.hasNext(); ) {
      StackFrame frame = all.next();
      if (!isApplication(frame.getDeclaringClass())) {
        continue;
      }
      first = first == null ? frame : first;
      DualWriteAllowed exemption = exemption(frame);
      if (exemption != null) {
        if (!exemption.because().isBlank()) {
          return new CallSite(text(first), true, null);
        }
        withoutReason = text(frame);
      }
    }
    String site = first == null ? "a thread without frames of the application" : text(first);
    return new CallSite(site, false, withoutReason);
  }

  private static boolean isApplication(Class<?> type) {
    String name = type.getName();
    return LIBRARIES.stream().noneMatch(name::startsWith)
        // Generated: Spring, Hibernate and Byte Buddy mark their subclasses so.
        && !name.contains("$$")
        && !Proxy.isProxyClass(type)
        && !type.isHidden();
  }

  private static @Nullable DualWriteAllowed exemption(StackFrame frame) {
    Executable method = method(frame);
    DualWriteAllowed found = method == null ? null : exemption(method);
    Class<?> type = frame.getDeclaringClass();
    while (found == null && type != null) {
      found = exemption(type);
      type = type.getEnclosingClass();
    }
    return found;
  }

  private static @Nullable DualWriteAllowed exemption(AnnotatedElement element) {
    return element.getAnnotation(DualWriteAllowed.class);
  }

  private static @Nullable Executable method(StackFrame frame) {
    Class<?>[] parameters = frame.getMethodType().parameterArray();
    try {
      return switch (frame.getMethodName()) {
        case "<init>" -> frame.getDeclaringClass().getDeclaredConstructor(parameters);
        case "<clinit>" -> null;
        default -> frame.getDeclaringClass().getDeclaredMethod(frame.getMethodName(), parameters);
      };
    } catch (NoSuchMethodException e) {
      return null; // a lambda's body, where the compiler hides it from reflection
    }
  }

  private static String text(StackFrame frame) {
    return "%s.%s(%s:%d)"
        .formatted(
            frame.getClassName(),
            frame.getMethodName(),
            frame.getFileName(),
            frame.getLineNumber());
  }
}
