package dev.evenkeel.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.evenkeel.autoconfigure.EvenkeelMeters;
import io.micrometer.common.docs.KeyName;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class MetricsTest {

  private record Meter(String type, String unit, List<String> tags) {}

  @Test
  void everyMeterIsOnThePageWithTypeUnitAndTags() {
    Map<String, Meter> meters = new TreeMap<>();
    for (EvenkeelMeters meter : EvenkeelMeters.values()) {
      meters.put(
          meter.getName(),
          new Meter(
              meter.getType().name().toLowerCase(Locale.ROOT),
              Objects.requireNonNullElse(meter.getBaseUnit(), ""),
              Arrays.stream(meter.getKeyNames()).map(KeyName::asString).toList()));
    }

    Map<String, Meter> onThePage = new TreeMap<>();
    for (List<String> row : Handbook.rows("docs/reference/metrics.md", "evenkeel\\.[a-z.-]+")) {
      onThePage.put(
          row.get(0).replace("`", ""),
          new Meter(row.get(1), row.get(2), Handbook.codes(row.get(3))));
    }

    assertThat(onThePage).isEqualTo(meters);
  }
}
