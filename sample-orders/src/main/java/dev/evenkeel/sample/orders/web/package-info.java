/** What all HTTP endpoints share: strict JSON in, problem details (RFC 9457) out. */
@NullMarked
package dev.evenkeel.sample.orders.web;

import org.jspecify.annotations.NullMarked;
