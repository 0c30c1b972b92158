package dev.evenkeel.saga;

import dev.evenkeel.saga.ModelRules.Call;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One moment of one instance and two nodes: what the databases hold, which messages are on their
 * way, and what each node has in memory. Steps are numbered as {@link TwoNodes} numbers them.
 * Copied before it is changed.
 *
 * <p>Counters that only grow are not kept: of an epoch and a version a run knows whether they are
 * still the instance's, of {@code bumped} whether it is more than {@code seen}.
 */
final class TwoNodesWorld extends StoredSteps {

  /** Nothing to wait for. */
  static final int NEVER = 0;

  /** Some backoff, or the time to ask again. */
  static final int SOON = 1;

  /** The deadline. */
  static final int DEADLINE = 2;

  /** Kinds of work, by number. */
  static final int KINDS = 3;

  /** An instance in a node's memory: {@link SagaRun}. */
  static final class Run {

    /** Whether nobody has claimed it since. */
    boolean isLatest = true;

    boolean isEpoch = true;
    boolean isVersion = true;
    boolean isFirst;

    InstanceState state;

    /** Equal texts for equal states. */
    String key = "";

    /** What has to be committed before anything follows. */
    boolean isWriting;

    List<Decision.Send> sends = List.of();
    @Nullable InstanceState before;
    String beforeKey = "";

    /** Of the stored events, by number. */
    int read;

    int taken;

    /** Answers that are not written yet, each a step and an outcome. */
    String answers = "";

    int shardsRead;
    int lookAt;
    int[] flights;

    Run(InstanceState state, int steps) {
      this.state = state;
      this.flights = new int[KINDS * steps];
    }

    Run copy() {
      Run copy = new Run(state, 0);
      copy.isLatest = isLatest;
      copy.isEpoch = isEpoch;
      copy.isVersion = isVersion;
      copy.isFirst = isFirst;
      copy.key = key;
      copy.isWriting = isWriting;
      copy.sends = sends;
      copy.before = before;
      copy.beforeKey = beforeKey;
      copy.read = read;
      copy.taken = taken;
      copy.answers = answers;
      copy.shardsRead = shardsRead;
      copy.lookAt = lookAt;
      copy.flights = flights.clone();
      return copy;
    }

    private void append(StringBuilder to) {
      int bits = isLatest ? 1 : 0;
      bits = bits * 2 + (isEpoch ? 1 : 0);
      bits = bits * 2 + (isVersion ? 1 : 0);
      bits = bits * 2 + (isFirst ? 1 : 0);
      bits = bits * 2 + (isWriting ? 1 : 0);
      bits = bits * 4 + lookAt;
      bits = bits * 16 + shardsRead;
      to.append((char) bits).append((char) read).append((char) taken);
      for (int flight : flights) {
        to.append((char) flight);
      }
      to.append(key).append(beforeKey).append('\uffff').append(answers).append('\uffff');
      for (Decision.Send send : sends) {
        to.append((char) send.work().ordinal()).append((char) send.sending());
        to.append(send.key());
      }
    }
  }

  /** A node. */
  static final class Node {
    @Nullable Run run;

    /** What is still under way and of which nobody wants to know any more. */
    int[] left;

    Node(int steps) {
      left = new int[KINDS * steps];
    }

    Node copy() {
      Node copy = new Node(0);
      copy.run = run == null ? null : run.copy();
      copy.left = left.clone();
      return copy;
    }

    boolean isEmpty() {
      return run == null && Arrays.stream(left).sum() == 0;
    }

    private String key() {
      StringBuilder key = new StringBuilder(64);
      for (int flight : left) {
        key.append((char) flight);
      }
      if (run != null) {
        run.append(key);
      }
      return key.toString();
    }
  }

  // The home shard, beside what is known of the steps.
  /** 0 for nobody, else the node's number and one. */
  int owner;

  boolean isNews;
  int timer;

  /** What is stored, oldest first. */
  String events = "";

  Call[] calls;

  /** How often a step has really failed in its present direction, as far as it matters. */
  final int[] failures;

  // The world outside.
  /** On their way, sorted. */
  String mail = "";

  boolean cancelSent;
  boolean isOverdue;
  int faults;
  final Node[] nodes = new Node[2];

  private TwoNodesWorld(int steps, Call[] calls) {
    super(steps);
    this.calls = calls;
    failures = new int[steps];
  }

  /** Before anything. */
  static TwoNodesWorld empty(int steps, int faults) {
    Call[] calls = new Call[steps];
    Arrays.fill(calls, Call.NONE);
    TwoNodesWorld world = new TwoNodesWorld(steps, calls);
    world.faults = faults;
    world.nodes[0] = new Node(steps);
    world.nodes[1] = new Node(steps);
    return world;
  }

  TwoNodesWorld copy() {
    TwoNodesWorld copy = new TwoNodesWorld(rows.length, calls.clone());
    copy.become(this);
    copy.owner = owner;
    copy.isNews = isNews;
    copy.timer = timer;
    copy.events = events;
    System.arraycopy(failures, 0, copy.failures, 0, rows.length);
    copy.mail = mail;
    copy.cancelSent = cancelSent;
    copy.isOverdue = isOverdue;
    copy.faults = faults;
    copy.nodes[0] = nodes[0].copy();
    copy.nodes[1] = nodes[1].copy();
    return copy;
  }

  /**
   * Equal texts for equal worlds. Worlds in which only the names of the nodes are exchanged are
   * equal: no rule asks for a node's name but whether it is the owner's.
   */
  String key() {
    StringBuilder key = new StringBuilder(160);
    String first = nodes[0].key();
    String second = nodes[1].key();
    boolean isExchanged = first.compareTo(second) > 0;
    int bits = phase.ordinal() * 2 + (forwardOnly ? 1 : 0);
    bits = bits * 3 + (owner == 0 || !isExchanged ? owner : 3 - owner);
    bits = bits * 2 + (isNews ? 1 : 0);
    bits = bits * 3 + timer;
    bits = bits * 2 + (cancelSent ? 1 : 0);
    bits = bits * 2 + (isOverdue ? 1 : 0);
    bits = bits * 16 + faults;
    key.append((char) bits);
    for (int i = 0; i < rows.length; i++) {
      bits = outcome(rows[i]) * 2 + (undone[i] ? 1 : 0);
      bits = (bits * 4 + effects[i]) * 4 + undoEffects[i];
      key.append((char) (bits * 4 + failures[i]));
      Call call = calls[i];
      bits = call.verb() == null ? 0 : call.verb().ordinal() + 1;
      bits = bits * 32 + call.sendings();
      bits = bits * 32 + call.failedSending();
      bits = (bits * 8 + outcome(call.outcome())) * 2 + (call.undone() ? 1 : 0);
      key.append((char) bits).append((char) (bits >> 16));
    }
    key.append(mail).append('\uffff').append(events).append('\uffff');
    key.append(isExchanged ? second : first).append('\uffff');
    return key.append(isExchanged ? first : second).toString();
  }

  static int outcome(@Nullable Outcome outcome) {
    return outcome == null ? 0 : outcome.ordinal() + 1;
  }

  static void append(StringBuilder key, @Nullable SagaFailure failure) {
    key.append(failure == null ? '-' : (char) failure.reason().ordinal());
    key.append(failure == null || failure.step() == null ? "" : failure.step()).append(';');
  }
}
