//! Approvals as they are carried: groups of computers, what is to be done with which update on them,
//! declined updates and accepted licence terms.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::UpdatesFileError;
use crate::{
    model::UpdateIdentity,
    wire::server_sync::{Deployment, DeploymentAction, DeploymentResult, TargetGroup},
};

/// The longest name of a group or a person, in characters.
const NAME: usize = 255;

/// What the record of approvals holds; all of it is absent in a file that carries none.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Approvals {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<Group>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    deployments: Vec<Deployed>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    declined: Vec<Uuid>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    accepted_licences: Vec<Uuid>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Group {
    id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<Uuid>,
    name: String,
    built_in: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Deployed {
    id: Uuid,
    update_id: Uuid,
    revision: i32,
    action: Action,
    admin_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deadline: Option<Timestamp>,
    is_assigned: bool,
    go_live: Timestamp,
    group: Uuid,
    download_priority: u8,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Action {
    Install,
    Uninstall,
    Scan,
    Block,
}

impl Approvals {
    /// Of a catalog's.
    pub(super) fn of(approvals: &DeploymentResult) -> Self {
        let group = |it: &TargetGroup| {
            let TargetGroup { id, parent, name, built_in } = it.clone();
            Group { id, parent, name, built_in }
        };
        Self {
            groups: approvals.groups.iter().map(group).collect(),
            deployments: approvals.deployments.iter().map(Deployed::of).collect(),
            declined: approvals.hidden_updates.clone(),
            accepted_licences: approvals.accepted_eulas.clone(),
        }
    }

    /// What they say, once they make sense: every group and every approval is there once, groups lead
    /// up to one that is at the top, and approvals are for groups that are there.
    pub(super) fn checked(self) -> Result<Option<DeploymentResult>, UpdatesFileError> {
        let Self { groups, deployments, declined, accepted_licences } = self;
        if groups.is_empty() {
            let is_empty = deployments.is_empty() && declined.is_empty();
            return if is_empty && accepted_licences.is_empty() {
                Ok(None)
            } else {
                Err(damaged("approvals are in it without groups"))
            };
        }
        let parents: BTreeMap<_, _> = groups.iter().map(|it| (it.id, it.parent)).collect();
        if parents.len() != groups.len() {
            return Err(damaged("a group of computers is in it twice"));
        }
        for group in &groups {
            let mut above = group.parent;
            // No way up is longer than there are groups.
            for _ in 0..groups.len() {
                let Some(parent) = above else { break };
                let next = parents.get(&parent);
                above = *next.ok_or_else(|| damaged("a group is below one that is not in it"))?;
            }
            if above.is_some() || group.name.chars().count() > NAME {
                return Err(damaged("a group of computers in it is none"));
            }
        }
        let ids: BTreeSet<_> = deployments.iter().map(|it| it.id).collect();
        if ids.len() != deployments.len() {
            return Err(damaged("an approval is in it twice"));
        }
        for it in &deployments {
            if !parents.contains_key(&it.group) {
                return Err(damaged("an approval is for a group that is not in it"));
            }
            if it.admin_name.chars().count() > NAME || !(1..=3).contains(&it.download_priority) {
                return Err(damaged("an approval in it is none"));
            }
        }
        let group =
            |Group { id, parent, name, built_in }| TargetGroup { id, parent, name, built_in };
        Ok(Some(DeploymentResult {
            groups: groups.into_iter().map(group).collect(),
            deployments: deployments.into_iter().map(Deployment::from).collect(),
            hidden_updates: declined,
            accepted_eulas: accepted_licences,
            ..DeploymentResult::default()
        }))
    }
}

fn damaged(what: &str) -> UpdatesFileError {
    UpdatesFileError::Damaged(what.to_owned())
}

impl Deployed {
    fn of(it: &Deployment) -> Self {
        let Deployment { id, identity, action, admin_name, deadline, is_assigned, .. } = it.clone();
        let action = match action {
            DeploymentAction::Install => Action::Install,
            DeploymentAction::Uninstall => Action::Uninstall,
            DeploymentAction::Scan => Action::Scan,
            DeploymentAction::Block => Action::Block,
        };
        Self {
            id,
            update_id: identity.update_id,
            revision: identity.revision,
            action,
            admin_name,
            deadline,
            is_assigned,
            go_live: it.go_live,
            group: it.group,
            download_priority: it.download_priority,
        }
    }
}

impl From<Deployed> for Deployment {
    fn from(it: Deployed) -> Self {
        let action = match it.action {
            Action::Install => DeploymentAction::Install,
            Action::Uninstall => DeploymentAction::Uninstall,
            Action::Scan => DeploymentAction::Scan,
            Action::Block => DeploymentAction::Block,
        };
        Self {
            id: it.id,
            identity: UpdateIdentity { update_id: it.update_id, revision: it.revision },
            action,
            admin_name: it.admin_name,
            deadline: it.deadline,
            is_assigned: it.is_assigned,
            go_live: it.go_live,
            group: it.group,
            download_priority: it.download_priority,
        }
    }
}
