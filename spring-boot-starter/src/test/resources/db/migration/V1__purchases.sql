-- The application's own migration. It refers to the framework's tables, so those must be there first.
CREATE TABLE purchase (id uuid PRIMARY KEY, status text NOT NULL);
CREATE TABLE receipt (purchase_id uuid NOT NULL, text text NOT NULL);
CREATE VIEW purchase_outbox AS SELECT aggregateid, type, headers FROM evenkeel.outbox;

-- What was written in which order.
CREATE TABLE write_log (step bigserial PRIMARY KEY, entry text NOT NULL);
CREATE FUNCTION log_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO write_log (entry) VALUES (TG_ARGV[0]);
    RETURN NEW;
END
$$;
CREATE TRIGGER purchase_written AFTER UPDATE ON purchase
    FOR EACH ROW EXECUTE FUNCTION log_write('purchase');
CREATE TRIGGER outbox_written AFTER INSERT ON evenkeel.outbox
    FOR EACH ROW EXECUTE FUNCTION log_write('outbox');
