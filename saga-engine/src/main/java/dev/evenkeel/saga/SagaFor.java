package dev.evenkeel.saga;

/**
 * Says which command starts a saga.
 *
 * @param <C> the command; stored as the payload codec writes it, 256 KiB at most
 */
public interface SagaFor<C> {}
