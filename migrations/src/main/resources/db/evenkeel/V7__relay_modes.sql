-- Locks: ACCESS EXCLUSIVE on relay_state for a moment; everything else here is new.
SET LOCAL lock_timeout = '5s';

-- The polling relay's place in the window under way: it has the rows that polling_window sees and published does not, and
-- those up to polling_position are acknowledged. Null: no row of the window after the published snapshot is known to be.
ALTER TABLE relay_state
    ADD COLUMN polling_window   pg_snapshot,
    ADD COLUMN polling_position bigint,
    ADD CHECK ((polling_window IS NULL) = (polling_position IS NULL));

-- Who was seen streaming while Kafka Connect relays, 'pid@start' of its walsender; where nobody was, where the replication slot
-- stood. The same walsender on it proves that it is the same replication slot.
ALTER TABLE relay_state
    ADD COLUMN seen_walsender text,
    ADD COLUMN seen_confirmed pg_lsn;

-- What was found missing from a stream, and what was done about it. Written before the repair begins.
CREATE TABLE relay_gap (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recognised_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    epoch         bigint      NOT NULL,
    node          text        NOT NULL,
    gap           text        NOT NULL, -- what happened, a sentence
    repaired_at   timestamptz,
    repair        text,                 -- what was done, a sentence
    CHECK ((repaired_at IS NULL) = (repair IS NULL))
);

-- The primary's timeline when the witness was last set anew: another one means that a standby was promoted, or a backup restored.
ALTER TABLE relay_state ADD COLUMN timeline bigint;
