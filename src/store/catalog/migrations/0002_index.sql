-- Documents are packed, relations are numbers, and what is searched for has an index. What is there
-- already is taken over by the program, which reads the documents again.
ALTER TABLE revision RENAME TO old_revision;
ALTER TABLE document RENAME TO old_document;
ALTER TABLE prerequisite RENAME TO old_prerequisite;
ALTER TABLE file_digest RENAME TO old_file_digest;
ALTER TABLE file_location RENAME TO old_file_location;

-- The catalog's version, and how many revisions there are: kept with each change, never counted.
ALTER TABLE catalog ADD COLUMN version BLOB NOT NULL
    DEFAULT x'0000000000000000000000000000000000000000000000000000000000000000';
ALTER TABLE catalog ADD COLUMN revisions INTEGER NOT NULL DEFAULT 0;

-- Every update that is there or that a document names, as a number.
CREATE TABLE identifier (
    number     INTEGER PRIMARY KEY,
    update_id  BLOB NOT NULL UNIQUE CHECK (length(update_id) = 16)
) STRICT;

CREATE TABLE revision (
    -- Its place in the order of changes; grows, never twice the same.
    change         INTEGER PRIMARY KEY,
    -- Of `identifier`.
    identifier     INTEGER NOT NULL,
    revision       INTEGER NOT NULL,
    -- 1 Category, 2 Detectoid, 3 Software, 4 Driver.
    update_type    INTEGER NOT NULL CHECK (update_type BETWEEN 1 AND 4),
    -- 1 Company, 2 ProductFamily, 3 Product, 4 UpdateClassification.
    category_type  INTEGER,
    expired        INTEGER NOT NULL,
    -- Seconds since 1970, as the document says it.
    created_at     INTEGER,
    severity       TEXT,
    title          TEXT NOT NULL,
    -- Knowledge Base articles as KB1234567 and security bulletins, a space between them.
    articles       TEXT NOT NULL,
    -- Prerequisites: numbers of `identifier`, in groups.
    prerequisites  BLOB NOT NULL,
    -- Numbers of `file`, in the order of FileDigestList.
    files          BLOB NOT NULL,
    UNIQUE (identifier, revision)
) STRICT;

-- What GetRevisionIdList lists with GetConfig.
CREATE INDEX configuration ON revision (update_type, change) WHERE update_type <= 2;

-- Apart from `revision`, so that lists need not step over the documents.
CREATE TABLE document (
    change      INTEGER PRIMARY KEY,
    -- Of the text.
    sha256      BLOB NOT NULL CHECK (length(sha256) = 32),
    -- Bytes of the text.
    length      INTEGER NOT NULL,
    -- The dictionary that it was packed with.
    dictionary  INTEGER NOT NULL,
    packed      BLOB NOT NULL
) STRICT;

-- Which revisions name an update, and as what: 1 its category, by name or as another prerequisite
-- that is a category, 2 superseded, 3 bundled.
CREATE TABLE reference (
    target  INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    change  INTEGER NOT NULL,
    PRIMARY KEY (target, kind, change)
) STRICT, WITHOUT ROWID;

CREATE TABLE file (
    number         INTEGER PRIMARY KEY,
    sha1           BLOB NOT NULL UNIQUE,
    sha256         BLOB,
    size           INTEGER,
    -- As the document writes it: never a path.
    name           TEXT,
    publisher_url  TEXT
) STRICT;

-- When revisions were stored, in milliseconds since 1970, and the first change of that time.
CREATE TABLE moment (
    at            INTEGER PRIMARY KEY,
    first_change  INTEGER NOT NULL
) STRICT;

-- Words of titles and articles, by change.
CREATE VIRTUAL TABLE search USING fts5 (
    title, articles, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 2'
);
