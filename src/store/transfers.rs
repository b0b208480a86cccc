//! What the journal knows of the jobs of Package Transfer Manager (PDP-5): for people, and for
//! reports that come late (PDP-6).

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{Row, params};

use crate::model::{Name, PackageId, TransferNote};

use super::{Journal, StoreError, StoreProblem, journal::time};

impl Journal {
    /// Notes how far a job is; it takes the place of what was noted of the same package and point,
    /// but that a phase which goes on keeps its beginning.
    pub fn note_transfer(&self, note: &TransferNote) -> Result<(), StoreError> {
        self.0.write(|it| {
            it.execute(
                "INSERT INTO transfer
                    (package, point, site, version, digest, phase, tries, since, due, why)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                 ON CONFLICT (package, point) DO UPDATE SET
                    since = CASE WHEN phase = excluded.phase AND digest = excluded.digest
                        THEN since ELSE excluded.since END,
                    site = excluded.site,
                    version = excluded.version,
                    digest = excluded.digest,
                    phase = excluded.phase,
                    tries = excluded.tries,
                    due = excluded.due,
                    why = excluded.why",
                params![
                    note.package.as_str(),
                    note.point.as_str(),
                    note.site.as_str(),
                    note.version,
                    note.digest.to_string(),
                    note.phase.as_str(),
                    note.tries,
                    note.since.as_millisecond(),
                    note.due.map(Timestamp::as_millisecond),
                    note.why,
                ],
            )?;
            Ok(())
        })
    }

    /// A job has finished, or nobody wants it any more: it is forgotten.
    pub fn forget_transfer(&self, package: &PackageId, point: &Name) -> Result<(), StoreError> {
        self.0.write(|it| {
            it.execute(
                "DELETE FROM transfer WHERE package = ?1 AND point = ?2",
                [package.as_str(), point.as_str()],
            )?;
            Ok(())
        })
    }

    /// The jobs that have not finished, by package and point.
    pub fn transfers(&self) -> Result<Vec<TransferNote>, StoreError> {
        self.0.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT package, point, site, version, digest, phase, tries, since, due, why
                 FROM transfer ORDER BY package, point",
            )?;
            let mut rows = statement.query([])?;
            let mut notes = Vec::new();
            while let Some(row) = rows.next()? {
                notes.push(note(row)?);
            }
            Ok(notes)
        })
    }
}

fn note(row: &Row<'_>) -> Result<TransferNote, StoreProblem> {
    Ok(TransferNote {
        package: parsed(row, 0)?,
        point: parsed(row, 1)?,
        site: parsed(row, 2)?,
        version: row.get(3)?,
        digest: parsed(row, 4)?,
        phase: parsed(row, 5)?,
        tries: row.get(6)?,
        since: time(row.get(7)?)?,
        due: row.get::<_, Option<i64>>(8)?.map(time).transpose()?,
        why: row.get(9)?,
    })
}

fn parsed<T: FromStr>(row: &Row<'_>, column: usize) -> Result<T, StoreProblem> {
    let text: String = row.get(column)?;
    text.parse().map_err(|_| StoreProblem::Value("a transfer job"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, TransferPhase};

    #[test]
    fn the_last_note_of_a_job_is_kept_until_it_finishes() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal.db");
        let journal = Journal::open(&path).unwrap();
        let mut noted = TransferNote {
            package: "CEN00001".parse().unwrap(),
            version: 3,
            digest: Digest::of(b"files"),
            point: "ams-dp2".parse().unwrap(),
            site: "AMS".parse().unwrap(),
            phase: TransferPhase::Looking,
            tries: 0,
            since: Timestamp::UNIX_EPOCH,
            due: None,
            why: "no source has the content yet".to_owned(),
        };
        journal.note_transfer(&noted).unwrap();
        noted.phase = TransferPhase::Notifying;
        noted.since = "2026-12-01T00:00:00Z".parse().unwrap();
        journal.note_transfer(&noted).unwrap();
        (noted.tries, noted.due) = (7, Some("2026-12-01T00:20:00Z".parse().unwrap()));
        let later = Timestamp::MAX;
        journal.note_transfer(&TransferNote { since: later, ..noted.clone() }).unwrap();
        drop(journal);
        let journal = Journal::open(&path).unwrap();
        assert_eq!(journal.transfers().unwrap(), [noted.clone()]);
        journal.forget_transfer(&noted.package, &"another".parse().unwrap()).unwrap();
        assert_eq!(journal.transfers().unwrap().len(), 1);
        journal.forget_transfer(&noted.package, &noted.point).unwrap();
        assert_eq!(journal.transfers().unwrap(), []);
    }
}
