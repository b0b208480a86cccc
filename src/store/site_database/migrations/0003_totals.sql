-- The version of what it holds, and how many revisions: kept with each change, never counted. Computed
-- by the program where they are absent.
ALTER TABLE site ADD COLUMN version BLOB;
ALTER TABLE site ADD COLUMN revisions INTEGER NOT NULL DEFAULT 0;
