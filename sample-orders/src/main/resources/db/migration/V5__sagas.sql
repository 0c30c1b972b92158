-- Locks: ACCESS EXCLUSIVE on orders while it is read once, to check the new constraints; SHARE on stock while its rows are
-- copied. The rest is new.

-- PLACED     from before the sagas: taken and counted, never charged nor shipped. Such orders have ended and stay as they
--            are; so do the summaries that counted them.
-- PENDING    the order's saga is on its way. Without a row in order_change it has not even begun: should it be turned
--            back then, nothing is left to undo, and the row stays.
-- AWAITING_APPROVAL, CONFIRMED  as they say.
-- SHIPPED, CANCELLED  ended.
ALTER TABLE orders
    DROP CONSTRAINT orders_status_check,
    ADD CONSTRAINT orders_status_check
        CHECK (status IN ('PLACED', 'PENDING', 'AWAITING_APPROVAL', 'CONFIRMED', 'SHIPPED', 'CANCELLED')),
    ADD COLUMN saga_id uuid, -- null when the order was not taken over HTTP
    ADD COLUMN reason text,
    ADD CONSTRAINT orders_reason_check CHECK ((status = 'CANCELLED') = (reason IS NOT NULL));

-- What each saga did to its order, in order. Only ever appended.
CREATE TABLE order_change (
    order_id      uuid        NOT NULL REFERENCES orders (id),
    change_number integer     NOT NULL,
    slot          smallint    NOT NULL CHECK (slot BETWEEN 0 AND 4095),
    status        text        NOT NULL,
    changed_at    timestamptz NOT NULL,
    PRIMARY KEY (order_id, change_number)
);

-- What was done to each article, in order. Only ever appended. No constraint keeps a line from being reserved or shipped
-- twice: that is what the sagas promise, and what the audit looks for.
CREATE TABLE stock_entry (
    sku          text        NOT NULL REFERENCES stock,
    entry_number bigint      NOT NULL CHECK (entry_number > 0),
    slot         smallint    NOT NULL CHECK (slot BETWEEN 0 AND 4095),
    kind         text        NOT NULL CHECK (kind IN ('SET', 'RESERVED', 'RELEASED', 'SHIPPED')),
    quantity     bigint      NOT NULL, -- of SET the difference, else positive
    order_id     uuid,
    line_number  integer,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (sku, entry_number), -- append: the last number
    CHECK (kind = 'SET' OR quantity > 0),
    CHECK ((kind = 'SET') = (order_id IS NULL)),
    CHECK ((order_id IS NULL) = (line_number IS NULL))
);
INSERT INTO stock_entry (sku, entry_number, slot, kind, quantity)
SELECT sku, 1, slot, 'SET', on_hand FROM stock WHERE on_hand > 0;

-- Idempotency-Key of POST /orders, on the shard of the key: which order it stands for.
CREATE TABLE idempotency_key (
    key         text        PRIMARY KEY,
    slot        smallint    NOT NULL CHECK (slot BETWEEN 0 AND 4095),
    body_hash   text        NOT NULL, -- SHA-256, in hexadecimal digits
    order_id    uuid        NOT NULL,
    placed_at   timestamptz NOT NULL, -- the order's; a retry starts the very same one
    reserved_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX idempotency_key_age ON idempotency_key (reserved_at); -- each reservation: which keys have expired?
