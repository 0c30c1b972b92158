/**
 * Which of the three services a process is. Without a profile it is all of them; with {@code
 * orders}, {@code customers} or {@code warehouses} it is that one, has that one's beans and its
 * database, and speaks to the others through Kafka.
 */
@NullMarked
package dev.evenkeel.sample.orders.service;

import org.jspecify.annotations.NullMarked;
