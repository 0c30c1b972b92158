CREATE TABLE IF NOT EXISTS stay (id uuid PRIMARY KEY, room integer NOT NULL);
CREATE TABLE IF NOT EXISTS welcome_card (stay_id uuid NOT NULL, room integer NOT NULL);
