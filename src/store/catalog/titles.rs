//! Titles in the languages that a point is set to: they are searched beside the title that everybody
//! sees, and shown with it.

use rusqlite::{CachedStatement, Connection, Transaction, params};

use super::{Catalog, documents};
use crate::{
    store::{StoreError, StoreProblem},
    wire::{
        update_document::UpdateDocument,
        updates::{MAX_TITLE_CHARACTERS, TitleIn},
    },
};

/// Most languages that titles are kept in: genuine updates have about forty.
const LANGUAGES: usize = 64;

/// The statements that write titles, within one transaction.
pub(super) struct Titles<'a> {
    languages: Vec<String>,
    search: CachedStatement<'a>,
    localized: CachedStatement<'a>,
}

impl<'a> Titles<'a> {
    pub(super) fn new(it: &'a Connection) -> Result<Self, StoreProblem> {
        Ok(Self {
            languages: languages(it)?,
            search: it.prepare_cached(
                "INSERT INTO search (rowid, title, articles) VALUES (?1, ?2, ?3)",
            )?,
            localized: it.prepare_cached("INSERT INTO localized_title VALUES (?1, ?2, ?3)")?,
        })
    }

    /// Has a revision found by the words of its title, of those in the languages that are kept, and of
    /// its articles.
    pub(super) fn insert(
        &mut self,
        change: i64,
        title: &str,
        all: &[(String, String)],
        articles: &str,
    ) -> Result<(), StoreProblem> {
        if self.languages.is_empty() {
            self.search.execute(params![change, title, articles])?;
            return Ok(());
        }
        let mut words = title.to_owned();
        for language in &self.languages {
            let localized = all.iter().find(|(it, _)| it.eq_ignore_ascii_case(language));
            let Some((_, localized)) = localized else { continue };
            let localized: String = localized.chars().take(MAX_TITLE_CHARACTERS).collect();
            if localized != title {
                words.push('\n');
                words.push_str(&localized);
                self.localized.execute(params![change, language, localized])?;
            }
        }
        self.search.execute(params![change, words, articles])?;
        Ok(())
    }
}

impl Catalog {
    /// Keeps the titles in these languages too. Where they are others than before, all titles are read
    /// again out of all documents.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written; then it keeps those that it has.
    pub fn keep_titles_in(&self, languages: &[String]) -> Result<(), StoreError> {
        let mut wanted: Vec<_> = languages.iter().map(|it| it.to_ascii_lowercase()).collect();
        wanted.retain(|it| !it.is_empty() && !it.contains(char::is_whitespace));
        wanted.sort_unstable();
        wanted.dedup();
        wanted.truncate(LANGUAGES);
        if self.database.read(|it| self::languages(it))? == wanted {
            return Ok(());
        }
        self.database.write(|it| {
            it.execute("UPDATE catalog SET title_languages = ?1", [wanted.join(" ")])?;
            it.execute_batch(
                "DELETE FROM localized_title;
                 INSERT INTO search (search) VALUES ('delete-all');",
            )?;
            read_again(it)
        })
    }
}

fn read_again(it: &Transaction<'_>) -> Result<(), StoreProblem> {
    let mut titles = Titles::new(it)?;
    let mut revisions =
        it.prepare("SELECT change, title, articles FROM revision ORDER BY change")?;
    let mut rows = revisions.query([])?;
    while let Some(row) = rows.next()? {
        let (change, title, articles): (i64, String, String) =
            (row.get(0)?, row.get(1)?, row.get(2)?);
        let mut all = Vec::new();
        if !titles.languages.is_empty() {
            // A document that is damaged is found elsewhere, and mended there.
            let text = documents::text(it, change)?;
            all = text.and_then(|it| UpdateDocument::titles(&it).ok()).unwrap_or_default();
        }
        titles.insert(change, &title, &all, &searchable(&articles))?;
    }
    Ok(())
}

/// Articles as they are searched: so that one is found by its number alone, too.
pub(super) fn searchable(articles: &str) -> String {
    let mut words = articles.to_owned();
    for number in articles.split(' ').filter_map(|it| it.strip_prefix("KB")) {
        words.push(' ');
        words.push_str(number);
    }
    words
}

/// The titles of a revision in the languages that are kept.
pub(super) fn localized(it: &Connection, change: i64) -> Result<Vec<TitleIn>, StoreProblem> {
    let mut statement = it.prepare_cached(
        "SELECT language, title FROM localized_title WHERE change = ?1 ORDER BY language",
    )?;
    let title = |row: &rusqlite::Row<'_>| Ok(TitleIn { language: row.get(0)?, title: row.get(1)? });
    Ok(statement.query_map([change], title)?.collect::<Result<_, _>>()?)
}

fn languages(it: &Connection) -> Result<Vec<String>, StoreProblem> {
    let mut statement = it.prepare_cached("SELECT title_languages FROM catalog")?;
    let text: String = statement.query_row([], |row| row.get(0))?;
    Ok(text.split_whitespace().map(str::to_owned).collect())
}
