package dev.evenkeel.saga;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An instance at one moment, as its home shard has it: steps that committed within the last moments
 * may be missing from its history.
 *
 * @param id of the instance
 * @param saga name
 * @param version of the definition
 * @param key text of the key
 * @param state where it stands
 * @param forwardOnly whether the pivot is known to have happened
 * @param failure why it turned back; null when it did not
 * @param stuckReason what keeps it; null when it is not stuck
 * @param owner the node that works on it; null when it waits or has ended
 * @param createdAt by the home shard's clock
 * @param deadlineAt null when there is none
 * @param endedAt null while it has not ended
 */
public record SagaStatus(
    UUID id,
    String saga,
    int version,
    String key,
    SagaState state,
    boolean forwardOnly,
    @Nullable SagaFailure failure,
    @Nullable String stuckReason,
    @Nullable String owner,
    Instant createdAt,
    @Nullable Instant deadlineAt,
    @Nullable Instant endedAt) {}
