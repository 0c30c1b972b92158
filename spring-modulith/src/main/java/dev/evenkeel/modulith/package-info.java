/**
 * Spring Modulith's externalized events by way of Evenkeel's outbox: what {@code @Externalized} and
 * {@link org.springframework.modulith.events.EventExternalizationConfiguration} select and route is
 * appended in the transaction that publishes it. {@link dev.evenkeel.modulith.OutboxExternalizer}
 * appends, {@link dev.evenkeel.modulith.ExternalizedTypes} registers the types, so that {@link
 * dev.evenkeel.outbox.InboxHandler} methods of other modules can take the events.
 */
@NullMarked
package dev.evenkeel.modulith;

import org.jspecify.annotations.NullMarked;
