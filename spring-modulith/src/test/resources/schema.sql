CREATE TABLE IF NOT EXISTS customer_order (id text PRIMARY KEY, status text NOT NULL);
CREATE TABLE IF NOT EXISTS shipment_step (
  step bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, order_id text NOT NULL, what text NOT NULL);
