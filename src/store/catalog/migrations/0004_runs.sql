-- Revisions that the upstream server lists and that could not be read or had, and why: the rest of a
-- synchronization goes on without them, and the next one asks for them again.
CREATE TABLE set_aside (
    update_id  BLOB NOT NULL CHECK (length(update_id) = 16),
    revision   INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    -- Milliseconds since 1970.
    at         INTEGER NOT NULL,
    PRIMARY KEY (update_id, revision)
) STRICT, WITHOUT ROWID;

-- The last synchronizations and imports, whether or not they succeeded.
CREATE TABLE synchronization (
    id           INTEGER PRIMARY KEY,
    -- Milliseconds since 1970.
    began_at     INTEGER NOT NULL,
    finished_at  INTEGER NOT NULL,
    -- JSON.
    record       TEXT NOT NULL
) STRICT;
