package dev.evenkeel.shard;

import com.dynatrace.hash4j.hashing.Hashing;
import dev.evenkeel.shard.SlotCatalogue.Move;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Proposes which slots should move when shards come or go.
 *
 * <p>Rendezvous hashing (Thaler and Ravishankar, 1996) with bounded loads: each slot has a score
 * for each shard, a pure function of the two. A shard with more than its even share gives its
 * surplus, those slots first that score highest on a shard with too few. So as few slots move as an
 * even spread needs (3 to 4 shards: a quarter), from all givers alike, and two nodes propose the
 * same. Pinned slots and slots on their way stay where they are.
 */
public final class SlotProposal {

  private SlotProposal() {}

  /**
   * The moves that even the slots out.
   *
   * @param shards the shards that slots should lie on afterwards
   * @throws IllegalArgumentException without any shard
   */
  public static List<Move> moves(SlotMap map, Collection<String> shards) {
    TreeSet<String> wanted = new TreeSet<>(shards);
    if (wanted.isEmpty()) {
      throw new IllegalArgumentException("A proposal needs at least one shard");
    }
    Map<String, List<SlotMap.Entry>> movable = new TreeMap<>();
    Map<String, Integer> counts = new TreeMap<>();
    wanted.forEach(shard -> counts.put(shard, 0));
    for (SlotMap.Entry entry : map.entries()) {
      String owner = entry.target() == null ? entry.shard() : entry.target();
      counts.merge(owner, 1, Integer::sum);
      if (!entry.pinned() && entry.state() == SlotMap.State.SETTLED) {
        movable.computeIfAbsent(owner, shard -> new ArrayList<>()).add(entry);
      }
    }
    return moves(map.entries().size(), wanted, movable, counts);
  }

  private static List<Move> moves(
      int slots,
      Collection<String> wanted,
      Map<String, List<SlotMap.Entry>> movable,
      Map<String, Integer> counts) {
    Map<String, Integer> shares = shares(slots, wanted, counts);
    List<Move> candidates = new ArrayList<>();
    movable.forEach(
        (from, entries) -> {
          for (SlotMap.Entry entry : entries) {
            for (String to : wanted) {
              if (!to.equals(from) && lacks(to, counts, shares)) {
                candidates.add(new Move(entry.slot(), from, to));
              }
            }
          }
        });
    candidates.sort(
        Comparator.comparingLong((Move move) -> score(move.slot(), move.to())).reversed());
    return choose(candidates, shares, new TreeMap<>(counts));
  }

  private static List<Move> choose(
      List<Move> candidates, Map<String, Integer> shares, Map<String, Integer> counts) {
    List<Move> moves = new ArrayList<>();
    TreeSet<Integer> moved = new TreeSet<>();
    for (Move move : candidates) {
      boolean surplus = lacks(move.from(), shares, counts); // its share is less than what it has
      if (surplus && lacks(move.to(), counts, shares) && moved.add(move.slot())) {
        counts.merge(move.from(), -1, Integer::sum);
        counts.merge(move.to(), 1, Integer::sum);
        moves.add(move);
      }
    }
    return moves;
  }

  private static boolean lacks(String shard, Map<String, Integer> has, Map<String, Integer> needs) {
    return has.getOrDefault(shard, 0) < needs.getOrDefault(shard, 0);
  }

  /** Even shares; the remainder goes to those that have most, so that fewer slots move. */
  private static Map<String, Integer> shares(
      int slots, Collection<String> wanted, Map<String, Integer> counts) {
    Map<String, Integer> shares = new TreeMap<>();
    int remainder = slots % wanted.size();
    List<String> byCount = new ArrayList<>(wanted);
    byCount.sort(Comparator.comparing((String shard) -> counts.getOrDefault(shard, 0)).reversed());
    for (String shard : byCount) {
      shares.put(shard, slots / wanted.size() + (remainder-- > 0 ? 1 : 0));
    }
    return shares;
  }

  private static long score(int slot, String shard) {
    return Hashing.xxh3_64().hashCharsToLong(slot + "@" + shard) >>> 1;
  }
}
