-- Locks: none on what is there; everything is new.
SET LOCAL lock_timeout = '5s';

-- On the home shard of a saga: key, instance, wake, event, timer, node. On the shard of a step: step.

-- One saga per key: who starts or signals it locks this row first, so that one waits for the other's commit. saga_id is
-- given by whoever comes first, which may be a signal that is ahead of the start. Outlives the instance as its tombstone.
CREATE TABLE saga_key (
    slot         smallint NOT NULL CHECK (slot BETWEEN 0 AND 4095),
    saga         text     NOT NULL,
    key          text     NOT NULL,
    saga_id      uuid     NOT NULL,
    started_by   uuid,        -- the start that won; null until then
    request_hash bytea,       -- SHA-256 of the command
    expires_at   timestamptz, -- null while the instance exists
    PRIMARY KEY (slot, saga, key)
);
CREATE INDEX saga_key_expiry ON saga_key (expires_at) WHERE expires_at IS NOT NULL; -- janitor: which rows may go?

-- RUNNING       steps are taken forward.
-- CLOSING       the saga turns back: what has not happened is fenced, so that it never will. Nothing is undone yet.
-- COMPENSATING  what has happened is undone.
-- COMPLETED, COMPENSATED  ended; deleted when the retention is over.
-- Only the owner writes, and only WHERE epoch and version are what it knows. Every column that changes often is in no
-- index, so that updates stay in their page (HOT): that is why the owner is in saga_wake, the timer in saga_timer, and
-- why the janitor walks the primary key, whose ids are in order of time.
CREATE TABLE saga_instance (
    id           uuid        PRIMARY KEY,
    saga         text        NOT NULL,
    saga_version integer     NOT NULL CHECK (saga_version > 0),
    key          text        NOT NULL,
    slot         smallint    NOT NULL CHECK (slot BETWEEN 0 AND 4095),
    command      bytea       NOT NULL,
    headers      jsonb       NOT NULL DEFAULT '{}',
    state        text        NOT NULL DEFAULT 'RUNNING'
                 CHECK (state IN ('RUNNING', 'CLOSING', 'COMPENSATING', 'COMPLETED', 'COMPENSATED')),
    forward_only boolean     NOT NULL DEFAULT false, -- the pivot was found done: neither deadline nor cancel turn it
    failure      jsonb,                              -- why it turned back
    epoch        bigint      NOT NULL DEFAULT 1,     -- counts the owners
    version      bigint      NOT NULL DEFAULT 0,     -- counts the owner's writes
    claims       integer     NOT NULL DEFAULT 0,     -- taken over, without a write since
    progress     jsonb       NOT NULL DEFAULT '[]',  -- what was done, for the eye: the outcomes are in saga_step
    stuck_at     timestamptz,
    stuck_reason text,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    deadline_at  timestamptz,
    ended_at     timestamptz,
    CHECK ((ended_at IS NOT NULL) = (state IN ('COMPLETED', 'COMPENSATED'))),
    CHECK (failure IS NOT NULL OR state IN ('RUNNING', 'COMPLETED')),
    CHECK ((stuck_at IS NULL) = (stuck_reason IS NULL))
) WITH (fillfactor = 20);
CREATE INDEX saga_instance_stuck ON saga_instance (stuck_at) WHERE stuck_at IS NOT NULL; -- health: which are stuck?

-- One row per saga that has not ended. Whoever has news for a saga counts bumped up in the transaction of the news; the
-- owner sets seen when it has read them. A saga that only waits has no owner and is in nobody's memory.
CREATE TABLE saga_wake (
    saga_id uuid   PRIMARY KEY,
    owner   text,
    bumped  bigint NOT NULL DEFAULT 0,
    seen    bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 70);
CREATE INDEX saga_wake_owner ON saga_wake (owner) WHERE owner IS NOT NULL; -- node: what is mine, what is a dead node's?
CREATE INDEX saga_wake_news ON saga_wake (saga_id) WHERE bumped > seen;    -- node: which have news?

-- What others want the owner to know.
CREATE TABLE saga_event (
    saga_id     uuid        NOT NULL,
    position    bigint      GENERATED ALWAYS AS IDENTITY,
    kind        text        NOT NULL CHECK (kind IN ('SIGNAL', 'CANCEL')),
    type        text        NOT NULL, -- of a signal: the event's logical name; of a cancel: empty
    payload     bytea       NOT NULL, -- of a signal: the event; of a cancel: the reason, UTF-8
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (saga_id, position)
);

-- When a saga that waits in nobody's memory has to be looked at again.
CREATE TABLE saga_timer (
    saga_id uuid        PRIMARY KEY,
    due_at  timestamptz NOT NULL
);
CREATE INDEX saga_timer_due ON saga_timer (due_at); -- node: which are due?

-- The running processes. Past its lease a node's sagas are taken over, and its sessions ended: backends are their ids.
CREATE TABLE saga_node (
    name        text        PRIMARY KEY,
    lease_until timestamptz NOT NULL,
    backends    integer[]   NOT NULL DEFAULT '{}',
    joined_at   timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- What became of a step, in the same transaction as its effects. The first row is final (STARTED excepted).
-- DONE      it took effect; result is what it returned.
-- REFUSED   it said no, for business reasons; result is the failure.
-- FENCED    it did not happen, and from now on can't.
-- STARTED   a call outside a transaction is under way.
-- UNKNOWN   nobody knows whether that call took effect.
-- SKIPPED   an operator let the saga go on without it.
CREATE TABLE saga_step (
    saga_id     uuid        NOT NULL,
    step        text        NOT NULL,
    item        integer     NOT NULL, -- of a forEach step: from 0; else 0
    direction   text        NOT NULL CHECK (direction IN ('FORWARD', 'COMPENSATION')),
    outcome     text        NOT NULL CHECK (outcome IN ('DONE', 'REFUSED', 'FENCED', 'STARTED', 'UNKNOWN', 'SKIPPED')),
    result      bytea,
    slot        smallint    NOT NULL CHECK (slot BETWEEN 0 AND 4095),
    epoch       bigint      NOT NULL,
    attempt     integer     NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (saga_id, step, item, direction),
    CHECK (direction = 'FORWARD' OR outcome IN ('DONE', 'SKIPPED'))
);
