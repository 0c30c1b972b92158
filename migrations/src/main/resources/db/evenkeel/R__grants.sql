-- Least privilege: the owner (who runs this) owns the tables; the application writes messages and handles them;
-- the relay leads, publishes and truncates. Empty role names grant nothing: then everybody is the owner.
-- Locks: none beyond the catalogue rows of the grants.
SET LOCAL lock_timeout = '5s';

DO $$
DECLARE
    application text := '${applicationRole}';
    relay       text := '${relayRole}';
    partition   regclass;
BEGIN
    IF application <> '' THEN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = application) THEN
            RAISE EXCEPTION 'evenkeel.migration.application-role names the role "%", which does not exist; create it first with CREATE ROLE', application;
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), application);
        EXECUTE format('GRANT SELECT, INSERT ON outbox, outbox_in_wal, inbox, claim_check, parked_action TO %I', application);
        EXECUTE format('GRANT USAGE ON SEQUENCE outbox_position, parked_position TO %I', application);
        EXECUTE format('GRANT SELECT, UPDATE ON relay_state TO %I', application);
        EXECUTE format('GRANT SELECT ON relay_gap TO %I', application);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON consumer TO %I', application);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON parked_key, parked_message TO %I', application);
        EXECUTE format('GRANT DELETE ON parked_action TO %I', application);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON inbox_partition TO %I', application);
        EXECUTE format('GRANT USAGE ON SEQUENCE shard_sequence TO %I', application);
        EXECUTE format('GRANT SELECT, UPDATE ON slot_map, snowflake_node TO %I', application);
        EXECUTE format('GRANT SELECT, INSERT ON shard_identity, shard, slot_strategy, slot_assignment TO %I', application);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON slot TO %I', application);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON node TO %I', application);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON saga_key, saga_instance, saga_wake, saga_event, saga_timer, saga_node, saga_step, saga_call, saga_lock, saga_definition, saga_action TO %I', application);
    END IF;
    IF relay <> '' THEN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = relay AND rolreplication AND rolcanlogin) THEN
            RAISE EXCEPTION 'evenkeel.migration.relay-role names the role "%", which does not exist or lacks LOGIN or REPLICATION; use CREATE ROLE ... LOGIN REPLICATION', relay;
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), relay);
        EXECUTE format('GRANT SELECT ON outbox, outbox_in_wal, inbox, consumer, claim_check TO %I', relay);
        EXECUTE format('GRANT USAGE ON SEQUENCE parked_position TO %I', relay);
        EXECUTE format('GRANT SELECT, UPDATE ON relay_state, outbox_bucket TO %I', relay);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON relay_gap TO %I', relay);
        EXECUTE format('GRANT UPDATE (xid) ON outbox TO %I', relay); -- of rows that came from another cluster
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON parked_key, parked_message TO %I', relay);
        FOR partition IN
            SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent IN ('outbox'::regclass, 'inbox'::regclass, 'claim_check'::regclass)
        LOOP
            EXECUTE format('GRANT SELECT, TRUNCATE ON %s TO %I', partition, relay);
        END LOOP;
        -- A new leader ends the sessions that a fenced-out leader's handlers still hold; PostgreSQL allows that to members only.
        IF application <> '' AND application <> relay AND NOT pg_has_role(relay, application, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', application, relay);
        END IF;
    END IF;
END
$$;
