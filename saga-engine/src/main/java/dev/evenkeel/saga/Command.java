package dev.evenkeel.saga;

import java.util.Objects;

/**
 * What a step of a participant returns: the command, which the participant's {@link CommandHandler}
 * carries out, in this process or in another.
 *
 * @param payload the command, of a class that the participant has a handler for
 * @param <R> what the handler returns, and with it the result of the step
 */
@SuppressWarnings("UnusedTypeParameter") // says what the step's result is
public record Command<R>(Object payload) {

  public Command {
    Objects.requireNonNull(payload, "payload");
  }

  /** A command. */
  public static <R> Command<R> of(Object payload) {
    return new Command<>(payload);
  }
}
