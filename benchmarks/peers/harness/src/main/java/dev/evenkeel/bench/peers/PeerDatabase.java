package dev.evenkeel.bench.peers;

import javax.sql.DataSource;

/**
 * The database of one measurement.
 *
 * @param pool for writers and handlers; it outlives the outbox
 */
public record PeerDatabase(String url, String user, String password, DataSource pool) {}
