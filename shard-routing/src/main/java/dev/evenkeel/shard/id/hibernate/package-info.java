/**
 * Ids for Hibernate, by annotation beside {@code @Id}. They need no {@code @GeneratedValue}.
 *
 * <p>Generators are made by the Spring context that Hibernate belongs to, as Spring's {@code
 * HibernateJpaVendorAdapter} has it ({@code hibernate.cdi.extensions} and a {@code
 * SpringBeanContainer}; Spring Boot uses both). So constructors take beans, and two contexts in one
 * JVM stay apart, as they would not with a static holder. A bean is looked up with the first id: an
 * application whose entities need none defines none, and start-up has no circles.
 */
@NullMarked
package dev.evenkeel.shard.id.hibernate;

import org.jspecify.annotations.NullMarked;
