//! The commits that were in force, and what their manifests said: also where nothing had to be done for
//! them, so that no run tells of them.

use jiff::Timestamp;
use rusqlite::params;

use super::{
    Journal, KeptManifests, PackedText, StoreError, journal::time, journal_bounds::make_room,
    journal_history::parsed,
};
use crate::model::{CommitId, Digest};

/// A commit that was in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitRecord {
    /// Which one.
    pub id: CommitId,
    /// Since when, the last time that it came in force.
    pub since: Timestamp,
    /// Its manifests.
    pub manifests: KeptManifests,
}

impl Journal {
    /// A commit is in force now.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn note_commit(
        &self,
        id: &CommitId,
        manifest: Digest,
        manifests: &PackedText,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.0.write(|it| {
            manifests.keep(it)?;
            // One that still is in force, after a restart, is so since it was before.
            it.prepare_cached(
                "INSERT INTO commit_in_force VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (id) DO UPDATE SET
                    since = excluded.since,
                    manifest_digest = excluded.manifest_digest,
                    manifests = excluded.manifests
                 WHERE since < (SELECT max(since) FROM commit_in_force)",
            )?
            .execute(params![
                id.as_str(),
                now.as_millisecond(),
                manifest.to_string(),
                manifests.digest(),
            ])?;
            make_room(it, now)
        })
    }

    /// The commits whose identity begins so, the one that was in force last first; at most `most`.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn commits(&self, begin: &str, most: u32) -> Result<Vec<CommitRecord>, StoreError> {
        self.0.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT id, since, manifest_digest, manifests FROM commit_in_force
                 WHERE substr(id, 1, length(?1)) = ?1 ORDER BY since DESC, id LIMIT ?2",
            )?;
            let mut rows = statement.query(params![begin, most])?;
            let mut commits = Vec::new();
            while let Some(row) = rows.next()? {
                let [id, digest, text] = [row.get::<_, String>(0)?, row.get(2)?, row.get(3)?];
                commits.push(CommitRecord {
                    id: parsed(&id)?,
                    since: time(row.get(1)?)?,
                    manifests: KeptManifests { digest: parsed(&digest)?, text: parsed(&text)? },
                });
            }
            Ok(commits)
        })
    }
}
