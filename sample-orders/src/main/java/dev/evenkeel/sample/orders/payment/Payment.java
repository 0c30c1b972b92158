package dev.evenkeel.sample.orders.payment;

import java.math.BigDecimal;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What was done under one key.
 *
 * @param amount null when it was voided before it was charged
 */
record Payment(String key, UUID orderId, @Nullable BigDecimal amount, boolean voided) {}
