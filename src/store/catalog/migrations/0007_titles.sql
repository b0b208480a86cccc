-- Titles in the languages that the point is set to, beside the one that `revision` has.
CREATE TABLE localized_title (
    change    INTEGER NOT NULL,
    -- As in `catalog.title_languages`.
    language  TEXT NOT NULL,
    title     TEXT NOT NULL,
    PRIMARY KEY (change, language)
) STRICT, WITHOUT ROWID;

-- These languages, in lower case and in order, a space between them.
ALTER TABLE catalog ADD COLUMN title_languages TEXT NOT NULL DEFAULT '';
