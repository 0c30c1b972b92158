-- Locks: ACCESS EXCLUSIVE on orders, order_line and customer_summary for a moment, to add a nullable column (nothing is
-- rewritten); everything else is new.

-- The slot of the key that a row was routed by: what a move of that slot takes along. Filled by V3, demanded by V4.
ALTER TABLE orders ADD COLUMN slot smallint CHECK (slot BETWEEN 0 AND 4095);
ALTER TABLE order_line ADD COLUMN slot smallint CHECK (slot BETWEEN 0 AND 4095);
ALTER TABLE customer_summary ADD COLUMN slot smallint CHECK (slot BETWEEN 0 AND 4095);

-- A customer whose credit was ever touched. The row is never updated: it is what writers of the ledger lock.
CREATE TABLE customer (
    customer_id bigint      PRIMARY KEY CHECK (customer_id > 0),
    slot        smallint    NOT NULL CHECK (slot BETWEEN 0 AND 4095),
    opened_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The credit ledger. Rows are deltas and are never updated: the balance of a customer is the last snapshot and the sum of
-- the entries after it. Numbers count per customer, without gaps, because the customer's row is locked.
CREATE TABLE credit_entry (
    customer_id  bigint         NOT NULL REFERENCES customer,
    entry_number bigint         NOT NULL CHECK (entry_number > 0),
    slot         smallint       NOT NULL CHECK (slot BETWEEN 0 AND 4095),
    kind         text           NOT NULL CHECK (kind IN ('LIMIT', 'RESERVED', 'USED')),
    delta        numeric(14, 2) NOT NULL,
    order_id     uuid,          -- the order that holds the credit; null for a limit
    created_at   timestamptz    NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (customer_id, entry_number), -- balance: the entries after a snapshot
    CHECK ((kind = 'LIMIT') = (order_id IS NULL))
);

-- Sums up to and including an entry, taken in that entry's transaction.
CREATE TABLE credit_snapshot (
    customer_id  bigint         NOT NULL REFERENCES customer,
    entry_number bigint         NOT NULL,
    slot         smallint       NOT NULL CHECK (slot BETWEEN 0 AND 4095),
    credit_limit numeric(20, 2) NOT NULL,
    reserved     numeric(20, 2) NOT NULL,
    used         numeric(20, 2) NOT NULL,
    PRIMARY KEY (customer_id, entry_number) -- balance: the last snapshot
);

CREATE TABLE stock (
    sku      text     PRIMARY KEY,
    slot     smallint NOT NULL CHECK (slot BETWEEN 0 AND 4095),
    on_hand  bigint   NOT NULL CHECK (on_hand >= 0),
    reserved bigint   NOT NULL DEFAULT 0 CHECK (reserved >= 0)
);
