/** Ids for Hibernate, by annotation beside {@code @Id}. They need no {@code @GeneratedValue}. */
@NullMarked
package dev.evenkeel.shard.id.hibernate;

import org.jspecify.annotations.NullMarked;
