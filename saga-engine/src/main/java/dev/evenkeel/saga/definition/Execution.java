package dev.evenkeel.saga.definition;

import java.util.regex.Pattern;

/** Who carries a step out, and in which form. */
public sealed interface Execution {

  /** The step's code, in this process. */
  enum OwnCode implements Execution {
    /** In one transaction on the step's shard. */
    LOCAL,
    /** Outside a transaction. */
    EXTERNAL
  }

  /**
   * A participant's handler: the step's code only makes the command.
   *
   * @param name of the participant, part of its topics' names
   */
  record Participant(String name) implements Execution {

    private static final Pattern LEGAL = Pattern.compile("[a-zA-Z0-9._-]{1,100}");

    /** Whether a participant, or a service, may have that name. */
    public static boolean isLegal(String name) {
      return LEGAL.matcher(name).matches();
    }
  }

  /**
   * A saga of its own: the step's code only makes its start command.
   *
   * @param saga name of the child
   * @param command class of the start command
   */
  record Child(String saga, Class<?> command) implements Execution {}

  /** Whether the step's code only makes a command that somebody else carries out. */
  default boolean isDelegated() {
    return this instanceof Participant || this instanceof Child;
  }
}
