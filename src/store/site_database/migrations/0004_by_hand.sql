-- How far a synchronization by hand has looked beyond the last scheduled one (SYNC-3), how many
-- revisions that changed wait for the next scheduled one, and the sender's version when it looked.
ALTER TABLE site ADD COLUMN hand_change INTEGER NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
ALTER TABLE site ADD COLUMN seen_version BLOB;
