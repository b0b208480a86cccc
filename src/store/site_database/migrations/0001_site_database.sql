-- The site itself: always exactly one row.
CREATE TABLE site (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    -- Identifies this order of changes to the sites below. A new one tells them that revisions
    -- were removed.
    uuid           BLOB NOT NULL CHECK (length(uuid) = 16),
    -- The newest `revision.change`.
    last_change    INTEGER NOT NULL,
    -- The catalog or site database that revisions come from, and how far they were taken.
    sender         BLOB CHECK (sender IS NULL OR length(sender) = 16),
    sender_change  INTEGER NOT NULL DEFAULT 0,
    -- JSON.
    client_policy  TEXT,
    -- The catalog version that clients were told to scan for.
    announced      TEXT
) STRICT;

CREATE TABLE revision (
    id             INTEGER PRIMARY KEY,
    update_id      BLOB NOT NULL CHECK (length(update_id) = 16),
    revision       INTEGER NOT NULL,
    update_type    TEXT NOT NULL,
    category_type  TEXT,
    expired        INTEGER NOT NULL,
    title          TEXT NOT NULL,
    -- Identifiers of updates, 16 bytes each.
    categories     BLOB NOT NULL CHECK (length(categories) % 16 = 0),
    -- Its place in the order of changes; grows, never twice the same.
    change         INTEGER NOT NULL UNIQUE,
    -- Whoever told of it last.
    sender         BLOB NOT NULL CHECK (length(sender) = 16),
    UNIQUE (update_id, revision)
) STRICT;

CREATE INDEX revision_sender ON revision (sender);

CREATE TABLE status_message (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    number   INTEGER NOT NULL,
    -- Milliseconds since 1970.
    at       INTEGER NOT NULL,
    site     TEXT NOT NULL,
    subject  TEXT NOT NULL,
    text     TEXT NOT NULL
) STRICT;
