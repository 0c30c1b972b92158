package dev.evenkeel.saga;

import java.util.UUID;

/**
 * The answer to a start.
 *
 * @param id of the instance; carries the home slot
 * @param isNew false when an instance of the key was started before: this is that one
 * @param sameCommand whether the instance was started with the same command
 */
public record StartedSaga(UUID id, boolean isNew, boolean sameCommand) {}
