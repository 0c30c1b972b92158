package dev.evenkeel.saga;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One moment of one instance: what the databases hold, who owns it and what its owners know. Steps
 * are numbered as {@link SagaModel} numbers them. Copied before it is changed.
 */
final class ModelWorld extends StoredSteps {

  /** An owner's memory; an empty {@code state} is an owner that was let go, whose work goes on. */
  static final class Owner {
    boolean isFirst;
    @Nullable InstanceState state;

    /** Equal texts for equal states, but for the reason to turn back. */
    String stateKey = "";

    boolean isWriting;
    Decision.@Nullable Awaited awaited;

    /** What it goes back to when its write is refused because there is news. */
    @Nullable InstanceState before;

    String beforeKey = "";
    int noticed;
    int taken;
    int shardsRead;
    int[] forward;
    int[] fence;
    int[] undo;

    Owner(int steps) {
      forward = new int[steps];
      fence = new int[steps];
      undo = new int[steps];
    }

    Owner copy() {
      Owner copy = new Owner(forward.length);
      copy.isFirst = isFirst;
      copy.state = state;
      copy.stateKey = stateKey;
      copy.isWriting = isWriting;
      copy.awaited = awaited;
      copy.before = before;
      copy.beforeKey = beforeKey;
      copy.noticed = noticed;
      copy.taken = taken;
      copy.shardsRead = shardsRead;
      copy.forward = forward.clone();
      copy.fence = fence.clone();
      copy.undo = undo.clone();
      return copy;
    }

    /** Under way: 0 for nothing, 1 for an attempt, 2 for one that reads first. */
    int[] flights(StepState.Work work) {
      return switch (work) {
        case FORWARD -> forward;
        case FENCE -> fence;
        case UNDO -> undo;
        case SKIP, RESOLVE, NONE -> throw new IllegalArgumentException("Nothing is under way");
      };
    }

    boolean isIdle() {
      return Arrays.stream(forward).sum() + Arrays.stream(fence).sum() + Arrays.stream(undo).sum()
          == 0;
    }
  }

  // The home shard, beside what is known of the steps.
  @Nullable SagaFailure failure;
  int events;

  // The world outside.
  int signalsSent;
  int signalsTaken;
  boolean cancelSent;
  int clock;

  @Nullable Owner current;
  @Nullable Owner former;

  ModelWorld(int steps) {
    super(steps);
  }

  ModelWorld copy() {
    ModelWorld copy = new ModelWorld(rows.length);
    copy.become(this);
    copy.failure = failure;
    copy.events = events;
    copy.signalsSent = signalsSent;
    copy.signalsTaken = signalsTaken;
    copy.cancelSent = cancelSent;
    copy.clock = clock;
    copy.current = current == null ? null : current.copy();
    copy.former = former == null ? null : former.copy();
    return copy;
  }

  /** Equal texts for equal worlds, and only for those. */
  String key(SagaModel model) {
    StringBuilder key = new StringBuilder(96);
    key.append((char) (phase.ordinal() * 2 + (forwardOnly ? 1 : 0)));
    append(key, failure);
    key.append((char) events);
    for (int i = 0; i < rows.length; i++) {
      key.append(
          (char)
              ((((outcome(rows[i]) * 2 + (undone[i] ? 1 : 0)) * 4 + effects[i]) * 4)
                  + undoEffects[i]));
    }
    key.append((char) (signalsSent * 4 + signalsTaken));
    key.append((char) (clock * 2 + (cancelSent ? 1 : 0)));
    append(key, current, model);
    if (current != null && current.state != null) {
      append(key, current.state.failure());
    }
    append(key, former, model); // why it would turn is never written
    return key.toString();
  }

  private void append(StringBuilder key, @Nullable Owner owner, SagaModel model) {
    if (owner == null) {
      key.append('\uffff');
      return;
    }
    for (int i = 0; i < rows.length; i++) {
      key.append((char) ((owner.forward[i] * 3 + owner.fence[i]) * 3 + owner.undo[i]));
    }
    if (owner.state == null) {
      key.append('\ufffe');
      return;
    }
    key.append((char) (owner.isFirst ? 1 : 0));
    key.append((char) (owner.isWriting ? 1 : 0));
    Decision.Awaited awaited = owner.awaited;
    key.append(awaited == null ? '-' : (char) model.number(awaited.key()));
    key.append(
        awaited == null || awaited.event() == null ? '-' : (char) awaited.event().position());
    key.append((char) owner.noticed).append((char) owner.taken).append((char) owner.shardsRead);
    key.append(owner.stateKey).append(owner.beforeKey);
  }

  /** Of an owner's state, see {@link Owner#stateKey}. */
  static String key(InstanceState state, SagaModel model) {
    StringBuilder key = new StringBuilder();
    key.append((char) (state.phase().ordinal() * 2 + (state.forwardOnly() ? 1 : 0)));
    for (int i = 0; i < model.size(); i++) {
      StepState step = state.step(model.key(i));
      int bits = step.work().ordinal();
      bits = bits * 8 + outcome(step.outcome());
      bits = bits * 2 + (step.undone() ? 1 : 0);
      bits = bits * 4 + step.attempts();
      bits = bits * 2 + step.tries();
      bits = bits * 2 + (step.notBefore() == null ? 0 : 1);
      bits = bits * 2 + (step.trouble() == null ? 0 : 1);
      key.append((char) bits);
    }
    state.signals().forEach(s -> key.append((char) s.position()));
    return key.toString();
  }

  private static int outcome(@Nullable Outcome outcome) {
    return outcome == null ? 0 : outcome.ordinal() + 1;
  }

  private static void append(StringBuilder key, @Nullable SagaFailure failure) {
    key.append(failure == null ? '-' : (char) failure.reason().ordinal());
    key.append(failure == null ? "" : failure.step()).append(';');
  }
}
