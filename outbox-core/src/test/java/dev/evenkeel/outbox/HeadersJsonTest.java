package dev.evenkeel.outbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class HeadersJsonTest {

  @Test
  void headersReadBack() {
    Map<String, String> headers =
        Map.of(
            "traceparent", "00-ab-cd-01", "quote", "\"\\\n", "", "empty name", "unicode", "東京 😀");

    assertThat(HeadersJson.read(HeadersJson.write(headers))).isEqualTo(headers);
  }

  @Test
  void noHeadersAreAnEmptyObject() {
    assertThat(HeadersJson.write(Map.of())).isEqualTo("{}");
    assertThat(HeadersJson.read("{}")).isEmpty();
    assertThat(HeadersJson.read("{ }")).isEmpty();
  }

  @Test
  void whatOtherHandsWroteReadsAsText() {
    assertThat(HeadersJson.read("{\"number\": 7, \"nested\": {\"a\": [1]}, \"none\": null}"))
        .isEqualTo(Map.of("number", "7", "nested", "{\"a\":[1]}", "none", "null"));
    assertThat(HeadersJson.read("[1]")).isEmpty();
    assertThat(HeadersJson.read("null")).isEmpty();
  }

  @Test
  void theDatabasesSpacingReadsToo() {
    assertThat(HeadersJson.read("{\"a\": \"b\", \"c\": \"d\"}"))
        .isEqualTo(Map.of("a", "b", "c", "d"));
  }
}
