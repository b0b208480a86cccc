//! Run Synchronization (SYNC-2): a synchronization that somebody starts, of a hierarchy as it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use tokio::sync::mpsc::UnboundedSender;

use super::{Controller, ControllerError, Looked};
use crate::{
    adopt::{Beside, adopt},
    apply::{ApplyEvent, ApplyReport, Origin, Removals},
    clock,
    model::{
        Digest, Hierarchy, Name, ObservedBuilder, RunCommand, SiteCode, SourceType, Unresolved,
    },
    plan::{ActionKind, Inputs, Plan, plan},
};

/// Why a site does not synchronize when somebody wants it.
#[derive(Debug, thiserror::Error)]
pub enum SynchronizeError {
    /// There is no such site, or its site server does not answer.
    #[error("there is no site {0}: `headwater status` shows what there is")]
    NoSite(SiteCode),
    /// It is below another one.
    #[error(
        "{site} synchronizes when {top} asks it to, and never by itself (SYNC-2): run `headwater sync \
         {top}`"
    )]
    Below {
        /// The site.
        site: SiteCode,
        /// The one at the top.
        top: SiteCode,
    },
    /// Nothing there synchronizes.
    #[error("{0} has no active software update point")]
    NoPoint(SiteCode),
    /// It has no upstream server.
    #[error(
        "`{point}` of {site} has no upstream server to synchronize with: it takes an export file in \
         when another one is put in place, by `headwater apply` or `headwater import`"
    )]
    NoUpstream {
        /// The site.
        site: SiteCode,
        /// Its active point.
        point: Name,
    },
    /// What is there makes no hierarchy.
    #[error("what the site systems report makes no hierarchy")]
    Unresolved(#[from] Unresolved),
    /// Looking or applying failed.
    #[error(transparent)]
    Controller(#[from] ControllerError),
}

/// A synchronization that was carried out.
#[derive(Debug)]
pub struct Synchronized {
    /// What was done.
    pub plan: Plan,
    /// How each action ended.
    pub report: ApplyReport,
}

impl Controller {
    /// Synchronizes a site at the top, and those below it as it asks them to. Only updates that are new
    /// enter the site database, unless `full` (SYNC-3). Nothing else of the hierarchy is changed.
    ///
    /// # Errors
    ///
    /// The site is not one that can, or the site systems cannot be asked. That a synchronization fails
    /// is in the report.
    pub async fn synchronize(
        &self,
        site: &SiteCode,
        full: bool,
        remote: &BTreeMap<Name, String>,
        events: &UnboundedSender<ApplyEvent>,
    ) -> Result<Synchronized, SynchronizeError> {
        let _lock = self.reconcile().await?;
        let mut observed = ObservedBuilder::default();
        let agents = self.observe_into(remote, &mut observed).await?;
        let observed = observed.finish();
        let adopted = adopt(&observed, Beside { remote, documents: None });
        let mut hierarchy = Hierarchy::resolve(&adopted.declared)?;
        request(&mut hierarchy, site)?;
        let hierarchy = Arc::new(hierarchy);
        let manifest_digest = Digest::of(b"");
        let now = clock::now();
        let inputs = Inputs { hierarchy: &hierarchy, manifest_digest, observed: &observed, now };
        let plan = synchronizations(plan(inputs), full);
        let looked = Looked { observed, plan, agents };
        let origin = Origin::person(RunCommand::Synchronize, None);
        let removals = Removals::Refused;
        let report = self.apply(&hierarchy, &looked, &origin, removals, events).await?;
        Ok(Synchronized { plan: looked.plan, report })
    }
}

/// Requests a synchronization of a site's active point, if it is one that may be requested.
fn request(hierarchy: &mut Hierarchy, code: &SiteCode) -> Result<(), SynchronizeError> {
    let site = hierarchy.sites.get(code).ok_or_else(|| SynchronizeError::NoSite(code.clone()))?;
    if site.parent.is_some() {
        let (site, top) = (code.clone(), top(hierarchy, code).clone());
        return Err(SynchronizeError::Below { site, top });
    }
    let no_point = || SynchronizeError::NoPoint(code.clone());
    let name = site.active_point.clone().ok_or_else(no_point)?;
    let point = hierarchy.update_points.get_mut(&name).ok_or_else(no_point)?;
    if matches!(point.settings.source.r#type, SourceType::Import | SourceType::None) {
        return Err(SynchronizeError::NoUpstream { site: code.clone(), point: name });
    }
    point.sync_requested_at = Some(clock::now());
    Ok(())
}

/// The site at the top of the one that a site belongs to.
fn top<'a>(hierarchy: &'a Hierarchy, code: &'a SiteCode) -> &'a SiteCode {
    let mut top = code;
    let mut seen = BTreeSet::new();
    while let Some(parent) = hierarchy.sites.get(top).and_then(|site| site.parent.as_ref())
        && seen.insert(top)
    {
        top = parent;
    }
    top
}

/// The synchronizations of a plan, and what clients are told of them.
fn synchronizations(mut plan: Plan, full: bool) -> Plan {
    let wanted = [ActionKind::Synchronize, ActionKind::PublishClientPolicy];
    plan.actions.retain(|action| wanted.contains(&action.kind));
    let there: BTreeSet<_> = plan.actions.iter().map(|action| action.id.clone()).collect();
    for action in &mut plan.actions {
        action.after.retain(|id| there.contains(id));
        action.only_new &= !full;
    }
    plan
}
