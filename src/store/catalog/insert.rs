//! One revision into its tables.

use rusqlite::{CachedStatement, Transaction, params};

use super::{
    FileLocation, NewRevision,
    identifiers::{Identifiers, Remembered},
    kinds::{self, ReferenceKind},
    numbers,
    packed::DICTIONARY_NUMBER,
    runs,
    titles::{Titles, searchable},
};
use crate::{
    store::StoreProblem,
    wire::{
        date_time,
        update_document::{PublicationState, UpdateFile, UpdateIndex, UpdateType},
        updates::MAX_TITLE_CHARACTERS,
    },
};

/// Most articles and bulletins of a revision that are remembered apart from its document: genuine
/// ones name a dozen.
const ARTICLES: usize = 100;

/// What became of a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inserted {
    /// Nothing: it is there.
    Known,
    /// It is the first one of its update.
    NewUpdate,
    /// It is a further one.
    NewRevision,
}

/// Inserts revisions within one transaction.
pub(super) struct Inserting<'a> {
    it: &'a Transaction<'a>,
    identifiers: Identifiers<'a>,
    any_set_aside: bool,
    is_known: CachedStatement<'a>,
    has_revision: CachedStatement<'a>,
    revision: CachedStatement<'a>,
    document: CachedStatement<'a>,
    reference: CachedStatement<'a>,
    new_file: CachedStatement<'a>,
    find_file: CachedStatement<'a>,
    file: CachedStatement<'a>,
    titles: Titles<'a>,
}

impl<'a> Inserting<'a> {
    pub(super) fn new(
        it: &'a Transaction<'a>,
        remembered: &'a mut Remembered,
    ) -> Result<Self, StoreProblem> {
        Ok(Self {
            it,
            identifiers: Identifiers::new(it, remembered)?,
            any_set_aside: runs::any_set_aside(it)?,
            is_known: it
                .prepare_cached("SELECT 1 FROM revision WHERE identifier = ?1 AND revision = ?2")?,
            has_revision: it
                .prepare_cached("SELECT 1 FROM revision WHERE identifier = ?1 LIMIT 1")?,
            revision: it.prepare_cached(
                "INSERT INTO revision VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?,
            document: it.prepare_cached("INSERT INTO document VALUES (?1, ?2, ?3, ?4, ?5)")?,
            reference: it.prepare_cached(
                "INSERT INTO reference VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            )?,
            new_file: it.prepare_cached(
                "INSERT INTO file (sha1, sha256, size, name) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT DO NOTHING",
            )?,
            find_file: it
                .prepare_cached("SELECT number, size IS NOT NULL FROM file WHERE sha1 = ?1")?,
            file: it.prepare_cached(
                "INSERT INTO file (sha1, sha256, size, name, publisher_url)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (sha1) DO UPDATE SET sha256 = coalesce(?2, sha256),
                     size = coalesce(?3, size), name = coalesce(?4, name),
                     publisher_url = coalesce(?5, publisher_url)",
            )?,
            titles: Titles::new(it)?,
        })
    }

    /// Inserts a revision as this change, unless it is known.
    pub(super) fn insert(
        &mut self,
        new: &NewRevision,
        change: i64,
    ) -> Result<Inserted, StoreProblem> {
        let index = &new.index;
        let (identifier, is_new) = self.identifiers.own(self.it, index.identity.update_id)?;
        let number = index.identity.revision;
        if !is_new && self.is_known.exists(params![identifier, number])? {
            return Ok(Inserted::Known);
        }
        // A number may be there because another document names the update.
        let is_first = is_new || !self.has_revision.exists([identifier])?;
        if self.any_set_aside {
            runs::has_come(self.it, index.identity)?;
        }
        let prerequisites = self.prerequisites(index, change)?;
        self.refer(index, change)?;
        let files = self.files(&new.file_digests, &index.files)?;
        let title: String = index.title.chars().take(MAX_TITLE_CHARACTERS).collect();
        let articles = articles(index);
        self.titles.insert(change, &title, &index.titles, &searchable(&articles))?;
        self.revision.execute(params![
            change,
            identifier,
            number,
            kinds::of_update_type(index.update_type),
            index.category_type.map(kinds::of_category_type),
            index.publication_state == PublicationState::Expired,
            date_time::parse(&index.creation_date).ok().map(jiff::Timestamp::as_second),
            index.msrc_severity,
            title,
            articles,
            prerequisites,
            files,
        ])?;
        let document = &new.document;
        self.document.execute(params![
            change,
            document.sha256.as_bytes(),
            i64::try_from(document.length).unwrap_or(i64::MAX),
            DICTIONARY_NUMBER,
            document.packed,
        ])?;
        if index.update_type == UpdateType::Category {
            self.becomes_category(identifier, is_new)?;
        }
        Ok(if is_first { Inserted::NewUpdate } else { Inserted::NewRevision })
    }

    /// Remembers where a file is offered.
    pub(super) fn locate(&mut self, location: &FileLocation) -> Result<(), StoreProblem> {
        let FileLocation { digest, publisher_url } = location;
        self.file.execute(params![
            digest,
            None::<Vec<u8>>,
            None::<i64>,
            None::<String>,
            publisher_url
        ])?;
        Ok(())
    }

    /// The prerequisites as numbers, the categories among them as references too.
    fn prerequisites(&mut self, index: &UpdateIndex, change: i64) -> Result<Vec<u8>, StoreProblem> {
        let mut all = Vec::with_capacity(8);
        for group in &index.prerequisites {
            for id in &group.any_of {
                let number = self.identifiers.named(self.it, *id)?;
                if group.is_category || self.identifiers.is_category(number) {
                    self.reference.execute([number, ReferenceKind::Category.number(), change])?;
                }
                all.push(number);
            }
        }
        Ok(numbers::write_groups(&index.prerequisites, &all))
    }

    fn refer(&mut self, index: &UpdateIndex, change: i64) -> Result<(), StoreProblem> {
        for id in &index.superseded {
            let number = self.identifiers.named(self.it, *id)?;
            self.reference.execute([number, ReferenceKind::Superseded.number(), change])?;
        }
        for id in index.bundled.iter().flatten() {
            let number = self.identifiers.named(self.it, id.update_id)?;
            self.reference.execute([number, ReferenceKind::Bundled.number(), change])?;
        }
        Ok(())
    }

    fn files(
        &mut self,
        digests: &[Vec<u8>],
        files: &[UpdateFile],
    ) -> Result<Vec<u8>, StoreProblem> {
        let mut found = Vec::with_capacity(digests.len());
        for digest in digests {
            let file = files.iter().find(|file| file.digest_sha1 == *digest);
            found.push(self.file(digest, file)?);
        }
        Ok(numbers::write_all(&found))
    }

    fn file(&mut self, sha1: &[u8], file: Option<&UpdateFile>) -> Result<i64, StoreProblem> {
        let sha256 = file.and_then(|it| it.digest_sha256.as_ref());
        let size = file.map(|it| i64::try_from(it.size).unwrap_or(i64::MAX));
        let name = file.map(|it| &it.name);
        // Most files come with one revision alone.
        if self.new_file.execute(params![sha1, sha256, size, name])? == 1 {
            return Ok(self.it.last_insert_rowid());
        }
        let (number, is_described): (i64, bool) =
            self.find_file.query_row([sha1], |row| Ok((row.get(0)?, row.get(1)?)))?;
        // What is only an address so far is more from now on.
        if !is_described && file.is_some() {
            self.file.execute(params![sha1, sha256, size, name, None::<String>])?;
        }
        Ok(number)
    }

    /// An update that others may have named as a prerequisite before it was known to be a category.
    fn becomes_category(&mut self, number: i64, is_new: bool) -> Result<(), StoreProblem> {
        let was_one = self.identifiers.is_category(number);
        self.identifiers.add_category(number);
        if is_new || was_one {
            return Ok(());
        }
        let mut all = self.it.prepare("SELECT change, prerequisites FROM revision")?;
        let mut rows = all.query([])?;
        while let Some(row) = rows.next()? {
            let groups = numbers::read_groups(row.get_ref(1)?.as_blob().unwrap_or_default())?;
            if groups.iter().any(|group| group.any_of.contains(&number)) {
                let change: i64 = row.get(0)?;
                self.reference.execute([number, ReferenceKind::Category.number(), change])?;
            }
        }
        Ok(())
    }
}

/// Articles as `KB1234567` and bulletins, a space between them.
fn articles(index: &UpdateIndex) -> String {
    let articles = index.kb_articles.iter().map(|number| {
        let is_number = number.bytes().all(|it| it.is_ascii_digit());
        if is_number { format!("KB{number}") } else { number.clone() }
    });
    let all = articles.chain(index.security_bulletins.iter().cloned());
    let all = all.filter(|it| !it.is_empty() && !it.contains(char::is_whitespace));
    all.take(ARTICLES).collect::<Vec<_>>().join(" ")
}
