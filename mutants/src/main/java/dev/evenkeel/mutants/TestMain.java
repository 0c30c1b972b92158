package dev.evenkeel.mutants;

import static org.junit.platform.commons.support.AnnotationSupport.isAnnotated;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.HierarchyTraversalMode;
import org.junit.platform.commons.support.ReflectionSupport;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/**
 * Runs tests in this process, one after the other: a directory, then each as {@code Class#method}.
 * What came of it is in a file of that name: {@code GREEN}, or {@code RED} and what the failures
 * say. A test with parameters is run with all of them.
 */
final class TestMain {

  static final String GREEN = "GREEN";
  static final String RED = "RED";

  private static final int MAX_CAUSES = 20;

  private TestMain() {}

  /** Runs them, and ends this process. */
  public static void main(String[] arguments) throws ReflectiveOperationException, IOException {
    // A runner that is killed leaves nothing behind.
    ProcessHandle.current()
        .parent()
        .ifPresent(runner -> runner.onExit().thenRun(() -> System.exit(1)));
    Path directory = Path.of(arguments[0]);
    for (String test : List.of(arguments).subList(1, arguments.length)) {
      int hash = test.indexOf('#');
      List<String> verdict = run(Class.forName(test.substring(0, hash)), test.substring(hash + 1));
      Files.write(directory.resolve(test), verdict);
    }
    System.exit(0); // threads that a failed test has left do not keep the process
  }

  private static List<String> run(Class<?> type, String method) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectMethod(type, method(type, method)))
            .build();
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    LauncherFactory.create().execute(request, listener);

    TestExecutionSummary summary = listener.getSummary();
    Set<String> messages = new TreeSet<>();
    for (TestExecutionSummary.Failure failure : summary.getFailures()) {
      failure.getException().printStackTrace();
      collect(failure.getException(), messages, 0);
    }
    List<String> verdict = new ArrayList<>();
    if (summary.getTotalFailureCount() > 0) {
      verdict.add(RED);
    } else if (summary.getTestsSucceededCount() > 0) {
      verdict.add(GREEN);
    }
    verdict.addAll(messages);
    return verdict;
  }

  private static Method method(Class<?> type, String name) {
    List<Method> found =
        ReflectionSupport.findMethods(
            type,
            method -> method.getName().equals(name) && isAnnotated(method, Testable.class),
            HierarchyTraversalMode.BOTTOM_UP);
    if (found.size() != 1) {
      throw new IllegalArgumentException(
          "%s must have one test %s, has %d".formatted(type.getName(), name, found.size()));
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
