/**
 * What is known of each customer, on the customer's shard: credit, as an append-only ledger, and a
 * read model of orders, kept by an inbox handler.
 */
@NullMarked
package dev.evenkeel.sample.orders.customer;

import org.jspecify.annotations.NullMarked;
