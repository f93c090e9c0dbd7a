-- Up Migration
CREATE TABLE classes (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  title text NOT NULL,
  starts timestamptz NOT NULL,
  places integer NOT NULL CHECK (places > 0)
);
CREATE INDEX classes_by_start ON classes (starts);

-- Down Migration
DROP TABLE classes;
