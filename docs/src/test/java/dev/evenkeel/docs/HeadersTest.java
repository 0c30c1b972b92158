package dev.evenkeel.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.outbox.MessageHeaders;
import java.lang.reflect.Field;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class HeadersTest {

  @Test
  void everyHeaderIsOnThePage() throws IllegalAccessException {
    Set<String> headers = new TreeSet<>();
    for (Field field : MessageHeaders.class.getFields()) {
      headers.add((String) field.get(null));
    }

    assertThat(
            Handbook.rows("docs/reference/headers.md", "[a-z-]+").stream()
                .map(row -> row.get(0).replace("`", ""))
                .collect(Collectors.toSet()))
        .isEqualTo(headers);
  }
}
