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
    model::{PackageFilesState, PackageId, UpdateSelection},
    store::{StoreError, StoreProblem},
    wire::{
        package_files::{PackageFile, PackageFiles, digest_of},
        update_content::UpdateContent,
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
            it.execute(
                "INSERT INTO package_selection (package, selection, change, hindrance)
                 VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (package) DO UPDATE SET selection = ?2, change = ?3, hindrance = ?4",
                params![package, selection, last_change(it)?, updates.as_ref().err()],
            )?;
            let Ok(updates) = updates else { return Ok(()) };
            it.execute("DELETE FROM package_file WHERE package = ?1", [package])?;
            let mut insert = it.prepare_cached(&format!(
                "INSERT OR IGNORE INTO package_file
                 SELECT ?1, number FROM file WHERE number = ?2 AND {USABLE}"
            ))?;
            each_file(it, updates, |number| {
                insert.execute(params![package, number])?;
                Ok(())
            })
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
            let Some(found) = found(it, package.as_str())? else { return Ok(None) };
            let files = found.files.iter().map(PackageFile::from).collect();
            let Found { missing, outdated, hindrance, .. } = found;
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
            let mut statement = it.prepare_cached("SELECT package FROM package_selection")?;
            let packages: Vec<String> =
                statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let mut states = BTreeMap::new();
            for package in packages {
                let invalid = |_| StoreProblem::Value("the ID of a package");
                let id: PackageId = package.parse().map_err(invalid)?;
                let Some(found) = found(it, &package)? else { continue };
                let Found { files, missing, outdated, hindrance } = found;
                let state = PackageFilesState {
                    digest: digest_of(&files),
                    files: files.len() as u64,
                    bytes: files.iter().map(|it| it.size).fold(0, u64::saturating_add),
                    missing,
                    outdated,
                    hindrance,
                };
                states.insert(id, state);
            }
            Ok(states)
        })
    }
}

/// What was found of a package.
struct Found {
    /// In the order of their names.
    files: Vec<UpdateContent>,
    missing: u64,
    outdated: bool,
    hindrance: Option<String>,
}

fn found(it: &Connection, package: &str) -> Result<Option<Found>, StoreProblem> {
    let looked = it
        .prepare_cached("SELECT change, hindrance FROM package_selection WHERE package = ?1")?
        .query_row([package], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
        .optional()?;
    let Some((change, hindrance)) = looked else { return Ok(None) };
    let mut statement = it.prepare_cached(
        "SELECT f.sha1, f.sha256, f.size, f.name, coalesce(c.held, 0)
         FROM package_file p JOIN file f ON f.number = p.file LEFT JOIN content c ON c.file = p.file
         WHERE p.package = ?1",
    )?;
    let mut rows = statement.query([package])?;
    let (mut files, mut missing) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let Some(file) = content::content(row)? else { continue };
        missing += u64::from(!row.get::<_, bool>(4)?);
        files.push(file);
    }
    files.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(Some(Found { files, missing, outdated: last_change(it)? != change, hindrance }))
}

/// A selection as it is kept.
fn text(selection: &UpdateSelection) -> String {
    // A plain value of texts: it has a JSON form.
    serde_json::to_string(selection).unwrap_or_default()
}
