-- Locks: ACCESS EXCLUSIVE on saga_key while its index is built anew; on saga_instance ACCESS EXCLUSIVE for moments, and SHARE,
-- which keeps its writers waiting, while the indexes are built: some seconds for each million rows that are there.
SET LOCAL lock_timeout = '5s';

-- The step that stuck_reason is about; null when the reason is about none.
ALTER TABLE saga_instance ADD COLUMN stuck_step text;

-- Operators' search, newest first. None of these has a column that changes often, so updates stay in their page as before:
-- saga and created_at never change, failure changes when a saga turns back, and stuck_at when it gets stuck.
CREATE INDEX saga_instance_started ON saga_instance (saga, created_at, id); -- search: by saga and age
CREATE INDEX saga_instance_failed ON saga_instance (saga, created_at, id) WHERE failure IS NOT NULL; -- search: which turned back?
CREATE INDEX saga_instance_failed_step ON saga_instance ((failure ->> 'step'), saga, created_at, id)
    WHERE failure IS NOT NULL; -- search: which turned back because of this step?

-- In the order of the search; whoever only counts does not mind.
DROP INDEX saga_instance_stuck;
CREATE INDEX saga_instance_stuck ON saga_instance (saga, created_at, id) WHERE stuck_at IS NOT NULL; -- search, health: which are stuck?

-- The same columns in an order in which a key is found without its slot; whoever knows all three does not mind.
ALTER TABLE saga_key DROP CONSTRAINT saga_key_pkey, ADD PRIMARY KEY (key, saga, slot);
