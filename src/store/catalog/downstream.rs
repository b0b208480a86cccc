//! What downstream servers have told of themselves and of those below them (protocol §1.11).

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use uuid::Uuid;

use super::Catalog;
use crate::{
    store::{StoreError, StoreProblem},
    wire::reporting::{ClientSummary, ServerInfo, ServerSummary},
};

/// Servers that are remembered: more than any hierarchy has.
pub(super) const SERVERS: i64 = 5_000;

/// How long a server or computer is remembered that nobody tells of.
pub(super) const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Client summaries of one server that are kept, and their longest form, in bytes.
const SUMMARIES: usize = 200;
const SUMMARY_BYTES: usize = 64 << 10;

/// Longest name and version that are kept, in characters.
const NAME: usize = 255;
const VERSION: usize = 32;

/// What came of what a server has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It was taken.
    Taken,
    /// It names a parent that nobody has told of: nothing was taken.
    UnknownParent(Uuid),
}

impl Catalog {
    /// Takes what a server has told of itself and those below it: all of it or nothing. What is
    /// older than what is known is passed over.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn take_servers(&self, servers: &[ServerInfo], now: Timestamp) -> Result<Told, StoreError> {
        let own = self.account_guid()?;
        self.database.write(|it| {
            forget(it, "downstream_server", now)?;
            let mut known = known_servers(it)?;
            known.insert(own);
            known.extend(servers.iter().map(|server| server.id));
            for server in servers {
                if let Some(parent) = server.parent.filter(|parent| !known.contains(parent)) {
                    return Ok(Told::UnknownParent(parent));
                }
            }
            for server in servers.iter().filter(|server| server.id != own) {
                take(it, server, own, now)?;
            }
            Ok(Told::Taken)
        })
    }

    /// The servers below this one, each after the one that it gets updates from; the parent of those
    /// right below this one is none.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn downstream_servers(&self) -> Result<Vec<ServerInfo>, StoreError> {
        let mut servers = self.database.read(|it| {
            let mut statement = it.prepare_cached(
                "SELECT id, parent, name, version, replica, last_synchronization, last_rollup,
                     summary, clients FROM downstream_server ORDER BY name, id",
            )?;
            let mut rows = statement.query([])?;
            let mut servers = Vec::new();
            while let Some(row) = rows.next()? {
                servers.push(server(row)?);
            }
            Ok(servers)
        })?;
        let mut ordered = Vec::with_capacity(servers.len());
        let mut above = BTreeSet::from([None]);
        // Each round takes the next tier; servers in a circle belong to none, and are left out.
        while !above.is_empty() {
            let (tier, rest): (Vec<_>, Vec<_>) =
                servers.into_iter().partition(|it| above.contains(&it.parent));
            above = tier.iter().map(|it| Some(it.id)).collect();
            ordered.extend(tier);
            servers = rest;
        }
        Ok(ordered)
    }
}

/// Forgets what nobody has told of for long. A clock that was put back makes nothing old.
pub(super) fn forget(
    it: &Transaction<'_>,
    table: &str,
    now: Timestamp,
) -> Result<(), StoreProblem> {
    let oldest = now.saturating_sub(REMEMBERED).unwrap_or(Timestamp::MIN);
    let sql = format!("DELETE FROM {table} WHERE seen_at < ?1");
    it.prepare_cached(&sql)?.execute([oldest.as_millisecond()])?;
    Ok(())
}

/// The servers that have been told of.
pub(super) fn known_servers(it: &Connection) -> Result<BTreeSet<Uuid>, StoreProblem> {
    let mut statement = it.prepare_cached("SELECT id FROM downstream_server")?;
    let rows = statement.query_map([], |row| row.get(0).map(Uuid::from_bytes))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn take(
    it: &Transaction<'_>,
    server: &ServerInfo,
    own: Uuid,
    now: Timestamp,
) -> Result<(), StoreProblem> {
    let before: Option<Option<i64>> = it
        .prepare_cached("SELECT last_rollup FROM downstream_server WHERE id = ?1")?
        .query_row([server.id.as_bytes()], |row| row.get(0))
        .optional()?;
    let told_at = server.last_rollup.map(Timestamp::as_millisecond);
    match before {
        Some(before) if before > told_at => return Ok(()),
        Some(_) => {}
        None => {
            let count: i64 =
                it.query_row("SELECT count(*) FROM downstream_server", [], |row| row.get(0))?;
            if count >= SERVERS {
                tracing::warn!(server = %server.id, "no more downstream servers are remembered");
                return Ok(());
            }
        }
    }
    let value = |_| StoreProblem::Value("what a downstream server has told");
    let summary = serde_json::to_string(&server.summary).map_err(value)?;
    it.prepare_cached(
        "INSERT OR REPLACE INTO downstream_server
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        server.id.as_bytes(),
        server.parent.filter(|parent| *parent != own).map(Uuid::into_bytes),
        server.name.chars().take(NAME).collect::<String>(),
        server.version.chars().take(VERSION).collect::<String>(),
        server.replica,
        server.last_synchronization.map(Timestamp::as_millisecond),
        told_at,
        summary,
        clients(server).map_err(value)?,
        now.as_millisecond(),
    ])?;
    Ok(())
}

/// The client summaries, without the activities, which only say what is new since the last time.
fn clients(server: &ServerInfo) -> Result<String, serde_json::Error> {
    let without =
        |client: &ClientSummary| ClientSummary { activities: Vec::new(), ..client.clone() };
    let kept: Vec<_> = server.clients.iter().take(SUMMARIES).map(without).collect();
    let text = serde_json::to_string(&kept)?;
    Ok(if text.len() > SUMMARY_BYTES { "[]".to_owned() } else { text })
}

fn server(row: &Row<'_>) -> Result<ServerInfo, StoreProblem> {
    let damaged = |_| StoreProblem::Value("what a downstream server has told");
    let (summary, clients): (String, String) = (row.get(7)?, row.get(8)?);
    let summary: ServerSummary = serde_json::from_str(&summary).map_err(damaged)?;
    Ok(ServerInfo {
        id: Uuid::from_bytes(row.get(0)?),
        parent: row.get::<_, Option<[u8; 16]>>(1)?.map(Uuid::from_bytes),
        name: row.get(2)?,
        version: row.get(3)?,
        replica: row.get(4)?,
        last_synchronization: time(row, 5)?,
        last_rollup: time(row, 6)?,
        summary,
        clients: serde_json::from_str(&clients).map_err(damaged)?,
    })
}

fn time(row: &Row<'_>, at: usize) -> Result<Option<Timestamp>, StoreProblem> {
    let millisecond: Option<i64> = row.get(at)?;
    millisecond
        .map(Timestamp::from_millisecond)
        .transpose()
        .map_err(|_| StoreProblem::Value("a time of a downstream server"))
}
