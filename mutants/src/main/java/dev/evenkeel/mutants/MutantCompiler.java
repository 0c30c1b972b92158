package dev.evenkeel.mutants;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Compiles the one file that a mutant changes. Error Prone has no say in what is wrong on purpose.
 */
final class MutantCompiler {

  private final Path root;

  MutantCompiler(Path root) {
    this.root = root;
  }

  /**
   * Compiles.
   *
   * @param directory for source and classes
   * @return where the classes are
   * @throws IllegalStateException if the mutant is stale or does not compile
   */
  Path compile(Mutant mutant, Path directory) throws IOException {
    Path source = directory.resolve("src").resolve(mutant.changed().replace('.', '/') + ".java");
    Files.createDirectories(source.getParent());
    Files.writeString(source, mutant.applied(root));
    Path classes = Files.createDirectories(directory.resolve("classes"));

    String classPath =
        TestRun.moduleClassPath(root, mutant.test().module())
            + File.pathSeparator
            + TestRun.ownClassPath();
    List<String> options =
        List.of(
            "--release",
            "17",
            "-parameters",
            "-proc:none",
            "-nowarn",
            "-cp",
            classPath,
            "-d",
            classes.toString());
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter said = new StringWriter();
    try (StandardJavaFileManager files =
        compiler.getStandardFileManager(null, Locale.ROOT, StandardCharsets.UTF_8)) {
      boolean compiled =
          compiler
              .getTask(said, files, null, options, null, files.getJavaFileObjects(source))
              .call();
      if (!compiled) {
        throw new IllegalStateException(
            "the mutant %s does not compile: %s".formatted(mutant.name(), said));
      }
    }
    return classes;
  }
}
