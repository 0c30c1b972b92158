-- Locks: none on existing tables; everything here is new. The publication takes SHARE UPDATE EXCLUSIVE on the new outbox.
-- Names are unqualified on purpose: whoever runs this sets search_path to the installation's schema first (Flyway does).
SET LOCAL lock_timeout = '5s';

-- The ring's size and width live here, in the database, and nowhere else: every writer and janitor computes the same bucket.
-- The column default of outbox.bucket repeats the two numbers, because an expression of literals costs an insert nothing;
-- a test holds the two against each other.
CREATE FUNCTION outbox_ring_buckets() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 16';
CREATE FUNCTION outbox_ring_width_seconds() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 3600';
CREATE FUNCTION inbox_ring_buckets() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 16';
CREATE FUNCTION inbox_ring_width_seconds() RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT 86400';

CREATE SEQUENCE outbox_position AS bigint CACHE 1; -- a larger cache would hand positions out of order

-- The outbox: insert-only, a ring of partitions that is truncated, never deleted from.
-- Column names are those of Debezium's outbox event router, so that Kafka Connect can take the same table over.
-- No unique index on id: a duplicate is refused within a transaction and absorbed by the inbox across transactions.
CREATE TABLE outbox (
    bucket        smallint    NOT NULL
        DEFAULT (floor(extract(epoch FROM clock_timestamp()) / 3600)::bigint % 16)::smallint,
    position      bigint      NOT NULL DEFAULT nextval('outbox_position'),
    xid           bigint      NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    id            uuid        NOT NULL,
    aggregatetype text        NOT NULL,
    aggregateid   text        NOT NULL,
    type          text        NOT NULL,
    version       integer     NOT NULL,
    slot          smallint    NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    headers       jsonb       NOT NULL DEFAULT '{}',
    payload       bytea       NOT NULL,
    CHECK (isfinite(created_at)) -- no instant on the other side stands for infinity
) PARTITION BY LIST (bucket);

-- What the janitor knows of each bucket: S, the snapshot recorded while no writer could be inside it.
CREATE TABLE outbox_bucket (
    bucket       smallint PRIMARY KEY,
    sealed       pg_snapshot,
    sealed_at    timestamptz,
    truncated_at timestamptz
);

-- The inbox: one row per (consumer, message) that took effect. The bucket is a fixed function of the message,
-- so uniqueness holds inside a partition. The primary key serves the only query: was this message handled?
CREATE TABLE inbox (
    bucket      smallint    NOT NULL,
    message_id  uuid        NOT NULL,
    consumer    text        NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (message_id, consumer, bucket)
) PARTITION BY LIST (bucket);

DO $$
BEGIN
    FOR n IN 0 .. outbox_ring_buckets() - 1 LOOP
        -- Insert-triggered vacuums would freeze rows that a TRUNCATE is about to remove.
        EXECUTE format('CREATE TABLE outbox_%s PARTITION OF outbox FOR VALUES IN (%s) WITH (autovacuum_vacuum_insert_threshold = -1)',
                       lpad(n::text, 2, '0'), n);
        INSERT INTO outbox_bucket (bucket) VALUES (n);
    END LOOP;
    FOR n IN 0 .. inbox_ring_buckets() - 1 LOOP
        EXECUTE format('CREATE TABLE inbox_%s PARTITION OF inbox FOR VALUES IN (%s) WITH (autovacuum_vacuum_insert_threshold = -1)',
                       lpad(n::text, 2, '0'), n);
    END LOOP;
END
$$;

-- The relay's one row: who leads (epoch, leader, lease_until), how far the replication slot was confirmed (witness_lsn)
-- and what counts as published (published). fillfactor keeps its updates on one page.
CREATE TABLE relay_state (
    singleton         boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    mode              text    NOT NULL DEFAULT 'embedded' CHECK (mode IN ('embedded', 'polling', 'connect')),
    epoch             bigint  NOT NULL DEFAULT 0,
    leader            text,
    lease_until       timestamptz,
    registry_version  bigint  NOT NULL DEFAULT 0,
    system_identifier text,
    incarnation       bigint  NOT NULL DEFAULT 0,
    witness_lsn       pg_lsn,
    reconciling       boolean NOT NULL DEFAULT false,
    published         pg_snapshot,
    published_at      timestamptz
) WITH (fillfactor = 10);
INSERT INTO relay_state DEFAULT VALUES;

-- Who must have seen a message before it may be acknowledged. version 0: every version of the type.
CREATE TABLE consumer (
    name          text        NOT NULL,
    type          text        NOT NULL,
    version       integer     NOT NULL CHECK (version >= 0),
    registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    retired_at    timestamptz,
    PRIMARY KEY (name, type, version)
);

CREATE SEQUENCE parked_position AS bigint CACHE 1;

-- A parked key: later messages of the key, for that consumer, queue behind the parked ones. The row is the key's lock.
-- next_attempt_at is null while the head is DEAD: nothing happens until somebody decides.
CREATE TABLE parked_key (
    consumer        text NOT NULL,
    aggregatetype   text NOT NULL,
    aggregateid     text NOT NULL,
    next_attempt_at timestamptz,
    PRIMARY KEY (consumer, aggregatetype, aggregateid)
);
CREATE INDEX parked_key_due ON parked_key (next_attempt_at); -- the releaser: which keys are due?

-- QUEUED    waits behind an earlier message of its key; the releaser turns it into the head.
-- RETRYING  head of its key, tried again at parked_key.next_attempt_at; then HANDLED or DEAD.
-- DEAD      a dead letter: blocks its key until somebody retries (RETRYING) or discards (DISCARDED) it.
-- HANDLED, DISCARDED  ended; kept for the dedup window, because a message found here is not dispatched again.
CREATE TABLE parked_message (
    consumer      text        NOT NULL,
    message_id    uuid        NOT NULL,
    position      bigint      NOT NULL DEFAULT nextval('parked_position'),
    aggregatetype text        NOT NULL,
    aggregateid   text        NOT NULL,
    type          text        NOT NULL,
    version       integer     NOT NULL,
    created_at    timestamptz NOT NULL,
    headers       jsonb       NOT NULL,
    payload       bytea       NOT NULL,
    state         text        NOT NULL CHECK (state IN ('QUEUED', 'RETRYING', 'DEAD', 'HANDLED', 'DISCARDED')),
    reason        text        NOT NULL,
    error         text,
    attempts      integer     NOT NULL DEFAULT 0,
    parked_at     timestamptz NOT NULL,
    ended_at      timestamptz,
    ended_by      text,
    ended_because text,
    PRIMARY KEY (consumer, message_id),
    CHECK ((ended_at IS NOT NULL) = (state IN ('HANDLED', 'DISCARDED')))
);
CREATE INDEX parked_message_head ON parked_message (consumer, aggregatetype, aggregateid, position)
    WHERE ended_at IS NULL;                                        -- the releaser: the next message of a key
CREATE INDEX parked_message_dead ON parked_message (position) WHERE state = 'DEAD'; -- operators: list the dead letters
CREATE INDEX parked_message_ended ON parked_message (ended_at) WHERE ended_at IS NOT NULL; -- the janitor: past the window

-- Inserts only: neither TRUNCATE by the janitor nor anything else reaches the relay. Rows arrive under the root's name.
DO $$
BEGIN
    EXECUTE format('CREATE PUBLICATION %I FOR TABLE outbox WITH (publish = ''insert'', publish_via_partition_root = true)',
                   current_schema() || '_outbox');
END
$$;
