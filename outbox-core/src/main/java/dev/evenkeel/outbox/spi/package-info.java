/** What others implement: how messages travel, how payloads are written, where effects happen. */
@NullMarked
package dev.evenkeel.outbox.spi;

import org.jspecify.annotations.NullMarked;
