-- Locks: none on existing tables; everything here is new.

CREATE TABLE orders (
    id          uuid           PRIMARY KEY, -- version 7: in time's order
    version     integer        NOT NULL,
    customer_id bigint         NOT NULL CHECK (customer_id > 0),
    status      text           NOT NULL CHECK (status IN ('PLACED')),
    total       numeric(14, 2) NOT NULL CHECK (total > 0),
    placed_at   timestamptz    NOT NULL
);
CREATE INDEX orders_newest_of_customer ON orders (customer_id, placed_at DESC, id DESC); -- GET /orders?customerId=

CREATE TABLE order_line (
    order_id    uuid          NOT NULL REFERENCES orders (id),
    line_number integer       NOT NULL,
    sku         text          NOT NULL,
    quantity    integer       NOT NULL CHECK (quantity > 0),
    unit_price  numeric(8, 2) NOT NULL CHECK (unit_price > 0),
    PRIMARY KEY (order_id, line_number)
);

-- A read model: the customer-summary consumer writes it, one statement per order.
CREATE TABLE customer_summary (
    customer_id bigint         PRIMARY KEY,
    order_count bigint         NOT NULL CHECK (order_count > 0),
    total       numeric(20, 2) NOT NULL
);
