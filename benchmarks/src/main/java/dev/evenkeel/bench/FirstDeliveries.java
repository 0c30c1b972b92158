package dev.evenkeel.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the attempts of all nodes together must show, whatever was killed.
 *
 * @param mistakes in sentences: what was never delivered, and what came before its predecessor
 * @param repeated attempts at events that had been delivered before
 */
record FirstDeliveries(List<String> mistakes, int repeated) {

  private static final int MOST_MISTAKES = 10;

  /**
   * Looks.
   *
   * @param attempts in any order
   * @param committed the last sequence of each account, all of which are committed
   */
  static FirstDeliveries of(List<Attempt> attempts, Map<Integer, Long> committed) {
    List<Attempt> byTime = new ArrayList<>(attempts);
    byTime.sort(Comparator.comparingLong(Attempt::at));
    Map<Integer, Long> reached = new HashMap<>();
    Set<Long> delivered = new HashSet<>();
    List<String> mistakes = new ArrayList<>();
    int repeated = 0;
    for (Attempt attempt : byTime) {
      if (!delivered.add(attempt.number())) {
        repeated++;
        continue;
      }
      long before = reached.getOrDefault(attempt.account(), 0L);
      if (attempt.sequence() != before + 1 && mistakes.size() < MOST_MISTAKES) {
        mistakes.add(
            "account %d: %d was first delivered after %d, by %s"
                .formatted(attempt.account(), attempt.sequence(), before, attempt.node()));
      }
      reached.put(attempt.account(), attempt.sequence());
    }
    committed.forEach(
        (account, last) -> {
          if (reached.getOrDefault(account, 0L) < last && mistakes.size() < MOST_MISTAKES) {
            mistakes.add(
                "account %d: %d events were committed, the last delivered is %d"
                    .formatted(account, last, reached.getOrDefault(account, 0L)));
          }
        });
    return new FirstDeliveries(List.copyOf(mistakes), repeated);
  }
}
