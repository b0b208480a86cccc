//! The languages that the catalog offers: what `GetConfigData` answers.

use jiff::Timestamp;
use rusqlite::params;

use super::{
    Catalog, ListError,
    list::{anchor, lifetime},
    write::Moment,
};
use crate::{
    store::StoreError,
    wire::{anchor::Anchor, server_sync::LanguageData},
};

impl Catalog {
    /// Stores these languages; the others stay as they are.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn store_languages(
        &self,
        languages: &[LanguageData],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.write(|it| {
            let moment = Moment::next(it, now)?;
            let mut statement = it.prepare_cached(
                "INSERT INTO language VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (id) DO UPDATE SET short_name = ?2, long_name = ?3, enabled = ?4,
                     changed_at = ?5
                 WHERE (short_name, long_name, enabled) IS NOT (?2, ?3, ?4)",
            )?;
            let mut changed = 0_usize;
            for language in languages {
                changed = changed.saturating_add(statement.execute(params![
                    language.id,
                    language.short_name,
                    language.long_name,
                    language.enabled,
                    moment.at
                ])?);
            }
            if changed > 0 {
                it.execute("UPDATE catalog SET last_changed_at = ?1", [moment.at])?;
            }
            Ok(())
        })
    }

    /// The languages that changed after the anchor, `all` (0) first, and the anchor up to which
    /// they are listed.
    ///
    /// # Errors
    ///
    /// The anchor is not one of this catalog, or the file cannot be read.
    pub fn languages(&self, after: Option<&str>) -> Result<(Vec<LanguageData>, Anchor), ListError> {
        let after = self.checked(after)?.unwrap_or(i64::MIN);
        Ok(self.database.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT id, short_name, long_name, enabled FROM language
                 WHERE changed_at > ?1 ORDER BY id",
            )?;
            let languages = statement
                .query_map([after], |row| {
                    Ok(LanguageData {
                        id: row.get(0)?,
                        short_name: row.get(1)?,
                        long_name: row.get(2)?,
                        enabled: row.get(3)?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok((languages, anchor(lifetime(it)?.1)?))
        })?)
    }
}
