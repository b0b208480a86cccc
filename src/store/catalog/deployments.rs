//! Groups of computers, and what is approved for them: what `GetDeployments` answers, and what
//! whoever approves updates sets.

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};
use uuid::Uuid;

use super::{Catalog, ListError, list::first_change, open::last_change, write::Moment};
use crate::{
    model::UpdateIdentity,
    store::{StoreError, StoreProblem},
    wire::{
        anchor::Anchor,
        date_time,
        server_sync::{Deployment, DeploymentAction, DeploymentResult, TargetGroup},
    },
};

/// Columns of a deployment, in the order of [`deployment`].
const COLUMNS: &str = "d.id, d.update_id, d.revision, d.action, d.admin_name, d.deadline,
    d.is_assigned, d.go_live, d.target_group, d.download_priority";

impl Catalog {
    /// The time of an anchor, which must be one of this catalog.
    ///
    /// # Errors
    ///
    /// It is not, or the file cannot be read.
    pub fn anchor_of(&self, text: &str) -> Result<Anchor, ListError> {
        self.checked(Some(text))?;
        text.parse().map_err(|_| ListError::Anchor(text.chars().take(60).collect()))
    }

    /// Groups, and what has changed between two anchors: revisions that were stored later are not
    /// spoken of yet. Declined updates and accepted licence terms are always all of them.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn deployments_between(
        &self,
        after: Option<Anchor>,
        up_to: Anchor,
    ) -> Result<DeploymentResult, StoreError> {
        let from = after.map_or(i64::MIN, |it| it.at().as_millisecond());
        let to = up_to.at().as_millisecond();
        self.database.read(|it| {
            let mut result = standing(it)?;
            result.anchor = Some(up_to.to_string());
            // Who has no revision can do nothing with its deployment: both count from the later one.
            let sql = format!(
                "SELECT {COLUMNS} FROM deployment d
                 JOIN identifier i ON i.update_id = d.update_id
                 JOIN revision r ON r.identifier = i.number AND r.revision = d.revision
                 WHERE d.changed_at <= ?2 AND r.change < ?4
                     AND (d.changed_at > ?1 OR r.change >= ?3)
                 ORDER BY d.id"
            );
            let last = last_change(it)?;
            let first = first_change(it, from, last)?;
            let end = first_change(it, to, last)?;
            result.deployments = deployments(it, &sql, params![from, to, first, end])?;
            // Whoever has no deployments yet need not hear of those that are no more.
            if after.is_some() {
                let sql = "SELECT id FROM dead_deployment WHERE changed_at > ?1
                           AND changed_at <= ?2 ORDER BY id";
                result.dead_deployments = guids(it, sql, params![from, to])?;
            }
            Ok(result)
        })
    }

    /// All groups and approvals, without an anchor.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn approvals(&self) -> Result<DeploymentResult, StoreError> {
        self.database.read(|it| {
            let mut result = standing(it)?;
            let sql = format!("SELECT {COLUMNS} FROM deployment d ORDER BY d.id");
            result.deployments = deployments(it, &sql, [])?;
            Ok(result)
        })
    }

    /// Has these groups beside the two that every server has. What was deployed to a group that is
    /// gone is not deployed any more.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn set_target_groups(
        &self,
        groups: &[TargetGroup],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.write(|it| {
            let moment = Moment::next(it, now)?;
            replace_groups(it, groups, moment.at)
        })
    }

    /// Makes these deployments, or changes those of the same identifiers.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn put_deployments(
        &self,
        deployments: &[Deployment],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.write(|it| {
            let moment = Moment::next(it, now)?;
            put(it, deployments, moment.at)
        })
    }

    /// Ends these deployments, as far as there are any.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn remove_deployments(&self, ids: &[Uuid], now: Timestamp) -> Result<(), StoreError> {
        self.database.write(|it| {
            let moment = Moment::next(it, now)?;
            remove(it, ids, moment.at)
        })
    }

    /// The updates that are declined.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn hidden_updates(&self) -> Result<Vec<Uuid>, StoreError> {
        self.database.read(|it| hidden_updates(it))
    }

    /// Declines these updates and no others.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn set_hidden_updates(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        self.database.write(|it| replace_guids(it, "hidden_update", ids))
    }

    /// Accepts these licence terms and no others.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn set_accepted_eulas(&self, ids: &[Uuid]) -> Result<(), StoreError> {
        self.database.write(|it| replace_guids(it, "accepted_eula", ids))
    }

    /// Takes over what an upstream server has answered, at once or not at all: as all there is, or
    /// as what has changed.
    ///
    /// # Errors
    ///
    /// The file cannot be written; then nothing has changed.
    pub fn take_deployments(
        &self,
        result: &DeploymentResult,
        is_complete: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.database.write(|it| {
            let moment = Moment::next(it, now)?;
            replace_groups(it, &result.groups, moment.at)?;
            remove(it, &result.dead_deployments, moment.at)?;
            if is_complete {
                let named: std::collections::BTreeSet<_> =
                    result.deployments.iter().map(|it| it.id).collect();
                let mut gone = guids(it, "SELECT id FROM deployment", [])?;
                gone.retain(|id| !named.contains(id));
                remove(it, &gone, moment.at)?;
            }
            put(it, &result.deployments, moment.at)?;
            replace_guids(it, "hidden_update", &result.hidden_updates)?;
            replace_guids(it, "accepted_eula", &result.accepted_eulas)
        })
    }
}

/// What every answer has, whatever has changed.
fn standing(it: &Connection) -> Result<DeploymentResult, StoreProblem> {
    let mut statement = it.prepare_cached(
        "SELECT id, parent, name, built_in FROM target_group ORDER BY built_in DESC, id",
    )?;
    let group = |row: &Row<'_>| {
        Ok(TargetGroup {
            id: Uuid::from_bytes(row.get(0)?),
            parent: row.get::<_, Option<[u8; 16]>>(1)?.map(Uuid::from_bytes),
            name: row.get(2)?,
            built_in: row.get(3)?,
        })
    };
    Ok(DeploymentResult {
        groups: statement.query_map([], group)?.collect::<Result<_, _>>()?,
        hidden_updates: hidden_updates(it)?,
        accepted_eulas: guids(it, "SELECT eula_id FROM accepted_eula ORDER BY 1", [])?,
        ..DeploymentResult::default()
    })
}

fn hidden_updates(it: &Connection) -> Result<Vec<Uuid>, StoreProblem> {
    guids(it, "SELECT update_id FROM hidden_update ORDER BY 1", [])
}

fn guids(
    it: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Uuid>, StoreProblem> {
    let mut statement = it.prepare_cached(sql)?;
    let rows = statement.query_map(parameters, |row| row.get(0).map(Uuid::from_bytes))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn deployments(
    it: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Deployment>, StoreProblem> {
    let mut statement = it.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(deployment(row)?);
    }
    Ok(found)
}

fn deployment(row: &Row<'_>) -> Result<Deployment, StoreProblem> {
    let damaged = || StoreProblem::Value("a deployment");
    let time = |text: String| date_time::parse(&text).map_err(|_| damaged());
    Ok(Deployment {
        id: Uuid::from_bytes(row.get(0)?),
        identity: UpdateIdentity {
            update_id: Uuid::from_bytes(row.get(1)?),
            revision: row.get(2)?,
        },
        action: DeploymentAction::of_number(row.get(3)?).ok_or_else(damaged)?,
        admin_name: row.get(4)?,
        deadline: row.get::<_, Option<String>>(5)?.map(time).transpose()?,
        is_assigned: row.get(6)?,
        go_live: time(row.get(7)?)?,
        group: Uuid::from_bytes(row.get(8)?),
        download_priority: row.get(9)?,
    })
}

fn put(it: &Transaction<'_>, deployments: &[Deployment], at: i64) -> Result<(), StoreProblem> {
    let mut changed = 0_usize;
    for deployment in deployments {
        let written = it
            .prepare_cached(
                "INSERT INTO deployment VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                 ON CONFLICT (id) DO UPDATE SET update_id = ?2, revision = ?3, action = ?4,
                     admin_name = ?5, deadline = ?6, is_assigned = ?7, go_live = ?8,
                     target_group = ?9, download_priority = ?10, changed_at = ?11
                 WHERE (update_id, revision, action, admin_name, deadline, is_assigned, go_live,
                     target_group, download_priority)
                     IS NOT (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                deployment.id.as_bytes(),
                deployment.identity.update_id.as_bytes(),
                deployment.identity.revision,
                deployment.action.number(),
                deployment.admin_name,
                deployment.deadline.map(date_time::format),
                deployment.is_assigned,
                date_time::format(deployment.go_live),
                deployment.group.as_bytes(),
                deployment.download_priority,
                at,
            ])?;
        it.prepare_cached("DELETE FROM dead_deployment WHERE id = ?1")?
            .execute([deployment.id.as_bytes()])?;
        changed = changed.saturating_add(written);
    }
    note_change(it, changed > 0, at)
}

fn remove(it: &Transaction<'_>, ids: &[Uuid], at: i64) -> Result<(), StoreProblem> {
    let mut changed = false;
    for id in ids {
        let removed =
            it.prepare_cached("DELETE FROM deployment WHERE id = ?1")?.execute([id.as_bytes()])?;
        if removed > 0 {
            changed = true;
            it.prepare_cached("INSERT OR REPLACE INTO dead_deployment VALUES (?1, ?2)")?
                .execute(params![id.as_bytes(), at])?;
        }
    }
    note_change(it, changed, at)
}

fn replace_groups(
    it: &Transaction<'_>,
    groups: &[TargetGroup],
    at: i64,
) -> Result<(), StoreProblem> {
    it.execute("DELETE FROM target_group", [])?;
    // The two that every server has are as they are, whatever somebody says of them.
    for group in groups.iter().chain(&TargetGroup::built_in()) {
        it.prepare_cached("INSERT OR REPLACE INTO target_group VALUES (?1, ?2, ?3, ?4)")?.execute(
            params![
                group.id.as_bytes(),
                group.parent.map(Uuid::into_bytes),
                group.name,
                group.built_in
            ],
        )?;
    }
    let sql = "SELECT id FROM deployment
               WHERE target_group NOT IN (SELECT id FROM target_group)";
    let orphans = guids(it, sql, [])?;
    remove(it, &orphans, at)
}

fn replace_guids(it: &Transaction<'_>, table: &str, ids: &[Uuid]) -> Result<(), StoreProblem> {
    it.execute(&format!("DELETE FROM {table}"), [])?;
    let insert = format!("INSERT OR IGNORE INTO {table} VALUES (?1)");
    let mut statement = it.prepare_cached(&insert)?;
    for id in ids {
        statement.execute([id.as_bytes()])?;
    }
    Ok(())
}

/// Anchors tell of deployments, too.
fn note_change(it: &Transaction<'_>, changed: bool, at: i64) -> Result<(), StoreProblem> {
    if changed {
        it.prepare_cached("UPDATE catalog SET last_changed_at = ?1")?.execute([at])?;
    }
    Ok(())
}
