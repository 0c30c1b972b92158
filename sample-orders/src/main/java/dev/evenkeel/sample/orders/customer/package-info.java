/** What is known of each customer: a read model, kept by an inbox handler. */
@NullMarked
package dev.evenkeel.sample.orders.customer;

import org.jspecify.annotations.NullMarked;
