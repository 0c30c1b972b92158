package dev.evenkeel.autoconfigure;

import javax.sql.DataSource;

/** The database that holds the slot map and leases node ids; without shards the application's. */
record CatalogueDatabase(DataSource dataSource) {}
