//! Files of updates that packages of the site are made of.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    Catalog, ChosenUpdates,
    chosen_content::{USABLE, each_file},
    content,
    open::last_change,
};
use crate::{
    model::{Digest, PackageFilesState, PackageId, UpdateSelection},
    store::{StoreError, StoreProblem},
    wire::{
        package_files::{PackageFiles, digest_of},
        update_content::{ListedContent, UpdateContent},
    },
};

impl Catalog {
    /// Whether the files of a package were looked for with this selection, in the catalog as it is.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn has_package_files(
        &self,
        package: &PackageId,
        selection: &UpdateSelection,
    ) -> Result<bool, StoreError> {
        let wanted = text(selection);
        self.database.read(|it| {
            let found = it
                .prepare_cached(
                    "SELECT selection, change, hindrance FROM package_selection WHERE package = ?1",
                )?
                .query_row([package.as_str()], |row| {
                    Ok((
                        row.get::<_, String>(0)?,
                        row.get::<_, i64>(1)?,
                        row.get::<_, Option<String>>(2)?,
                    ))
                })
                .optional()?;
            let Some((selection, change, hindrance)) = found else { return Ok(false) };
            Ok(selection == wanted && hindrance.is_none() && last_change(it)? == change)
        })
    }

    /// Finds the files of a package: those of the updates that its selection means, or why nothing can be
    /// said of that. Then those stay that were found before.
    ///
    /// # Errors
    ///
    /// The file cannot be read or written.
    pub fn find_package_files(
        &self,
        package: &PackageId,
        selection: &UpdateSelection,
        updates: &Result<ChosenUpdates, String>,
    ) -> Result<(), StoreError> {
        let (package, selection) = (package.as_str(), text(selection));
        self.database.write(|it| {
            if let Ok(updates) = updates {
                it.execute("DELETE FROM package_file WHERE package = ?1", [package])?;
                let mut insert = it.prepare_cached(&format!(
                    "INSERT OR IGNORE INTO package_file
                     SELECT ?1, number FROM file WHERE number = ?2 AND {USABLE}"
                ))?;
                each_file(it, updates, |number| {
                    insert.execute(params![package, number])?;
                    Ok(())
                })?;
            }
            let files = files_of(it, package)?;
            let bytes = files.iter().map(|it| it.size).fold(0, u64::saturating_add);
            it.execute(
                "INSERT OR REPLACE INTO package_selection
                     (package, selection, change, hindrance, digest, files, bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    package,
                    selection,
                    last_change(it)?,
                    updates.as_ref().err(),
                    digest_of(&files).as_bytes(),
                    i64::try_from(files.len()).unwrap_or(i64::MAX),
                    i64::try_from(bytes).unwrap_or(i64::MAX),
                ],
            )?;
            Ok(())
        })
    }

    /// Forgets the files of all packages but these.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn forget_other_packages<'a>(
        &self,
        packages: impl IntoIterator<Item = &'a PackageId>,
    ) -> Result<(), StoreError> {
        let kept: Vec<&str> = packages.into_iter().map(PackageId::as_str).collect();
        let kept = serde_json::to_string(&kept).unwrap_or_else(|_| "[]".to_owned());
        self.database.write(|it| {
            for table in ["package_selection", "package_file"] {
                let others = "package NOT IN (SELECT value FROM json_each(?1))";
                it.execute(&format!("DELETE FROM {table} WHERE {others}"), [&kept])?;
            }
            Ok(())
        })
    }

    /// The files of a package; `None` if they were not looked for.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn package_files(&self, package: &PackageId) -> Result<Option<PackageFiles>, StoreError> {
        self.database.read(|it| {
            let package = package.as_str();
            let Some((_, state)) = states(it, Some(package))?.pop() else { return Ok(None) };
            let files = files_of(it, package)?;
            let PackageFilesState { missing, outdated, hindrance, .. } = state;
            let files = files.iter().map(ListedContent::from).collect();
            Ok(Some(PackageFiles { files, missing, outdated, hindrance }))
        })
    }

    /// How it stands with the files of all packages.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn package_file_states(
        &self,
    ) -> Result<BTreeMap<PackageId, PackageFilesState>, StoreError> {
        self.database.read(|it| {
            let invalid = |_| StoreProblem::Value("the ID of a package");
            states(it, None)?
                .into_iter()
                .map(|(package, state)| Ok((package.parse().map_err(invalid)?, state)))
                .collect()
        })
    }
}

/// How it stands with a package, or with all of them; nothing of one that was not looked for.
fn states(
    it: &Connection,
    package: Option<&str>,
) -> Result<Vec<(String, PackageFilesState)>, StoreProblem> {
    let last_change = last_change(it)?;
    let mut statement = it.prepare_cached(
        "SELECT s.package, s.digest, s.files, s.bytes, s.change, s.hindrance,
             (SELECT count(*) FROM package_file p LEFT JOIN content c ON c.file = p.file
              WHERE p.package = s.package AND NOT coalesce(c.held, 0))
         FROM package_selection s WHERE ?1 IS NULL OR s.package = ?1",
    )?;
    let mut rows = statement.query([package])?;
    let mut states = Vec::new();
    while let Some(row) = rows.next()? {
        let number = |column| -> Result<u64, StoreProblem> {
            Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
        };
        let digest: [u8; 32] = row.get(1)?;
        let state = PackageFilesState {
            digest: Digest::from_bytes(digest),
            files: number(2)?,
            bytes: number(3)?,
            missing: number(6)?,
            outdated: row.get::<_, i64>(4)? != last_change,
            hindrance: row.get(5)?,
        };
        states.push((row.get(0)?, state));
    }
    Ok(states)
}

/// The files that were found of a package, in the order of their names.
fn files_of(it: &Connection, package: &str) -> Result<Vec<UpdateContent>, StoreProblem> {
    let mut statement = it.prepare_cached(
        "SELECT f.sha1, f.sha256, f.size, f.name
         FROM package_file p JOIN file f ON f.number = p.file WHERE p.package = ?1",
    )?;
    let mut rows = statement.query([package])?;
    let mut files = Vec::new();
    while let Some(row) = rows.next()? {
        files.extend(content::content(row)?);
    }
    files.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(files)
}

/// A selection as it is kept.
fn text(selection: &UpdateSelection) -> String {
    // A plain value of texts: it has a JSON form.
    serde_json::to_string(selection).unwrap_or_default()
}
