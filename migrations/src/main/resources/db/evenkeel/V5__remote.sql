-- Locks: ACCESS EXCLUSIVE on saga_instance, saga_event and saga_step for moments. The added columns have constant
-- defaults, so nothing is rewritten; the check on saga_event reads that table, which holds only what nobody has taken yet.
SET LOCAL lock_timeout = '5s';

-- local_participants  pinned at the start: these participants' commands are executed by the process that runs the saga,
--                     all others' travel as messages. Only a process that has all of them takes the instance.
-- parent_*            the step that a child saga is; null for a saga of its own.
-- waits_for           sagas whose locks it waits for, so that a circle of them is found.
ALTER TABLE saga_instance
    ADD COLUMN local_participants text[] NOT NULL DEFAULT '{}',
    ADD COLUMN parent_id   uuid,
    ADD COLUMN parent_step text,
    ADD COLUMN parent_item integer,
    ADD COLUMN waits_for   uuid[] NOT NULL DEFAULT '{}',
    ADD CHECK ((parent_id IS NULL) = (parent_step IS NULL) AND (parent_id IS NULL) = (parent_item IS NULL));

-- REPLY   what a participant or a child answered; type is the step and its item, payload the answer.
-- RETRY, SKIP, RESOLVE  what an operator decided; payload says of which step, and why.
ALTER TABLE saga_event
    DROP CONSTRAINT saga_event_kind_check,
    ADD CONSTRAINT saga_event_kind_check CHECK (kind IN ('SIGNAL', 'CANCEL', 'REPLY', 'RETRY', 'SKIP', 'RESOLVE'));

-- Of STARTED: until when the call may be under way. Past it the row becomes UNKNOWN, if the saga turns back.
ALTER TABLE saga_step ADD COLUMN not_after timestamptz;

-- What was asked of participants elsewhere and of child sagas, and what they answered, on the saga's home shard. Only the owner writes it,
-- together with its instance; what is asked goes into the outbox in the same transaction. Without a row nothing was asked.
CREATE TABLE saga_call (
    saga_id      uuid        NOT NULL,
    step         text        NOT NULL,
    item         integer     NOT NULL,
    participant  text        NOT NULL,
    type         text        NOT NULL, -- logical name of the command
    payload      bytea       NOT NULL, -- the command, made once: whatever is asked later reaches the same shard
    verb         text        NOT NULL CHECK (verb IN ('EXECUTE', 'FENCE', 'UNDO')), -- asked last
    sendings     integer     NOT NULL,
    failed_sending integer   NOT NULL DEFAULT 0, -- the last that was answered by a failure
    ask_again_at timestamptz NOT NULL,
    outcome      text        CHECK (outcome IN ('DONE', 'REFUSED', 'FENCED', 'SKIPPED')), -- of the action; null until known
    result       bytea,
    undone       boolean     NOT NULL DEFAULT false,
    recorded_at  timestamptz,          -- of the outcome
    PRIMARY KEY (saga_id, step, item),
    CHECK ((outcome IS NULL) = (recorded_at IS NULL)),
    CHECK (outcome = 'DONE' OR NOT undone)
) WITH (fillfactor = 70);

-- Semantic locks, on the shard of the step that took them. A row past its time is still its holder's: it may be taken
-- over only when the holder has ended.
CREATE TABLE saga_lock (
    name       text        NOT NULL,
    key        text        NOT NULL,
    slot       smallint    NOT NULL CHECK (slot BETWEEN 0 AND 4095),
    saga_id    uuid        NOT NULL,
    holds      text[]      NOT NULL, -- steps of the saga that took it, with their items; the last to let go frees it
    taken_at   timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (name, key)
);
CREATE INDEX saga_lock_saga ON saga_lock (saga_id); -- janitor: what has a deleted saga not released?

-- The shape of each definition that has instances, so that a changed one is refused before it meets them.
CREATE TABLE saga_definition (
    saga        text        NOT NULL,
    version     integer     NOT NULL CHECK (version > 0),
    shape       jsonb       NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (saga, version)
);

-- What operators did to sagas. Rows go with their instance.
CREATE TABLE saga_action (
    saga_id  uuid        NOT NULL,
    position bigint      GENERATED ALWAYS AS IDENTITY,
    action   text        NOT NULL CHECK (action IN ('RETRY', 'SKIP', 'RESOLVE', 'CANCEL')),
    step     text,
    item     integer,
    acted_at timestamptz NOT NULL,
    acted_by text        NOT NULL,
    because  text        NOT NULL,
    PRIMARY KEY (saga_id, position)
);
