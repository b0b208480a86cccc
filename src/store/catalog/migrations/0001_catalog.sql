-- The catalog itself: always exactly one row.
CREATE TABLE catalog (
    id                    INTEGER PRIMARY KEY CHECK (id = 1),
    -- Identifies this order of changes to those who read it page by page.
    uuid                  BLOB NOT NULL CHECK (length(uuid) = 16),
    -- Milliseconds since 1970; older anchors are not this catalog's.
    created_at            INTEGER NOT NULL,
    -- The newest `revision.change`.
    last_change           INTEGER NOT NULL,
    -- The newest `changed_at` of all tables, in milliseconds since 1970.
    last_changed_at       INTEGER NOT NULL,
    -- Seals the cookies of downstream servers.
    cookie_key            BLOB NOT NULL CHECK (length(cookie_key) = 32),
    -- Who this server is to its upstream server.
    account_guid          BLOB NOT NULL CHECK (length(account_guid) = 16),
    -- JSON; absent before the first synchronization.
    last_synchronization  TEXT
) STRICT;

CREATE TABLE revision (
    id             INTEGER PRIMARY KEY,
    update_id      BLOB NOT NULL CHECK (length(update_id) = 16),
    revision       INTEGER NOT NULL,
    -- As in the document: Category, Detectoid, Software, Driver.
    update_type    TEXT NOT NULL,
    category_type  TEXT,
    -- Whether GetRevisionIdList lists it with GetConfig: categories and detectoids.
    configuration  INTEGER NOT NULL,
    expired        INTEGER NOT NULL,
    title          TEXT NOT NULL,
    -- Its place in the order of changes; grows, never twice the same.
    change         INTEGER NOT NULL UNIQUE,
    -- Milliseconds since 1970; the same within a transaction, later in every later one.
    changed_at     INTEGER NOT NULL,
    UNIQUE (update_id, revision)
) STRICT;

-- A list of revisions is read from this index alone.
CREATE INDEX revision_list ON revision (configuration, changed_at, change, update_id, revision);

-- Apart from `revision`, so that lists need not step over the documents.
CREATE TABLE document (
    revision_id  INTEGER PRIMARY KEY REFERENCES revision (id) ON DELETE CASCADE,
    -- Of `text`.
    sha256       BLOB NOT NULL CHECK (length(sha256) = 32),
    -- Byte for byte as it came.
    text         BLOB NOT NULL
) STRICT;

-- Any member of a group satisfies it; all groups must be satisfied.
CREATE TABLE prerequisite (
    revision_id   INTEGER NOT NULL REFERENCES revision (id) ON DELETE CASCADE,
    group_number  INTEGER NOT NULL,
    target        BLOB NOT NULL CHECK (length(target) = 16),
    is_category   INTEGER NOT NULL,
    PRIMARY KEY (revision_id, group_number, target)
) STRICT, WITHOUT ROWID;

CREATE INDEX prerequisite_target ON prerequisite (target, revision_id);

-- SHA-1 of each file, in the order of FileDigestList.
CREATE TABLE file_digest (
    revision_id  INTEGER NOT NULL REFERENCES revision (id) ON DELETE CASCADE,
    position     INTEGER NOT NULL,
    digest       BLOB NOT NULL,
    PRIMARY KEY (revision_id, position)
) STRICT, WITHOUT ROWID;

-- Where the publisher offers a file.
CREATE TABLE file_location (
    digest         BLOB PRIMARY KEY,
    publisher_url  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE language (
    -- A locale identifier of Windows.
    id          INTEGER PRIMARY KEY,
    short_name  TEXT NOT NULL,
    long_name   TEXT NOT NULL,
    enabled     INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL
) STRICT;

-- How far this catalog has come with an upstream server.
CREATE TABLE upstream_anchor (
    upstream    TEXT NOT NULL,
    -- Languages, Configuration, Updates.
    kind        TEXT NOT NULL,
    anchor      TEXT NOT NULL,
    -- JSON: the categories and classifications that were asked for.
    selection   TEXT NOT NULL,
    PRIMARY KEY (upstream, kind)
) STRICT, WITHOUT ROWID;
