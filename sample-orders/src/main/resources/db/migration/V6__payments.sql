-- Locks: none on existing tables; everything here is new.

-- What customers were charged, by the key of whoever charged them. A key is charged once, and not after it was voided:
-- who does not know whether a charge arrived voids it, and that may come first.
CREATE TABLE payment (
    key         text           PRIMARY KEY CHECK (length(key) BETWEEN 1 AND 255),
    customer_id bigint         NOT NULL CHECK (customer_id > 0),
    slot        smallint       NOT NULL CHECK (slot BETWEEN 0 AND 4095),
    order_id    uuid           NOT NULL,
    amount      numeric(14, 2) CHECK (amount > 0), -- null when it was voided before it was charged
    charged_at  timestamptz,
    voided_at   timestamptz,
    CHECK ((charged_at IS NULL) = (amount IS NULL)),
    CHECK (charged_at IS NOT NULL OR voided_at IS NOT NULL)
);
