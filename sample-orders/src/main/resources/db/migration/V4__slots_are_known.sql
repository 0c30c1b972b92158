-- Locks: ACCESS EXCLUSIVE on orders, order_line and customer_summary while each is read once.

ALTER TABLE orders ALTER COLUMN slot SET NOT NULL;
ALTER TABLE order_line ALTER COLUMN slot SET NOT NULL;
ALTER TABLE customer_summary ALTER COLUMN slot SET NOT NULL;
