package dev.evenkeel.relay;

import dev.evenkeel.outbox.Subscription;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which consumers a relay's transport answers for.
 *
 * @param here subscriptions of this process's handlers; empty behind a broker
 * @param upcast older versions that this process's upcasters serve besides: answered for where they
 *     are registered, by an earlier version of the application, but not registered by this one
 * @param broker whether a broker answers for everybody: then its acknowledgement stands in the
 *     place of the registry, and no registered consumer is missing
 */
record Served(Set<Subscription> here, Set<Subscription> upcast, boolean broker) {

  Served {
    here = Set.copyOf(here);
    upcast = Set.copyOf(upcast);
  }

  /** Names of registered subscriptions that nobody here answers for. */
  Set<String> missing(Set<Subscription> registered) {
    Set<String> missing = new TreeSet<>();
    if (!broker) {
      for (Subscription subscription : registered) {
        if (!here.contains(subscription) && !upcast.contains(subscription)) {
          missing.add(subscription.toString());
        }
      }
    }
    return missing;
  }
}
