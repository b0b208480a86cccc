//! What of a plan may be done now: what somebody has to approve waits for that, and what has failed
//! waits until it is tried again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use super::{ApprovalError, Controller, ControllerError, Looked};
use crate::{
    apply::{ApplyReport, Outcome, Removals},
    blocking::blocking,
    clock,
    engine::ActionRetries,
    model::{ActionKind, Digest, Hierarchy, Kind, Trigger},
    plan::{Action, ActionId, Inputs, Plan, PlanToApprove, Work, action_content, plan},
    store::{Journal, StoreError},
};

/// What somebody has to approve before it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeedsApproval {
    /// Everything that changes a site system, but for what schedules ask for: who has approved a
    /// schedule has approved that it is kept.
    All,
    /// What takes something away.
    Removals,
}

impl NeedsApproval {
    /// Whether an action has to be approved, where it is done at all.
    pub fn concerns(self, action: &Action, removals: Removals) -> bool {
        match (self, action.kind.removes()) {
            // Nobody asks about what is not done anyway.
            (_, true) => removals == Removals::Confirmed,
            (Self::All, false) => action.kind.changes_a_site_system() && !action.scheduled,
            (Self::Removals, false) => false,
        }
    }
}

/// What failed, for the manifests that are in force.
#[derive(Debug, Default)]
pub(super) struct BackOff(Mutex<Failed>);

#[derive(Debug, Default)]
struct Failed {
    manifest: Option<Digest>,
    retries: ActionRetries,
}

/// What of a plan may be done now.
#[derive(Debug, Default)]
pub(super) struct Permitted {
    /// The plan without the rest; none: all of it may be done.
    pub(super) part: Option<Plan>,
    /// How the rest ends: it waits, or comes after something that does.
    pub(super) held: Vec<(ActionId, Outcome)>,
    /// What waits for approval.
    pub(super) to_approve: Option<PlanToApprove>,
}

impl Permitted {
    /// Takes out of a plan what waits, and what comes after that.
    fn of(plan: &Plan, mut waits: BTreeMap<ActionId, Outcome>, quiet: &BTreeSet<ActionId>) -> Self {
        if waits.is_empty() && quiet.is_empty() {
            return Self::default();
        }
        let mut part = Plan { actions: Vec::new(), complete: false, ..plan.clone() };
        let mut left: BTreeSet<&ActionId> = BTreeSet::new();
        let mut held = Vec::new();
        // Actions refer only to earlier ones.
        for action in &plan.actions {
            let id = &action.id;
            let before = action.after.iter().find(|before| left.contains(before));
            let own = waits.remove(id);
            if own.is_none() && before.is_none() && !quiet.contains(id) {
                part.actions.push(action.clone());
                continue;
            }
            left.insert(id);
            // Those that wait for approval are told together.
            let told = own.or_else(|| before.map(|it| Outcome::Skipped(it.clone())));
            let after_quiet = before.is_some_and(|before| quiet.contains(before));
            if let Some(outcome) = told.filter(|_| !quiet.contains(id) && !after_quiet) {
                held.push((id.clone(), outcome));
            }
        }
        Self { part: Some(part), held, to_approve: None }
    }
}

impl Controller {
    /// What of a plan may be done now.
    pub(super) async fn permitted(
        &self,
        hierarchy: &Hierarchy,
        looked: &Looked,
        trigger: Trigger,
        removals: Removals,
    ) -> Result<Permitted, ControllerError> {
        let (quiet, to_approve) = self.unapproved(hierarchy, looked, removals)?;
        let mut waits = match trigger {
            // Somebody who looks on: it is tried at once.
            Trigger::Person => BTreeMap::new(),
            Trigger::Loop => self.backing_off(hierarchy, &looked.plan).await?,
        };
        if let Some(leaving) = self.leaving() {
            let kept = looked.plan.actions.iter().filter(|it| leaving.keeps(it, hierarchy));
            waits.extend(kept.map(|it| (it.id.clone(), Outcome::Unconfirmed)));
        }
        Ok(Permitted { to_approve, ..Permitted::of(&looked.plan, waits, &quiet) })
    }

    /// The actions that wait for approval, and what has to be approved.
    fn unapproved(
        &self,
        hierarchy: &Hierarchy,
        looked: &Looked,
        removals: Removals,
    ) -> Result<(BTreeSet<ActionId>, Option<PlanToApprove>), ControllerError> {
        let Some(needs) = self.approval() else { return Ok((BTreeSet::new(), None)) };
        let concerned = |it: &&Action| needs.concerns(it, removals);
        let now = clock::now();
        let Looked { observed, plan: planned, .. } = looked;
        let work = if hierarchy.maintenance_windows.is_empty() {
            Work::of(planned.actions.iter().filter(concerned), hierarchy)
        } else {
            // What waits for a window is approved before it opens.
            let hierarchy = hierarchy.clone().outside_windows();
            let manifest_digest = planned.manifest_digest;
            let inputs = Inputs { hierarchy: &hierarchy, manifest_digest, observed, now };
            Work::of(plan(inputs).actions.iter().filter(concerned), &hierarchy)
        };
        let files = self.approval_files();
        let mut approvals = files.read()?;
        let before = approvals.clone();
        if let Some(used) = approvals.look(&work, &files.given(now)?, now) {
            // First of all: it counts once, whatever happens then.
            files.forget(used)?;
        }
        if approvals != before {
            files.write(&approvals)?;
        }
        let unapproved = planned.actions.iter().filter(concerned);
        let unapproved = unapproved.filter(|it| !approvals.permit(&it.id)).map(|it| it.id.clone());
        Ok((unapproved.collect(), approvals.waiting))
    }

    /// The actions that failed and are not tried again yet.
    async fn backing_off(
        &self,
        hierarchy: &Hierarchy,
        plan: &Plan,
    ) -> Result<BTreeMap<ActionId, Outcome>, ControllerError> {
        let manifest = plan.manifest_digest;
        let known = self.back_off().lock().manifest;
        if known != Some(manifest) {
            // When other manifests come into force, everything is tried at once.
            let retries = if known.is_some() {
                ActionRetries::default()
            } else {
                let journal = self.journal().clone();
                blocking(move || Ok::<_, ControllerError>(failed_before(&journal, manifest)?))
                    .await?
            };
            *self.back_off().lock() = Failed { manifest: Some(manifest), retries };
        }
        let failed = self.back_off().lock();
        let now = clock::now();
        let waiting = plan.actions.iter().filter(|it| backs_off(it)).filter_map(|it| {
            let failures =
                failed.retries.waits(it.id.as_str(), action_content(it, hierarchy), now)?;
            let (until, why) = (failures.due, failures.why.clone());
            Some((it.id.clone(), Outcome::TriedAgain { until, failed: failures.failed, why }))
        });
        Ok(waiting.collect())
    }

    /// Remembers how the actions of a plan ended.
    pub(super) fn remember(
        &self,
        hierarchy: &Hierarchy,
        plan: &Plan,
        report: &ApplyReport,
    ) -> Result<(), ApprovalError> {
        let mut failed = self.back_off().lock();
        for action in plan.actions.iter().filter(|it| backs_off(it)) {
            match report.outcomes.get(&action.id) {
                Some(Outcome::Failed(why)) => {
                    let content = Some(action_content(action, hierarchy));
                    let now = report.ended_at.get(&action.id).copied().unwrap_or_else(clock::now);
                    failed.retries.failed(action.id.as_str(), content, now, why.clone());
                }
                Some(Outcome::Done(_)) => failed.retries.done(action.id.as_str()),
                _ => {}
            }
        }
        if self.approval().is_none() {
            return Ok(());
        }
        let files = self.approval_files();
        let mut approvals = files.read()?;
        let before = approvals.clone();
        for (id, outcome) in &report.outcomes {
            if matches!(outcome, Outcome::Done(_)) {
                approvals.done(id);
            }
        }
        if approvals != before {
            files.write(&approvals)?;
        }
        Ok(())
    }

    /// Waits until a plan is approved that waits for it; for ever if none does.
    pub async fn approved(&self) {
        let waiting = self.approval().and_then(|_| self.approval_files().read().ok()?.waiting);
        let Some(waiting) = waiting else { return std::future::pending().await };
        let files = self.approval_files();
        loop {
            // First of all: a file that is there and no approval must not make passes follow at once.
            tokio::time::sleep(APPROVALS_LOOKED_FOR_EVERY).await;
            if files.is_given(waiting.digest) {
                return;
            }
        }
    }
}

/// Quick enough for somebody who looks on, and one look at one file.
const APPROVALS_LOOKED_FOR_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

impl BackOff {
    fn lock(&self) -> MutexGuard<'_, Failed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an action waits after it has failed. Others have timers of their own; but what a site server
/// takes in from its source has none.
fn backs_off(action: &Action) -> bool {
    !action.kind.has_its_own_timers()
        || action.resource.kind == Kind::Package && action.targets.is_empty()
}

/// The same, by the identity of an action alone: what goes to distribution points says in which wave.
fn id_backs_off(id: &str) -> bool {
    let Some((kind, rest)) = id.split_once(':') else { return false };
    let kind = ActionKind::ALL.into_iter().find(|it| it.to_string() == kind);
    let part = rest.split_once('@').map(|(_, part)| part);
    let to_site_server = part.is_some_and(|part| !part.contains('.'));
    kind.is_some_and(|it| {
        !it.has_its_own_timers() || rest.starts_with("Package/") && to_site_server
    })
}

/// What failed before this process began, and has no timers of its own.
pub fn failed_before(journal: &Journal, manifest: Digest) -> Result<ActionRetries, StoreError> {
    let mut retries = ActionRetries::default();
    for end in journal.action_ends(manifest)?.into_iter().filter(|it| id_backs_off(&it.id)) {
        match end.failed {
            Some(why) => retries.failed(&end.id, None, end.at, why),
            None => retries.done(&end.id),
        }
    }
    Ok(retries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Summary;

    fn id(text: &str) -> ActionId {
        ActionId::from(format!("VerifyPorts:SoftwareUpdatePoint/{text}"))
    }

    /// A plan of `a`, `b` after it, `c` after that, and `d`.
    fn plan() -> Plan {
        let after = [("a", None), ("b", Some("a")), ("c", Some("b")), ("d", None)];
        let actions = after.map(|(name, after)| Action {
            id: id(name),
            kind: ActionKind::VerifyPorts,
            resource: crate::model::ResourceId::new(
                Kind::SoftwareUpdatePoint,
                &name.parse().unwrap(),
            ),
            site: "ONE".parse().unwrap(),
            requirement: "SUP-5".to_owned(),
            reason: String::new(),
            after: after.map(id).into_iter().collect(),
            targets: Vec::new(),
            diff: Vec::new(),
            only_new: false,
            scheduled: false,
        });
        Plan {
            format_version: crate::plan::FORMAT_VERSION.to_string(),
            manifest_digest: Digest::of(b"m"),
            observed_digest: Digest::of(b"o"),
            complete: true,
            summary: Summary::default(),
            actions: actions.into(),
            waiting: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    fn ids(permitted: &Permitted) -> Vec<ActionId> {
        let part = permitted.part.as_ref().unwrap();
        assert!(!part.complete, "it is not as wanted when that is done");
        part.actions.iter().map(|it| it.id.clone()).collect()
    }

    #[test]
    fn what_comes_after_something_that_waits_waits_too() {
        let all = Permitted::of(&plan(), BTreeMap::new(), &BTreeSet::new());
        assert!(all.part.is_none() && all.held.is_empty());
        let waiting = Outcome::Waiting { until: clock::now(), why: "it failed".to_owned() };
        let waits = BTreeMap::from([(id("a"), waiting.clone())]);
        let permitted = Permitted::of(&plan(), waits, &BTreeSet::new());
        assert_eq!(ids(&permitted), [id("d")]);
        let held = [
            (id("a"), waiting),
            (id("b"), Outcome::Skipped(id("a"))),
            (id("c"), Outcome::Skipped(id("b"))),
        ];
        assert_eq!(permitted.held, held);
        // What waits for approval is told by its plan.
        let permitted = Permitted::of(&plan(), BTreeMap::new(), &BTreeSet::from([id("b")]));
        assert_eq!(ids(&permitted), [id("a"), id("d")]);
        assert_eq!(permitted.held, []);
    }

    #[test]
    fn what_has_timers_of_its_own_is_known_by_its_identity() {
        for (id, expected) in [
            ("AddDistributionPoint:DistributionPoint/one", true),
            ("DistributeContent:Package/one@AMS", true),
            ("DistributeContent:Package/one@AMS.0", false),
            ("UpdateContent:Package/one@AMS.1+", false),
            ("Synchronize:SoftwareUpdatePoint/one", false),
            ("ImportUpdates:SoftwareUpdatePoint/one", false),
            ("nonsense", false),
        ] {
            assert_eq!(id_backs_off(id), expected, "{id}");
        }
    }
}
