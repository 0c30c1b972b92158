CREATE TABLE movement (
    transfer text NOT NULL,
    account  text NOT NULL,
    kind     text NOT NULL,
    PRIMARY KEY (transfer, account, kind)
);
