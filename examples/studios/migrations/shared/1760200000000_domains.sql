-- Up Migration
ALTER TABLE studios ADD COLUMN domain text UNIQUE;

-- Down Migration
ALTER TABLE studios DROP COLUMN domain;
