-- Up Migration
CREATE TABLE studios (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  schema_name text NOT NULL UNIQUE,
  name text NOT NULL
);

-- Down Migration
DROP TABLE studios;
