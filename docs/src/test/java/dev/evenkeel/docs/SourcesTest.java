package dev.evenkeel.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Code on a page below a {@code source:} comment is what the build compiles and runs. */
class SourcesTest {

  private static final Pattern BLOCK =
      Pattern.compile("<!-- source: (\\S+) -->\n```\\w+\n(.*?)```", Pattern.DOTALL);

  @Test
  void codeOnThePagesIsTheCodeThatIsCompiled() {
    int blocks = 0;
    for (Path page : Handbook.pages()) {
      Matcher block = BLOCK.matcher(Handbook.read(page));
      while (block.find()) {
        blocks++;
        String source = Handbook.read(block.group(1));
        boolean whole = !block.group(1).endsWith(".java") || block.group(2).contains("package ");
        assertThat(block.group(2))
            .as("%s in %s", block.group(1), page)
            .isEqualTo(whole ? source : withoutImports(source));
      }
    }
    assertThat(blocks).isGreaterThanOrEqualTo(8);
  }

  private static String withoutImports(String source) {
    return source.replaceAll("(?m)^(package|import) .*;\n", "").stripLeading();
  }
}
