CREATE TABLE IF NOT EXISTS purse (traveller text PRIMARY KEY, money integer NOT NULL CHECK (money >= 0));
CREATE TABLE IF NOT EXISTS trip (
    id          uuid    PRIMARY KEY,
    traveller   text    NOT NULL,
    price       integer NOT NULL,
    status      text    NOT NULL,
    reason      text,
    approved_by text
);
INSERT INTO purse VALUES ('ann', 5000), ('bob', 50) ON CONFLICT DO NOTHING;
