-- Groups of computers; the first two are on every server.
CREATE TABLE target_group (
    id        BLOB PRIMARY KEY CHECK (length(id) = 16),
    parent    BLOB CHECK (parent IS NULL OR length(parent) = 16),
    name      TEXT NOT NULL,
    built_in  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO target_group VALUES
    (x'a0a087464dbe4a379adf9e7652c0b421', NULL, 'All Computers', 1),
    (x'b73ca6ed572747f384de015e03f6a88a', x'a0a087464dbe4a379adf9e7652c0b421',
     'Unassigned Computers', 1);

-- What is to be done with a revision on the computers of a group.
CREATE TABLE deployment (
    id                 BLOB PRIMARY KEY CHECK (length(id) = 16),
    update_id          BLOB NOT NULL CHECK (length(update_id) = 16),
    revision           INTEGER NOT NULL,
    -- As on the wire: 0 install, 1 uninstall, 2 scan, 3 block.
    action             INTEGER NOT NULL,
    admin_name         TEXT NOT NULL,
    -- As on the wire; absent where there is none.
    deadline           TEXT,
    is_assigned        INTEGER NOT NULL,
    go_live            TEXT NOT NULL,
    target_group       BLOB NOT NULL CHECK (length(target_group) = 16),
    download_priority  INTEGER NOT NULL,
    -- Milliseconds since 1970, as `revision.changed_at`.
    changed_at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Deployments that are no more, so that replicas learn of it.
CREATE TABLE dead_deployment (
    id          BLOB PRIMARY KEY CHECK (length(id) = 16),
    changed_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Updates that are declined.
CREATE TABLE hidden_update (
    update_id  BLOB PRIMARY KEY CHECK (length(update_id) = 16)
) STRICT, WITHOUT ROWID;

-- Licence terms that are accepted.
CREATE TABLE accepted_eula (
    eula_id  BLOB PRIMARY KEY CHECK (length(eula_id) = 16)
) STRICT, WITHOUT ROWID;

-- Keys of files that are published encrypted.
CREATE TABLE file_key (
    digest  BLOB PRIMARY KEY,
    key     BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Files that downstream servers have asked for and that are not here.
CREATE TABLE wanted_file (
    digest    BLOB PRIMARY KEY,
    -- Milliseconds since 1970.
    asked_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Counted after each synchronization.
CREATE INDEX expired_revision ON revision (identifier) WHERE expired;

-- What downstream servers have told of themselves and of those below them.
CREATE TABLE downstream_server (
    id                    BLOB PRIMARY KEY CHECK (length(id) = 16),
    -- Absent: this one.
    parent                BLOB CHECK (parent IS NULL OR length(parent) = 16),
    name                  TEXT NOT NULL,
    version               TEXT NOT NULL,
    replica               INTEGER NOT NULL,
    -- Milliseconds since 1970, by this computer's clock.
    last_synchronization  INTEGER,
    last_rollup           INTEGER,
    -- JSON.
    summary               TEXT NOT NULL,
    clients               TEXT NOT NULL,
    seen_at               INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What they have told of their computers.
CREATE TABLE computer (
    number                INTEGER PRIMARY KEY,
    id                    TEXT NOT NULL UNIQUE,
    -- The server that it gets updates from.
    parent                BLOB NOT NULL CHECK (length(parent) = 16),
    name                  TEXT NOT NULL,
    system                TEXT NOT NULL,
    last_synchronization  INTEGER,
    last_status           INTEGER,
    -- Of the last status that was taken; 0 before the first.
    rollup_number         INTEGER NOT NULL,
    instance              BLOB CHECK (instance IS NULL OR length(instance) = 16),
    seen_at               INTEGER NOT NULL
) STRICT;

-- Updates that a computer needs, waits for or failed to install; all others are not kept.
CREATE TABLE computer_update (
    computer    INTEGER NOT NULL REFERENCES computer (number) ON DELETE CASCADE,
    update_id   BLOB NOT NULL CHECK (length(update_id) = 16),
    -- As on the wire: 2 needed, 3 downloaded, 5 failed, 6 installed after a restart.
    state       INTEGER NOT NULL,
    changed_at  INTEGER,
    PRIMARY KEY (computer, update_id)
) STRICT, WITHOUT ROWID;

-- Keys that seal the cookies of downstream servers, the newest last. Those before it still open
-- what they have sealed.
CREATE TABLE cookie_key (
    number   INTEGER PRIMARY KEY,
    key      BLOB NOT NULL CHECK (length(key) = 32),
    -- Milliseconds since 1970.
    made_at  INTEGER NOT NULL
) STRICT;

INSERT INTO cookie_key SELECT 1, cookie_key, unixepoch() * 1000 FROM catalog;
