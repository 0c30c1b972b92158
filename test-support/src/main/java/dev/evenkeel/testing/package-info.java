/**
 * The test kit: a migrated database, a relay that delivers when a test says so, and contracts.
 *
 * <p>Applications start with {@link dev.evenkeel.testing.EvenkeelDatabase} and {@link
 * dev.evenkeel.testing.ManualRelay}. Whoever writes a transport or a codec extends {@link
 * dev.evenkeel.testing.TransportContract} or {@link dev.evenkeel.testing.PayloadCodecContract}.
 */
@NullMarked
package dev.evenkeel.testing;

import org.jspecify.annotations.NullMarked;
