-- Up Migration
CREATE TABLE bookings (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  class_id bigint NOT NULL REFERENCES classes,
  email text NOT NULL,
  booked timestamptz NOT NULL DEFAULT now(),
  UNIQUE (class_id, email)
);

-- Down Migration
DROP TABLE bookings;
