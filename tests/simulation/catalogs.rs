//! What update points and sites hold, read from their files between two steps of the simulation: a child
//! is never ahead of its parent, nothing that was there is gone, and no document changes on its way.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use headwater::store::catalog::Catalog;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::hierarchy::UPDATE_POINTS;

/// An update and its revision.
type Identity = (String, i64);

/// The tables with identities.
const TABLES: [(&str, &str); 2] =
    [("update-services/catalog.db", "identifier"), ("site-server/site.db", "")];

/// What was there when it was looked at last.
#[derive(Debug, Default)]
pub(crate) struct Catalogs(BTreeMap<(&'static str, &'static str), BTreeSet<Identity>>);

impl Catalogs {
    /// Looks at all of them whose disks can be read; what is wrong, in words.
    pub(crate) fn look(
        &mut self,
        directory: impl Fn(&str) -> PathBuf,
        unreadable: &BTreeSet<&str>,
    ) -> Result<(), String> {
        for (file, names) in TABLES {
            for (computer, parent) in UPDATE_POINTS {
                if unreadable.contains(computer) {
                    continue;
                }
                let held = match identities(&directory(computer).join(file), names) {
                    // Its log is to be read first, by whoever may write.
                    Err(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => {
                        continue;
                    }
                    held => held.map_err(|error| format!("{file} of {computer}: {error}"))?,
                };
                let before = self.0.entry((computer, file)).or_default();
                if let Some(gone) = before.difference(&held).next() {
                    return Err(format!("{computer} has lost {gone:?} of {file}"));
                }
                before.clone_from(&held);
                // Parents come first in the list.
                let parent = parent.filter(|parent| !unreadable.contains(parent));
                let Some(above) = parent.and_then(|parent| self.0.get(&(parent, file))) else {
                    continue;
                };
                if let Some(ahead) = held.difference(above).next() {
                    return Err(format!(
                        "{computer} has {ahead:?} in {file}, and its parent has not"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Whether all hold the same, and as many updates as that.
    pub(crate) fn are_equal(&self) -> bool {
        TABLES.iter().all(|(file, _)| {
            let mut all = UPDATE_POINTS.iter().map(|(computer, _)| self.0.get(&(*computer, *file)));
            let first = all.next().flatten();
            first.is_some_and(|first| !first.is_empty()) && all.all(|held| held == first)
        })
    }

    /// What each holds, for whoever wants to know why they are not equal.
    pub(crate) fn counts(&self) -> String {
        let count = |((computer, file), held): (&(&str, &str), &BTreeSet<_>)| {
            format!("{computer} {} in {file}", held.len())
        };
        self.0.iter().map(count).collect::<Vec<_>>().join(", ")
    }
}

fn identities(path: &Path, names: &str) -> rusqlite::Result<BTreeSet<Identity>> {
    if !path.exists() {
        return Ok(BTreeSet::new());
    }
    let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let tables: i64 =
        file.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'revision'", [], |row| {
            row.get(0)
        })?;
    if tables == 0 {
        return Ok(BTreeSet::new());
    }
    let join = if names.is_empty() { "" } else { "JOIN identifier ON number = identifier" };
    let select = format!("SELECT hex(update_id), revision FROM revision {join}");
    let mut select = file.prepare(&select)?;
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// No document is another one than at the top. The programs have ended.
pub(crate) fn documents_are_unchanged(directory: impl Fn(&str) -> PathBuf) -> Result<(), String> {
    let mut top = None;
    for (computer, _) in UPDATE_POINTS {
        let path = directory(computer).join("update-services/catalog.db");
        let catalog =
            Catalog::open(&path, headwater::clock::now()).map_err(|error| format!("{error:#}"))?;
        let order = catalog.export_order().map_err(|error| format!("{error:#}"))?;
        let mut documents = BTreeMap::new();
        let all = catalog.documents(&order).map_err(|error| format!("{computer}: {error:#}"))?;
        for document in all {
            documents.insert(document.identity, document.text);
        }
        match &top {
            None => top = Some(documents),
            Some(top) if *top == documents => {}
            Some(_) => return Err(format!("documents of {computer} are not those of the top")),
        }
    }
    Ok(())
}
