-- Locks: none on existing tables; everything here is new.
SET LOCAL lock_timeout = '5s';

-- A row here commits with the first messages that are written to the WAL alone, so that every relay knows that there are
-- any: they are in no table, and lost with a lost replication slot. One row would do; several first transactions leave one
-- each, because none is to wait for another.
CREATE TABLE outbox_in_wal (
    since timestamptz NOT NULL DEFAULT clock_timestamp()
);
