package dev.evenkeel.saga;

import java.util.UUID;

/**
 * The result of a step that is a saga of its own, which has completed.
 *
 * @param id of the child
 */
public record ChildSaga(UUID id) {}
