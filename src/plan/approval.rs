//! Approval of plans: what a plan would do as one digest, and what of it somebody has approved.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Action, ActionId};
use crate::model::{Digest, Hierarchy, Kind, Name, PackageSource, ResourceId};

/// So many actions of a plan that waits are named.
const NAMED: usize = 20;

/// The setting of an update point that says which file it imports.
const IMPORT_FILE: &str = "source.file";

/// What an action would do: no reasons, no times, and nothing of where values are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Step {
    /// Of its kind, resource and changes, and of what the manifests say of its package or update.
    content: Digest,
    /// Where it is done.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    targets: BTreeSet<Name>,
}

impl Step {
    fn of(action: &Action, hierarchy: &Hierarchy) -> Self {
        Self {
            content: action_content(action, hierarchy),
            targets: action.targets.iter().cloned().collect(),
        }
    }

    /// Whether it does the same as another one, at no other places.
    fn is_part_of(&self, other: &Self) -> bool {
        self.content == other.content && self.targets.is_subset(&other.targets)
    }
}

/// What an action does, wherever, as a digest: the same for as long as it would do the same, and in every
/// checkout of the manifests.
pub fn action_content(action: &Action, hierarchy: &Hierarchy) -> Digest {
    let Action { id, kind, resource, site, diff, only_new, .. } = action;
    let ResourceId { kind: of, name } = resource;
    // What no change of a plan says.
    let package = hierarchy.packages.get(name).filter(|_| *of == Kind::Package).map(|it| {
        let source = PackageSource { path: it.written_path.clone(), ..it.source.clone() };
        (&it.id, it.version, source, &it.content)
    });
    let update = hierarchy.local_updates.get(name).filter(|_| *of == Kind::LocalUpdate);
    let update = update.map(|it| {
        let mut spec = it.update.spec.clone();
        for file in &mut spec.files {
            file.path = file.name().to_owned();
        }
        (spec, it.update.keep)
    });
    let import = hierarchy.update_points.get(name).filter(|_| *of == Kind::SoftwareUpdatePoint);
    let import = import.and_then(|it| it.file_in_checkout.as_ref());
    let changes = diff.iter().filter(|_| update.is_none());
    let changes: Vec<(&str, &Value, &Value)> = changes
        .filter(|it| import.is_none() || it.path != IMPORT_FILE)
        .map(|it| (&*it.path, &it.before, &it.after))
        .collect();
    Digest::of_json(&((id, kind, resource, site, changes, only_new), package, update, import))
}

/// What a plan would do, by the identities of its actions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Work(BTreeMap<ActionId, Step>);

impl Work {
    /// What some actions would do. Those that only look are no part of it.
    pub fn of<'a>(actions: impl IntoIterator<Item = &'a Action>, hierarchy: &Hierarchy) -> Self {
        let actions = actions.into_iter().filter(|it| it.kind.changes_a_site_system());
        Self(actions.map(|it| (it.id.clone(), Step::of(it, hierarchy))).collect())
    }

    /// The digest that is approved: the same for as long as the same would be done.
    pub fn digest(&self) -> Digest {
        Digest::of_json(self)
    }

    /// Whether nothing would be done.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn covers(&self, id: &ActionId, step: &Step) -> bool {
        self.0.get(id).is_some_and(|mine| step.is_part_of(mine))
    }
}

/// A plan that waits until somebody approves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanToApprove {
    /// What has to be approved.
    pub digest: Digest,
    /// Since when it waits.
    pub since: Timestamp,
    /// How many actions wait.
    pub count: usize,
    /// The first of them.
    pub actions: Vec<ActionId>,
}

/// What is approved and not done yet, and what waits for approval.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approvals {
    /// What waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<PlanToApprove>,
    /// What is left of what was approved.
    #[serde(default)]
    left: Work,
}

impl Approvals {
    /// Looks at what a plan would do, beside the digests that somebody has approved. Answers which of
    /// these counts: it has been used then, and is to be forgotten before anything goes by it.
    ///
    /// What is left of an approved plan (what failed, waits for a window or was cut off) stays approved
    /// for as long as it would do the same. What is not planned any more is forgotten: should it come
    /// again, it is another plan.
    pub fn look(
        &mut self,
        work: &Work,
        given: &BTreeSet<Digest>,
        now: Timestamp,
    ) -> Option<Digest> {
        let (covered, open): (BTreeMap<_, _>, BTreeMap<_, _>) =
            work.0.clone().into_iter().partition(|(id, step)| self.left.covers(id, step));
        self.left = Work(covered);
        let open = Work(open);
        let before = self.waiting.take();
        if open.is_empty() {
            return None;
        }
        let digest = open.digest();
        // The whole plan is approved with what is left of the one before.
        let used = [digest, work.digest()].into_iter().find(|it| given.contains(it));
        if used.is_some() {
            self.left.0.extend(open.0);
            return used;
        }
        let since = before.filter(|it| it.digest == digest).map_or(now, |it| it.since);
        let (count, actions) = (open.0.len(), open.0.into_keys().take(NAMED).collect());
        self.waiting = Some(PlanToApprove { digest, since, count, actions });
        None
    }

    /// Whether an action may begin: it is part of what [`Self::look`] has found approved.
    pub fn permit(&self, id: &ActionId) -> bool {
        self.left.0.contains_key(id)
    }

    /// An action is done: to do it again is another matter.
    pub fn done(&mut self, id: &ActionId) {
        self.left.0.remove(id);
    }
}
