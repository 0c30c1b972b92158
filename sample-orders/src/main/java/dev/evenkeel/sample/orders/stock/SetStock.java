package dev.evenkeel.sample.orders.stock;

import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;

/**
 * The body of {@code PUT /stock/{sku}}.
 *
 * @param onHand pieces, 0 to 1,000,000,000
 */
record SetStock(@NotNull @Min(0) @Max(1_000_000_000) Integer onHand) {}
