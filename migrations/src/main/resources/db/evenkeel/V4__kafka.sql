-- Locks: ACCESS EXCLUSIVE on parked_key and parked_message for as long as their indexes are made anew: both hold only
-- what could not be handled, and the added columns have constant defaults (nothing is rewritten).
SET LOCAL lock_timeout = '5s';

-- Where the key's messages come from, and so who releases them: 'relay' (delivered within the leader's process),
-- 'transport' (refused by the broker the leader sends to), or 'GROUP/TOPIC/PARTITION' of a Kafka consumer group. Whoever
-- decides on a parked key checks that it is this source's owner still.
ALTER TABLE parked_key ADD COLUMN source text NOT NULL DEFAULT 'relay';
DROP INDEX parked_key_due;
CREATE INDEX parked_key_due ON parked_key (source, next_attempt_at); -- a releaser: which keys of my sources are due?

-- Who owns a partition of a consumer group, as this database knows it. epoch is raised by each assignment; parking and
-- releasing lock the row FOR SHARE and compare, so an owner whose partition has gone to another changes nothing more.
CREATE TABLE inbox_partition (
    source      text        PRIMARY KEY,
    epoch       bigint      NOT NULL,
    owner       text        NOT NULL,
    assigned_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- aside     a dead letter that does not block its key, because its consumer skips dead letters: later messages flow on,
--           and a retried one comes after them. Cleared by the retry; a discarded one keeps it.
-- source    as parked_key.source: the key's row of a message set aside may be gone and has to be made again.
-- revision  how often operators edited it. A release goes by the revision that it read.
ALTER TABLE parked_message
    ADD COLUMN aside    boolean NOT NULL DEFAULT false,
    ADD COLUMN source   text    NOT NULL DEFAULT 'relay',
    ADD COLUMN revision integer NOT NULL DEFAULT 0,
    ADD CHECK (NOT aside OR state IN ('DEAD', 'DISCARDED'));
DROP INDEX parked_message_head;
CREATE UNIQUE INDEX parked_message_head ON parked_message (consumer, aggregatetype, aggregateid)
    WHERE state IN ('RETRYING', 'DEAD') AND NOT aside;             -- a releaser: the head of a key; there is one at most
CREATE INDEX parked_message_queue ON parked_message (consumer, aggregatetype, aggregateid, position)
    WHERE state = 'QUEUED';                                        -- a releaser: what follows the head
CREATE INDEX parked_message_listed ON parked_message (parked_at, message_id, consumer COLLATE "C")
    WHERE state = 'DEAD';                                          -- operators: pages of dead letters, over all shards

-- What operators did to parked messages. An EDIT keeps what it replaced; rows go with their message, past the window.
CREATE TABLE parked_action (
    consumer   text        NOT NULL,
    message_id uuid        NOT NULL,
    number     integer     NOT NULL, -- of the message's actions, from 1
    action     text        NOT NULL CHECK (action IN ('RETRY', 'EDIT', 'DISCARD')),
    acted_at   timestamptz NOT NULL,
    acted_by   text        NOT NULL,
    because    text,
    payload    bytea,                -- before the edit
    headers    jsonb,                -- before the edit
    PRIMARY KEY (consumer, message_id, number),
    CHECK ((payload IS NOT NULL) = (action = 'EDIT')),
    CHECK ((headers IS NOT NULL) = (action = 'EDIT'))
);

-- Payloads too large for a message, left here by the transaction that appended it; the message carries a claim on them,
-- bucket and id. A ring like the inbox, of the same form: insert-only, the bucket by the database's clock, truncated when
-- all in it is past the window. The primary key serves the only query: the payload of a claim.
CREATE TABLE claim_check (
    bucket    smallint    NOT NULL
        DEFAULT ((floor(extract(epoch FROM clock_timestamp()))::bigint / inbox_ring_width_seconds()) % inbox_ring_buckets())::smallint,
    id        uuid        NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    payload   bytea       NOT NULL,
    PRIMARY KEY (id, bucket)
) PARTITION BY LIST (bucket);

DO $$
BEGIN
    FOR n IN 0 .. inbox_ring_buckets() - 1 LOOP
        EXECUTE format('CREATE TABLE claim_check_%s PARTITION OF claim_check FOR VALUES IN (%s) WITH (autovacuum_vacuum_insert_threshold = -1)',
                       lpad(n::text, 2, '0'), n);
    END LOOP;
END
$$;
