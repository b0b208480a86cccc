//! What this server tells its upstream server of itself, in numbers (protocol §1.11).

use rusqlite::Connection;
use uuid::Uuid;

use super::Catalog;
use crate::{
    store::{StoreError, StoreProblem},
    wire::reporting::ServerSummary,
};

/// Updates that are to be installed or removed somewhere, and those that are declined, as far as they
/// are here.
const APPROVED: &str = "SELECT DISTINCT i.number FROM deployment d
    JOIN identifier i ON i.update_id = d.update_id
    WHERE d.action IN (0, 1) AND EXISTS (SELECT 1 FROM revision r WHERE r.identifier = i.number)";
const HIDDEN: &str = "SELECT i.number FROM hidden_update h
    JOIN identifier i ON i.update_id = h.update_id
    WHERE EXISTS (SELECT 1 FROM revision r WHERE r.identifier = i.number)";

impl Catalog {
    /// How many updates and computers there are.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn summary(&self) -> Result<ServerSummary, StoreError> {
        self.database.read(|it| summary(it))
    }

    /// Identifies this catalog to those who ask: another one means that nothing of what was told
    /// here is known.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn uuid(&self) -> Result<Uuid, StoreError> {
        self.database.read(|it| {
            let bytes = it.query_row("SELECT uuid FROM catalog", [], |row| row.get(0))?;
            Ok(Uuid::from_bytes(bytes))
        })
    }
}

fn summary(it: &Connection) -> Result<ServerSummary, StoreProblem> {
    let count = |sql: &str| -> Result<i32, StoreProblem> {
        let count: i64 =
            it.query_row(&format!("SELECT count(*) FROM ({sql})"), [], |row| row.get(0))?;
        Ok(i32::try_from(count).unwrap_or(i32::MAX))
    };
    let needing = "SELECT DISTINCT computer FROM computer_update";
    let failing = "SELECT DISTINCT computer FROM computer_update WHERE state = 5";
    let computers = count("SELECT number FROM computer")?;
    // Both are read from indexes alone: there may be a million revisions.
    let all = count("SELECT DISTINCT identifier FROM revision")?;
    let configuration = count("SELECT DISTINCT identifier FROM revision WHERE update_type <= 2")?;
    let updates = all.saturating_sub(configuration);
    Ok(ServerSummary {
        updates,
        declined: count(HIDDEN)?,
        approved: count(APPROVED)?,
        not_approved: updates.saturating_sub(count(&format!("{APPROVED} UNION {HIDDEN}"))?),
        with_stale_approvals: count(
            "SELECT DISTINCT d.update_id FROM deployment d
             JOIN identifier i ON i.update_id = d.update_id
             WHERE d.action IN (0, 1) AND d.revision <
                 (SELECT max(r.revision) FROM revision r WHERE r.identifier = i.number)",
        )?,
        expired: count(&format!(
            "SELECT DISTINCT identifier FROM revision
             WHERE expired AND update_type > 2 AND identifier NOT IN ({APPROVED})"
        ))?,
        needed_by_computers: count("SELECT DISTINCT update_id FROM computer_update")?,
        with_client_errors: count(
            "SELECT DISTINCT update_id FROM computer_update WHERE state = 5",
        )?,
        custom_groups: count("SELECT id FROM target_group WHERE NOT built_in")?,
        computers,
        computers_needing_updates: count(needing)?,
        computers_with_errors: count(failing)?,
        computers_up_to_date: computers.saturating_sub(count(needing)?),
        ..ServerSummary::default()
    })
}
