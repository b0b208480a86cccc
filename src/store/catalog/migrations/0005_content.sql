-- Files of updates that shall be here, and how far they have come. What has no row is nobody's affair.
CREATE TABLE content (
    -- Number of `file`.
    file      INTEGER PRIMARY KEY,
    -- Whether the settings choose an update that has it.
    chosen    INTEGER NOT NULL,
    -- When a downstream server asked for it last, in milliseconds since 1970.
    asked_at  INTEGER,
    -- Whether it is here.
    held      INTEGER NOT NULL DEFAULT 0,
    -- How often it was tried in vain, what went wrong last, and when it may be tried again.
    tries     INTEGER NOT NULL DEFAULT 0,
    reason    TEXT,
    retry_at  INTEGER NOT NULL DEFAULT 0,
    -- Since when nothing chooses it.
    left_at   INTEGER
) STRICT;

CREATE INDEX missing_content ON content (retry_at) WHERE NOT held;

INSERT INTO content (file, chosen, asked_at)
    SELECT number, 0, asked_at FROM wanted_file JOIN file ON sha1 = digest;
DROP TABLE wanted_file;

-- The members of a bundle: they have its files.
CREATE INDEX bundle ON reference (change, target) WHERE kind = 3;
