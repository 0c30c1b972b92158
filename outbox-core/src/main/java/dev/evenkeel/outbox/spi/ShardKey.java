package dev.evenkeel.outbox.spi;

/**
 * What a handler names as the key of its effects.
 *
 * @param strategy name of what turns the key into a slot
 * @param text the key, not blank
 */
public record ShardKey(String strategy, String text) {}
