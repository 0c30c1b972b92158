package dev.evenkeel.mutants;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Runs one test in this process: class, method, and where to write what its failures say. A test
 * with parameters is run with all of them.
 */
final class TestMain {

  static final int GREEN = 0;
  static final int RED = 10; // 1 is what a JVM says whose main method throws

  /** No test was run to its end. */
  static final int NOTHING = 11;

  private static final int MAX_CAUSES = 20;

  private TestMain() {}

  /** Runs it, and ends this process. */
  public static void main(String[] arguments) throws ReflectiveOperationException, IOException {
    Class<?> type = Class.forName(arguments[0]);
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectMethod(type, method(type, arguments[1])))
            .build();
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create().execute(request, listener);

    TestExecutionSummary summary = listener.getSummary();
    Set<String> messages = new TreeSet<>();
    for (TestExecutionSummary.Failure failure : summary.getFailures()) {
      failure.getException().printStackTrace();
      collect(failure.getException(), messages, 0);
    }
    Files.write(Path.of(arguments[2]), messages);
    boolean failed = summary.getTotalFailureCount() > 0;
    boolean succeeded = summary.getTestsSucceededCount() > 0;
    // Threads that a failed test has left do not keep the process.
    System.exit(failed ? RED : succeeded ? GREEN : NOTHING);
  }

  private static Method method(Class<?> type, String name) {
    List<Method> found =
        ReflectionSupport.findMethods(
            type, method -> method.getName().equals(name), HierarchyTraversalMode.BOTTOM_UP);
    if (found.size() != 1) {
      throw new IllegalArgumentException(
          "%s must have one method %s, has %d".formatted(type.getName(), name, found.size()));
    }
    return found.get(0);
  }

  private static void collect(Throwable failure, Set<String> messages, int depth) {
    messages.add(failure.toString());
    if (depth == MAX_CAUSES) {
      return;
    }
    if (failure.getCause() != null) {
      collect(failure.getCause(), messages, depth + 1);
    }
    for (Throwable suppressed : failure.getSuppressed()) {
      collect(suppressed, messages, depth + 1);
    }
  }
}
