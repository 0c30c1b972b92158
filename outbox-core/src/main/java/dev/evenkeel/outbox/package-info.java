/**
 * Writing and receiving messages: a state change and every message it causes commit in one local
 * transaction, and each handler's effects happen once.
 *
 * <p>Writing: {@link dev.evenkeel.outbox.OutboxEvent} on a record, {@link
 * dev.evenkeel.outbox.Outbox} in code. Receiving: {@link dev.evenkeel.outbox.InboxHandler} on a
 * method; {@link dev.evenkeel.outbox.InboxReceiver} runs it in one transaction with its inbox row.
 * What can't be handled now waits in {@link dev.evenkeel.outbox.ParkedMessages}, in order per key.
 */
@NullMarked
package dev.evenkeel.outbox;

import org.jspecify.annotations.NullMarked;
