/** How much there is of each article, on the article's shard. */
@NullMarked
package dev.evenkeel.sample.orders.stock;

import org.jspecify.annotations.NullMarked;
