//! What downstream servers have told of their computers, as far as that is needed to tell what has
//! been missed, and which updates are wanted (protocol §1.11).

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use uuid::Uuid;

use super::{
    Catalog,
    downstream::{Told, forget, known_servers},
};
use crate::{
    store::{StoreError, StoreProblem},
    wire::reporting::{
        ChangedComputer, ComputerChange, ComputerDetails, ComputerInfo, ComputerStatus,
        LastRollupNumber, ReportedEvent, UpdateStatus,
    },
};

/// Computers that are remembered: as many as a primary site has.
const COMPUTERS: i64 = 100_000;

/// Updates of one computer that are remembered.
const UPDATES: usize = 5_000;

/// Longest identifier and text of a computer that are kept, in characters.
const TEXT: usize = 256;

impl Catalog {
    /// Takes what was told of computers, and tells of which of them more is wanted, or nothing any
    /// more; or the parent that nobody has told of, and then nothing was taken.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn take_computers(
        &self,
        computers: &[ComputerInfo],
        now: Timestamp,
    ) -> Result<(Told, Vec<ChangedComputer>), StoreError> {
        let own = self.account_guid()?;
        self.database.write(|it| {
            forget(it, "computer", now)?;
            let mut known = known_servers(it)?;
            known.insert(own);
            let stranger = computers.iter().find(|computer| !known.contains(&computer.parent));
            if let Some(computer) = stranger {
                return Ok((Told::UnknownParent(computer.parent), Vec::new()));
            }
            let mut changed = Vec::new();
            let mut spoken_of = BTreeSet::new();
            let mut free = free(it)?;
            for computer in computers {
                if let Some(change) = take(it, computer, &mut free, now)?
                    && spoken_of.insert(&computer.id)
                {
                    changed.push(ChangedComputer { id: computer.id.clone(), change });
                }
            }
            Ok((Told::Taken, changed))
        })
    }

    /// Those of these computers, of a server or of those below it, of which another status was
    /// taken last than the server says.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn out_of_sync(
        &self,
        parent: Uuid,
        numbers: &[LastRollupNumber],
    ) -> Result<Vec<String>, StoreError> {
        let mut servers = BTreeSet::new();
        for server in self.downstream_servers()? {
            if server.id == parent || server.parent.is_some_and(|it| servers.contains(&it)) {
                servers.insert(server.id);
            }
        }
        self.database.read(|it| {
            let mut statement =
                it.prepare_cached("SELECT parent, rollup_number FROM computer WHERE id = ?1")?;
            let mut wanted = Vec::new();
            for computer in numbers {
                let found: Option<([u8; 16], i32)> = statement
                    .query_row([&computer.id], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()?;
                let Some((of, number)) = found else { continue };
                if servers.contains(&Uuid::from_bytes(of)) && number != computer.number {
                    wanted.push(computer.id.clone());
                }
            }
            Ok::<_, StoreProblem>(wanted)
        })
    }

    /// Takes how the updates of computers stand. What does not follow on what was taken last is
    /// passed over: [`Catalog::out_of_sync`] names such computers next time.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn take_statuses(
        &self,
        computers: &[ComputerStatus],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.write(|it| {
            for computer in computers {
                take_status(it, computer, now)?;
            }
            Ok(())
        })
    }

    /// Notes that computers of this server have reported something.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn note_events(&self, events: &[ReportedEvent], now: Timestamp) -> Result<(), StoreError> {
        let own = self.account_guid()?;
        self.database.write(|it| {
            forget(it, "computer", now)?;
            let mut free = free(it)?;
            for event in events.iter().filter(|event| !event.computer_id.is_empty()) {
                let computer = ComputerInfo {
                    id: event.computer_id.clone(),
                    last_status: event.at,
                    parent: own,
                    details: Some(ComputerDetails {
                        name: event.computer_name.clone(),
                        ..ComputerDetails::default()
                    }),
                    ..ComputerInfo::default()
                };
                take(it, &computer, &mut free, now)?;
            }
            Ok(())
        })
    }

    /// How many computers have been told of, and how many of them need an update or failed to
    /// install one.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn computer_counts(&self) -> Result<(u64, u64), StoreError> {
        self.database.read(|it| {
            let count = |sql: &str| -> Result<u64, StoreProblem> {
                let count: i64 = it.query_row(sql, [], |row| row.get(0))?;
                Ok(count.unsigned_abs())
            };
            Ok((
                count("SELECT count(*) FROM computer")?,
                count("SELECT count(DISTINCT computer) FROM computer_update")?,
            ))
        })
    }
}

/// How many computers more can be remembered.
fn free(it: &Transaction<'_>) -> Result<i64, StoreProblem> {
    let count: i64 = it.query_row("SELECT count(*) FROM computer", [], |row| row.get(0))?;
    Ok(COMPUTERS.saturating_sub(count))
}

fn take(
    it: &Transaction<'_>,
    computer: &ComputerInfo,
    free: &mut i64,
    now: Timestamp,
) -> Result<Option<ComputerChange>, StoreProblem> {
    if computer.id.is_empty() || computer.id.chars().count() > TEXT {
        return Ok(Some(ComputerChange::Deleted));
    }
    let before: Option<(i64, [u8; 16], Option<i64>)> = it
        .prepare_cached("SELECT number, parent, last_synchronization FROM computer WHERE id = ?1")?
        .query_row([&computer.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let synchronized = computer.last_synchronization.map(Timestamp::as_millisecond);
    let is_new = before.is_none_or(|(_, parent, _)| Uuid::from_bytes(parent) != computer.parent);
    let number = match before {
        Some((_, _, last)) if last > synchronized => return Ok(None),
        Some((number, ..)) => number,
        None => {
            if *free <= 0 {
                return Ok(Some(ComputerChange::Deleted));
            }
            *free -= 1;
            it.prepare_cached(
                "INSERT INTO computer (id, parent, name, system, rollup_number, seen_at)
                 VALUES (?1, ?2, '', '', 0, 0)",
            )?
            .execute(params![computer.id, computer.parent.as_bytes()])?;
            it.last_insert_rowid()
        }
    };
    it.prepare_cached(
        "UPDATE computer SET parent = ?2, last_synchronization = ?3, last_status = ?4,
             seen_at = ?5 WHERE number = ?1",
    )?
    .execute(params![
        number,
        computer.parent.as_bytes(),
        synchronized,
        computer.last_status.map(Timestamp::as_millisecond),
        now.as_millisecond(),
    ])?;
    let Some(details) = &computer.details else {
        return Ok(is_new.then_some(ComputerChange::NewParent));
    };
    it.prepare_cached("UPDATE computer SET name = ?2, system = ?3 WHERE number = ?1")?
        .execute(params![number, shortened(&details.name), shortened(&system(details))])?;
    Ok(None)
}

fn system(details: &ComputerDetails) -> String {
    let [major, minor, build] = details.os_version;
    format!("{} {major}.{minor}.{build}", details.os_description).trim().to_owned()
}

fn shortened(text: &str) -> String {
    text.chars().take(TEXT).collect()
}

fn take_status(
    it: &Transaction<'_>,
    status: &ComputerStatus,
    now: Timestamp,
) -> Result<(), StoreProblem> {
    let before: Option<(i64, i32, Option<[u8; 16]>)> = it
        .prepare_cached("SELECT number, rollup_number, instance FROM computer WHERE id = ?1")?
        .query_row([&status.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((computer, last, instance)) = before else { return Ok(()) };
    let follows = last.checked_add(1) == Some(status.number)
        && instance.is_some_and(|it| Uuid::from_bytes(it) == status.instance);
    if !status.full && !follows {
        return Ok(());
    }
    if status.full {
        it.prepare_cached("DELETE FROM computer_update WHERE computer = ?1")?
            .execute([computer])?;
    }
    for update in status.updates.iter().take(UPDATES) {
        take_update(it, computer, update)?;
    }
    it.prepare_cached(
        "UPDATE computer SET rollup_number = ?2, instance = ?3, last_status = ?4, seen_at = ?5
         WHERE number = ?1",
    )?
    .execute(params![
        computer,
        status.number,
        status.instance.as_bytes(),
        status.last_detection.map(Timestamp::as_millisecond),
        now.as_millisecond(),
    ])?;
    Ok(())
}

/// Keeps what is needed, waits, or has failed; of what is installed or not applicable nothing.
fn take_update(
    it: &Transaction<'_>,
    computer: i64,
    update: &UpdateStatus,
) -> Result<(), StoreProblem> {
    if matches!(update.state, 2 | 3 | 5 | 6) {
        it.prepare_cached("INSERT OR REPLACE INTO computer_update VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![
                computer,
                update.update_id.as_bytes(),
                update.state,
                update.changed_at.map(Timestamp::as_millisecond),
            ])?;
    } else {
        it.prepare_cached("DELETE FROM computer_update WHERE computer = ?1 AND update_id = ?2")?
            .execute(params![computer, update.update_id.as_bytes()])?;
    }
    Ok(())
}
