package dev.evenkeel.autoconfigure;

import java.util.Set;

/** Knows which processes run relays, so that the shards' relays are spread over them. */
@FunctionalInterface
interface LivingNodes {

  /** Their names; empty while it is not known. */
  Set<String> names();
}
