package dev.evenkeel.outbox;

import dev.evenkeel.outbox.spi.PayloadException;
import dev.evenkeel.outbox.spi.Upcaster;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** The upcasters of a process, each a link from one version of a type to the next. Immutable. */
final class Upcasters {

  private record Link(String type, int from) {}

  private final Map<Link, Upcaster> links = new HashMap<>();

  private Upcasters() {}

  /**
   * Collects upcasters.
   *
   * @param mistakes takes what is wrong with them, each as a sentence
   */
  static Upcasters of(Collection<? extends Upcaster> all, EventTypes types, List<String> mistakes) {
    Upcasters upcasters = new Upcasters();
    Map<String, NavigableSet<Integer>> byType = new TreeMap<>();
    for (Upcaster upcaster : all) {
      String name = upcaster.getClass().getName();
      Link link = new Link(upcaster.type(), upcaster.fromVersion());
      if (link.from() < 1 || link.from() == Integer.MAX_VALUE) {
        mistakes.add(
            "%s: fromVersion must be at least 1, was %d".formatted(name, upcaster.fromVersion()));
      } else if (!types.knows(link.type())) {
        mistakes.add(
            "%s upcasts the type \"%s\", which nobody registered".formatted(name, link.type()));
      } else {
        Upcaster other = upcasters.links.putIfAbsent(link, upcaster);
        if (other != null) {
          mistakes.add(
              "%s and %s both upcast %s from v%d; one link needs one upcaster"
                  .formatted(other.getClass().getName(), name, link.type(), link.from()));
        }
        byType.computeIfAbsent(link.type(), t -> new TreeSet<>()).add(link.from());
      }
    }
    byType.forEach((type, from) -> requireChain(type, from, types, mistakes));
    return upcasters;
  }

  private static void requireChain(
      String type, NavigableSet<Integer> from, EventTypes types, List<String> mistakes) {
    int before = from.first();
    for (int version : from.tailSet(before, false)) {
      if (version != before + 1) {
        mistakes.add(
            "%s has upcasters from v%d and from v%d, but none from v%d"
                .formatted(type, before, version, before + 1));
      }
      before = version;
    }
    if (types.find(type, before + 1).isEmpty()) {
      mistakes.add(
          "%s has an upcaster from v%d to v%d, but no class is registered for v%d"
              .formatted(type, before, before + 1, before + 1));
    }
  }

  /** Whether there is an upcaster from this version to the next. */
  boolean leadFrom(String type, int version) {
    return links.containsKey(new Link(type, version));
  }

  /** The first version on the way that no upcaster leads on from; {@code to} when all do. */
  int reach(String type, int from, int to) {
    int version = from;
    while (version < to && leadFrom(type, version)) {
      version++;
    }
    return version;
  }

  /**
   * Takes a payload from one version to another, over each in between.
   *
   * @throws PayloadException if an upcaster fails
   */
  byte[] upcast(String type, int from, int to, byte[] payload) {
    byte[] current = payload;
    for (int version = from; version < to; version++) {
      Upcaster upcaster = links.get(new Link(type, version));
      if (upcaster == null) {
        throw new PayloadException(
            "no upcaster leads %s from v%d to v%d".formatted(type, version, version + 1), null);
      }
      current = upcast(upcaster, current);
    }
    return current;
  }

  @SuppressWarnings("ConstantValue") // implementations need not be null-marked
  private static byte[] upcast(Upcaster upcaster, byte[] payload) {
    String what = "the upcaster of %s from v%d".formatted(upcaster.type(), upcaster.fromVersion());
    byte[] result;
    try {
      result = upcaster.upcast(payload);
    } catch (RuntimeException e) { // a pure function that fails once fails each time
      throw new PayloadException(what + " failed: " + e, e);
    }
    if (result == null) {
      throw new PayloadException(what + " returned null", null);
    }
    return result;
  }
}
