package dev.evenkeel.autoconfigure;

import dev.evenkeel.autoconfigure.EvenkeelMeters.Tags;
import dev.evenkeel.shard.guard.DualWriteKind;
import dev.evenkeel.shard.guard.DualWriteObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.EnumMap;
import java.util.Map;

/** Counts dual writes by kind. Every kind is there from the start, at zero. */
final class DualWriteMeter implements DualWriteObserver {

  private final Map<DualWriteKind, Counter> found = new EnumMap<>(DualWriteKind.class);

  DualWriteMeter(MeterRegistry registry) {
    for (DualWriteKind kind : DualWriteKind.values()) {
      found.put(
          kind,
          Counter.builder(EvenkeelMeters.DUAL_WRITES.getName())
              .baseUnit(EvenkeelMeters.DUAL_WRITES.getBaseUnit())
              .tag(Tags.KIND.asString(), kind.tag())
              .register(registry));
    }
  }

  @Override
  public void found(DualWriteKind kind) {
    Counter counter = found.get(kind);
    if (counter != null) {
      counter.increment();
    }
  }
}
