/**
 * Charges customers, over HTTP: a service that knows nothing of sagas, and whose callers know
 * nothing of its transactions. An idempotency key is what they have in common.
 */
@NullMarked
package dev.evenkeel.sample.orders.payment;

import org.jspecify.annotations.NullMarked;
