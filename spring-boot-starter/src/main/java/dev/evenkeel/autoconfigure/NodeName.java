package dev.evenkeel.autoconfigure;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.ThreadLocalRandom;

/** A name for this process that no other has: a container's process id alone is always 1. */
final class NodeName {

  private static final int SUFFIX_BOUND = 1 << 24;

  private NodeName() {}

  static String of(String applicationName) {
    return "%s@%s-%d-%06x"
        .formatted(
            applicationName,
            host(),
            ProcessHandle.current().pid(),
            ThreadLocalRandom.current().nextInt(SUFFIX_BOUND));
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "unknown-host"; // the suffix still tells processes apart
    }
  }
}
