-- Where the relay may poll, by evenkeel.relay.mode, the outbox has an index by transaction; where it reads the WAL no insert
-- pays for one. Nothing here drops it: an administrator may, once no process polls any more, with DROP INDEX outbox_xid.
-- Locks: SHARE on outbox, which keeps its writers waiting, while the index is built: a second for each million rows that are there.
SET LOCAL lock_timeout = '5s';

DO $$
BEGIN
    IF '${polling}' = 'true' THEN
        CREATE INDEX IF NOT EXISTS outbox_xid ON outbox (xid); -- the polling relay: which rows are in the window?
    END IF;
END
$$;
