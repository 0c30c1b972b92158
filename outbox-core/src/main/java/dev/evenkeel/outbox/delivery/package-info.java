/**
 * Delivering to {@link dev.evenkeel.outbox.InboxHandler} methods, whatever the messages travelled
 * by: in order per (consumer, key), with retries, parking and releases.
 */
@NullMarked
package dev.evenkeel.outbox.delivery;

import org.jspecify.annotations.NullMarked;
