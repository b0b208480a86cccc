//! The engine's machines, kept from one pass to the next: when a failed synchronization is tried
//! again, how often a pull distribution point was notified.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use tokio::sync::Semaphore;

use crate::{
    engine::{
        DistributionCommand, DistributionEvent, DistributionJob, SyncCommand, SyncEvent,
        SyncManager, TransferCommand, TransferEvent, TransferJob,
    },
    model::{
        DistributionPointSettings, DistributionSettings, FileFacts, Hierarchy, Name, PackageId,
        Priority, Site, SiteCode, SynchronizationOrder, TransferPhase, TransferSettings,
        UpdatePointSettings,
    },
    plan::{ActionKind, Plan},
};

use super::{messages::MessageLine, turns::Turns};

/// The engine's machines for a hierarchy.
#[derive(Debug, Default)]
pub struct Machines {
    sync_managers: Mutex<BTreeMap<SiteCode, SyncManager>>,
    requested: Mutex<BTreeSet<SiteCode>>,
    /// Points whose last synchronization failed, and under which circumstances, as far as it could be
    /// seen.
    failed: Mutex<BTreeMap<Name, Option<Circumstances>>>,
    transfers: Mutex<BTreeMap<TransferKey, TransferJob>>,
    distributions: Mutex<BTreeMap<TransferKey, (DistributionTerms, DistributionJob)>>,
    /// What the packages of a site that are being sent hold, and how many may be.
    packages: Mutex<BTreeMap<SiteCode, (usize, Arc<Semaphore>)>>,
    /// Held while a site server sends to a point with a rate limit.
    lines: Mutex<BTreeMap<Name, Arc<tokio::sync::Mutex<()>>>>,
    turns: Arc<Turns>,
    messages: Mutex<BTreeMap<SiteCode, Arc<MessageLine>>>,
}

/// What the synchronization of a point depends on: its settings, and the file that it imports.
pub(super) type Circumstances = (UpdatePointSettings, Option<FileFacts>);

/// What a distribution job goes by: with others there is a reason to try at once.
pub(super) type DistributionTerms = (DistributionPointSettings, DistributionSettings, Priority);

/// A package on its way to a distribution point, as this version.
pub(super) type TransferKey = (PackageId, u32, Name);

impl Machines {
    /// Makes a sync manager for every site with an active point; those that are there stay what
    /// they are. Updates flow only to points that the plan synchronizes.
    pub(super) fn refit(&self, hierarchy: &Hierarchy, plan: &Plan) {
        let synchronized = plan.actions.iter().filter(|it| it.kind == ActionKind::Synchronize);
        let synchronized: BTreeSet<_> = synchronized.map(|it| &it.resource.name).collect();
        self.turns.refit(hierarchy);
        let mut managers = lock(&self.sync_managers);
        managers.retain(|code, _| {
            hierarchy.sites.get(code).is_some_and(|site| site.active_point.is_some())
        });
        for (code, site) in &hierarchy.sites {
            let Some(active) = site.active_point.clone() else { continue };
            let children: Vec<_> = hierarchy
                .children(code)
                .filter(|(_, child)| child.active_point.is_some())
                .map(|(code, _)| code.clone())
                .collect();
            let pipelined = children.iter().filter(|code| {
                let child = hierarchy.sites.get(code);
                child.is_some_and(|child| is_pipelined(child, &synchronized))
            });
            let pipelined = pipelined.cloned().collect();
            let internet_based = site.internet_based_point.clone();
            let manager = match managers.entry(code.clone()) {
                Entry::Occupied(there) => {
                    let manager = there.into_mut();
                    manager.refit(active, internet_based, children);
                    manager
                }
                Entry::Vacant(place) => {
                    let top = site.parent.is_none();
                    place.insert(SyncManager::new(top, active, internet_based, children))
                }
            };
            manager.let_flow_to(pipelined);
        }
    }

    /// The status messages of a site that are on their way.
    pub(super) fn messages(&self, site: &SiteCode) -> Arc<MessageLine> {
        Arc::clone(lock(&self.messages).entry(site.clone()).or_default())
    }

    pub(super) fn synchronize(
        &self,
        site: &SiteCode,
        event: SyncEvent,
        now: Timestamp,
    ) -> Vec<SyncCommand> {
        let mut managers = lock(&self.sync_managers);
        managers.get_mut(site).map(|manager| manager.handle(event, now)).unwrap_or_default()
    }

    pub(super) fn retry_at(&self, site: &SiteCode) -> Option<Timestamp> {
        lock(&self.sync_managers).get(site)?.retry_at()
    }

    /// Whether the last synchronization of a point failed under just these circumstances: only then
    /// is there a reason to wait before the next one (SYNC-8). Somebody who has put right what was
    /// wrong should not wait an hour to see it. What could not be seen is taken for unchanged.
    pub(super) fn failed_with(&self, point: &Name, now: Option<&Circumstances>) -> bool {
        let failed = lock(&self.failed);
        failed
            .get(point)
            .is_some_and(|then| then.as_ref().zip(now).is_none_or(|(then, now)| then == now))
    }

    /// A point has been synchronized.
    pub(super) fn synchronized(&self, point: &Name) {
        lock(&self.failed).remove(point);
    }

    /// The synchronization of a point has failed under these circumstances, if they could be seen.
    pub(super) fn failed(&self, point: &Name, circumstances: Option<Circumstances>) {
        lock(&self.failed).insert(point.clone(), circumstances);
    }

    /// The parent has sent a site its synchronization request.
    pub(super) fn request(&self, site: &SiteCode) {
        lock(&self.requested).insert(site.clone());
    }

    /// Whether a site has a request, which it takes.
    pub(super) fn take_request(&self, site: &SiteCode) -> bool {
        lock(&self.requested).remove(site)
    }

    /// The turns of pull distribution points at their sources.
    pub(super) fn turns(&self) -> &Arc<Turns> {
        &self.turns
    }

    pub(super) fn transfer(
        &self,
        key: &TransferKey,
        settings: &TransferSettings,
        event: TransferEvent,
        now: Timestamp,
    ) -> Vec<TransferCommand> {
        let mut transfers = lock(&self.transfers);
        let job =
            transfers.entry(key.clone()).or_insert_with(|| TransferJob::new(settings.clone()));
        let commands = job.handle(event, now);
        if commands.contains(&TransferCommand::Complete) {
            transfers.remove(key);
        }
        commands
    }

    /// What happened to the job of sending a package, under the terms of now.
    pub(super) fn distribution(
        &self,
        key: &TransferKey,
        terms: &DistributionTerms,
        event: DistributionEvent,
        now: Timestamp,
    ) -> Vec<DistributionCommand> {
        let mut all = lock(&self.distributions);
        let begin = || (terms.clone(), DistributionJob::new(terms.1.clone()));
        let (known, job) = all.entry(key.clone()).or_insert_with(begin);
        if known != terms {
            (*known, *job) = begin();
        }
        let commands = job.handle(event, now);
        if commands.contains(&DistributionCommand::Complete) {
            all.remove(key);
        }
        commands
    }

    /// Forgets that a package was not sent: somebody wants it tried now.
    pub(super) fn forget_distribution(&self, key: &TransferKey) {
        lock(&self.distributions).remove(key);
    }

    /// What is held while a package of a site is being sent: so many at a time.
    pub(super) fn packages(&self, site: &SiteCode, most: u32) -> Arc<Semaphore> {
        let most = usize::try_from(most).unwrap_or(usize::MAX).clamp(1, Semaphore::MAX_PERMITS);
        let begin = || (most, Arc::new(Semaphore::new(most)));
        let mut all = lock(&self.packages);
        let packages = all.entry(site.clone()).or_insert_with(begin);
        if packages.0 != most {
            *packages = begin();
        }
        Arc::clone(&packages.1)
    }

    /// What is held while a site server sends to a point with a rate limit.
    pub(super) fn line(&self, point: &Name) -> Arc<tokio::sync::Mutex<()>> {
        Arc::clone(lock(&self.lines).entry(point.clone()).or_default())
    }

    /// When a transfer job wants to be woken.
    pub(super) fn transfer_due(&self, key: &TransferKey) -> Option<Timestamp> {
        lock(&self.transfers).get(key)?.due()
    }

    /// Whether the pull distribution point of a transfer job is pulling.
    pub(super) fn is_pulling(&self, key: &TransferKey) -> bool {
        matches!(self.transfer_standing(key), Some((TransferPhase::Pulling, _)))
    }

    /// Whether a transfer job was given up (PDP-6).
    pub(super) fn transfer_cancelled(&self, key: &TransferKey) -> bool {
        lock(&self.transfers).get(key).is_some_and(TransferJob::cancelled)
    }

    /// How far a transfer job is, and its failed notifications or polls.
    pub(super) fn transfer_standing(&self, key: &TransferKey) -> Option<(TransferPhase, u32)> {
        lock(&self.transfers).get(key)?.standing()
    }

    /// Forgets what a transfer job was waiting for: somebody wants it tried now.
    pub(super) fn forget_transfer(&self, key: &TransferKey) {
        lock(&self.transfers).remove(key);
    }
}

/// Whether a site takes updates while its parent still synchronizes.
fn is_pipelined(site: &Site, synchronized: &BTreeSet<&Name>) -> bool {
    site.synchronization == SynchronizationOrder::Pipelined
        && site.active_point.as_ref().is_some_and(|point| synchronized.contains(point))
}

/// A panic while a machine was held left it in some state of its own, never a broken one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
