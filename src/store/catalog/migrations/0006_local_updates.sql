-- Updates of local publishers that were published here, and what the last revision of each says: the
-- document is written from it, the same one each time.
CREATE TABLE local_update (
    update_id  BLOB PRIMARY KEY CHECK (length(update_id) = 16),
    -- JSON.
    record     TEXT NOT NULL
) STRICT, WITHOUT ROWID;
