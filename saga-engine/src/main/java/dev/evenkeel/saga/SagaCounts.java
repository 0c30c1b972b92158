package dev.evenkeel.saga;

import java.util.Map;

/**
 * The instances of one home shard that have not ended.
 *
 * @param byState how many are in each state; absent for none
 * @param stuck how many of them are marked as stuck
 */
public record SagaCounts(Map<SagaState, Long> byState, long stuck) {}
