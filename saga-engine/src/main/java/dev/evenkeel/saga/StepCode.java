package dev.evenkeel.saga;

import dev.evenkeel.saga.definition.ActionStep;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What is called for a step: its own code, or that of a participant of this process.
 *
 * @param action what it does
 * @param compensation what undoes it; null for nothing to undo
 * @param isRefusal whether an exception means no, for business reasons
 */
record StepCode(
    ActionStep.Call action,
    ActionStep.@Nullable Call compensation,
    Predicate<Exception> isRefusal) {

  static StepCode of(ActionStep step) {
    return new StepCode(step.action(), step.compensation(), step.retry()::isRefusal);
  }

  /** A participant's handler, with the command that the step has made. */
  static StepCode of(ActionStep step, ParticipantCommand handler, Object command) {
    return new StepCode(
        context -> handler.execute(command),
        context -> {
          handler.undo(command, context.result(step.name(), handler.resultType()));
          return null;
        },
        // A step that can't be given up can't be refused either: that is one more failure.
        e -> step.kind() != StepKind.RETRIABLE && handler.isRefusal(e));
  }
}
