package dev.evenkeel.mutants;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A rule switched off, and the test that must see it.
 *
 * @param name how it is called on the command line
 * @param rule what holds as long as the code is as it is, in one sentence
 * @param module of the changed class
 * @param changed the class, by its name
 * @param original text that occurs in its source exactly once
 * @param replacement what stands there instead; {@link #REACHED} in it, once, is a call that notes
 *     that the line was executed, and that returns true
 * @param test what must fail
 * @param invariant what the failure's message must say
 */
record Mutant(
    String name,
    String rule,
    String module,
    String changed,
    String original,
    String replacement,
    TestMethod test,
    String invariant) {

  /** Stands in replacements for the call that notes that the line was executed. */
  static final String REACHED = "REACHED";

  /**
   * A test.
   *
   * @param module where it is
   * @param type its class; {@code Outer$Inner} where it is nested
   * @param method its method, also an inherited one
   */
  record TestMethod(String module, String type, String method) {

    Path source(Path root) {
      return Mutant.source(root, module, "test", type);
    }

    /** As {@link TestMain} takes it. */
    String id() {
      return type + "#" + method;
    }

    @Override
    public String toString() {
      return type.substring(type.lastIndexOf('.') + 1) + "." + method;
    }
  }

  Path source(Path root) {
    return source(root, module, "main", changed);
  }

  private static Path source(Path root, String module, String kind, String type) {
    return root.resolve(module)
        .resolve(Path.of("src", kind, "java"))
        .resolve(type.replace('.', '/').replaceFirst("\\$.*", "") + ".java");
  }

  /**
   * The changed source.
   *
   * @throws IllegalStateException if the code has gone on, and the mutant has to be thought about
   *     again
   */
  String apply(String source) {
    requireOnce(original, source, changed);
    requireOnce(REACHED, replacement, "the replacement");
    return source.replace(
        original, replacement.replace(REACHED, Reached.class.getName() + ".here()"));
  }

  /** The changed source of the class as it is in the repository. */
  String applied(Path root) throws IOException {
    return apply(Files.readString(source(root)));
  }

  private void requireOnce(String text, String in, String where) {
    int first = in.indexOf(text);
    if (text.isEmpty() || first < 0 || in.indexOf(text, first + 1) >= 0) {
      throw new IllegalStateException(
          "the mutant %s is stale: %s must contain \"%s\" exactly once and %s; see whether its rule still holds there, and adapt it"
              .formatted(name, where, text, first < 0 ? "does not" : "contains it more often"));
    }
  }

  /** Begins a mutant. */
  static Draft of(String name, String rule) {
    return new Draft(name, rule, "", "", "", "");
  }

  /** A mutant that is being described. */
  record Draft(
      String name,
      String rule,
      String module,
      String changed,
      String original,
      String replacement) {

    Draft in(String changedModule, String changedClass) {
      return new Draft(name, rule, changedModule, changedClass, original, replacement);
    }

    Draft replace(String text) {
      return new Draft(name, rule, module, changed, text, replacement);
    }

    Draft by(String text) {
      return new Draft(name, rule, module, changed, original, text);
    }

    /** By a test of the changed class's module. */
    Mutant caughtBy(String type, String method, String invariant) {
      return caughtIn(module, type, method, invariant);
    }

    /** By a test of another module. */
    Mutant caughtIn(String testModule, String type, String method, String invariant) {
      return new Mutant(
          name,
          rule,
          module,
          changed,
          original,
          replacement,
          new TestMethod(testModule, type, method),
          invariant);
    }
  }
}
