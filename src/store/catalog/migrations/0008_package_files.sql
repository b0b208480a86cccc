-- Updates whose files packages of the site are made of, and what was found when they were looked for.
CREATE TABLE package_selection (
    -- The ID of the package.
    package   TEXT PRIMARY KEY,
    -- Which updates, as JSON.
    selection TEXT NOT NULL,
    -- The last change of the catalog when they were looked for.
    change    INTEGER NOT NULL,
    -- Why they could not be.
    hindrance TEXT,
    -- The digest of the list of the files that were found, how many there are, and their bytes together.
    digest    BLOB NOT NULL,
    files     INTEGER NOT NULL,
    bytes     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE package_file (
    package   TEXT NOT NULL,
    -- Number of `file`.
    file      INTEGER NOT NULL,
    PRIMARY KEY (package, file)
) STRICT, WITHOUT ROWID;
