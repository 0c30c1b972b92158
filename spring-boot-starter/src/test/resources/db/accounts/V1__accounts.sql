CREATE TABLE account (
    id     bigint   PRIMARY KEY,
    slot   smallint NOT NULL,
    note   text     NOT NULL
);
CREATE TABLE seen (
    account_id bigint NOT NULL,
    handler    text   NOT NULL
);
