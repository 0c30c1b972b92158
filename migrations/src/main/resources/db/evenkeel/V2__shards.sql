-- Locks: ACCESS EXCLUSIVE on inbox and parked_message for a moment, to add a nullable column and a check that is not
-- held against the rows that are there (nothing is rewritten or read); everything else is new.
SET LOCAL lock_timeout = '5s';

-- The slot of the transaction that took effect, or of the message that waits: what a move of that slot takes along.
-- Null where the application is not sharded.
ALTER TABLE inbox ADD COLUMN slot smallint;
ALTER TABLE inbox ADD CONSTRAINT inbox_slot CHECK (slot BETWEEN 0 AND 4095) NOT VALID;
ALTER TABLE parked_message ADD COLUMN slot smallint;
ALTER TABLE parked_message ADD CONSTRAINT parked_message_slot CHECK (slot BETWEEN 0 AND 4095) NOT VALID;

-- Which shard this database is, and of which slot map: two exchanged URLs must be an error, not lost rows.
CREATE TABLE shard_identity (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    name      text NOT NULL,
    map_id    uuid NOT NULL
);

-- From here on: rows only on the catalogue shard.

-- One row. version counts the changes of the map; whoever changes slots or assignments locks this row first.
CREATE TABLE slot_map (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    id        uuid    NOT NULL DEFAULT gen_random_uuid(),
    version   bigint  NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
INSERT INTO slot_map DEFAULT VALUES;

-- The databases. The ordinal goes into ids (sequence + shard) and is never given to another shard.
CREATE TABLE shard (
    name          text        PRIMARY KEY,
    ordinal       smallint    NOT NULL UNIQUE CHECK (ordinal BETWEEN 0 AND 1023),
    registered_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- SETTLED    the slot's rows are on shard, and nowhere else.
-- ANNOUNCED  it is to move to target: nodes learn of it and confirm; transactions still go to shard.
-- COPYING    its rows are being copied; transactions still go to shard.
-- FENCED     every living node has confirmed: no transaction begins anywhere until the slot is SETTLED on target.
-- epoch counts the slot's owners; version is the map's version that the row last changed in.
CREATE TABLE slot (
    slot    smallint PRIMARY KEY CHECK (slot BETWEEN 0 AND 4095),
    shard   text     NOT NULL REFERENCES shard,
    state   text     NOT NULL DEFAULT 'SETTLED' CHECK (state IN ('SETTLED', 'ANNOUNCED', 'COPYING', 'FENCED')),
    target  text     REFERENCES shard,
    epoch   bigint   NOT NULL DEFAULT 1,
    version bigint   NOT NULL,
    pinned  boolean  NOT NULL DEFAULT false, -- no proposal takes it elsewhere
    CHECK ((target IS NULL) = (state = 'SETTLED'))
);
CREATE INDEX slot_version ON slot (version); -- nodes: what has changed since the version I know?

-- Strategies other than the hash. DIRECTORY: one key, one slot. TEXT_RANGE and NUMBER_RANGE: from lower_key up to, and
-- without, upper_key. What is assigned stays assigned, because rows carry the slot: the slot moves, not the key.
CREATE TABLE slot_strategy (
    name text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('DIRECTORY', 'TEXT_RANGE', 'NUMBER_RANGE'))
);
CREATE TABLE slot_assignment (
    strategy  text     NOT NULL REFERENCES slot_strategy,
    lower_key text     NOT NULL,
    upper_key text,
    slot      smallint NOT NULL CHECK (slot BETWEEN 0 AND 4095),
    version   bigint   NOT NULL,
    PRIMARY KEY (strategy, lower_key)
);
CREATE INDEX slot_assignment_version ON slot_assignment (version); -- nodes: what has been assigned since the version I know?

-- The running processes. A node that is past its lease has confirmed nothing: whoever moves a slot ends its sessions,
-- which carry the tag in their application_name.
CREATE TABLE node (
    name              text        PRIMARY KEY,
    tag               text        NOT NULL UNIQUE,
    relays            boolean     NOT NULL,
    joined_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    lease_until       timestamptz NOT NULL,
    confirmed_version bigint      NOT NULL
) WITH (fillfactor = 50);

-- Node ids of Snowflake ids, leased. ceiling: no id of this node id carries a later millisecond (since 1970), and the next
-- holder starts beyond it.
CREATE TABLE snowflake_node (
    id          smallint    PRIMARY KEY CHECK (id BETWEEN 0 AND 1023),
    holder      text,
    epoch       bigint      NOT NULL DEFAULT 0,
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    ceiling     bigint      NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO snowflake_node (id) SELECT generate_series(0, 1023);

-- On every shard again: numbers for sequence + shard ids, handed out in blocks of the increment.
CREATE SEQUENCE shard_sequence AS bigint INCREMENT BY 100 CACHE 1;
