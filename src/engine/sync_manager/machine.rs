//! The state machine of one site's sync manager.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::model::{Name, SiteCode, StatusMessageId};

/// What happens to a sync manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncEvent {
    /// The schedule starts a synchronization: at the top only (SYNC-2).
    Run,
    /// Somebody starts a synchronization by hand: at the top only (SYNC-2). Only new updates enter the
    /// site database (SYNC-3).
    RunByHand,
    /// The parent site sent its synchronization request: below the top only (SYNC-2).
    Requested,
    /// A child did not get its request when the last synchronization ended: it shall have it now.
    ChildMissedRequest(SiteCode),
    /// The parent site synchronizes, and lets this one take what it has stored so far.
    ParentFlows,
    /// The site's Internet-based point shall synchronize (SYNC-6).
    RunInternetBased,
    /// The update services of this point have synchronized.
    PointSynchronized(Name),
    /// The update services of this point could not synchronize; the text says why.
    PointFailed(Name, String),
    /// Changed metadata is in the site database.
    SiteDatabaseUpdated,
    /// The site database could not be updated; the text says why.
    SiteDatabaseFailed(String),
    /// Metadata has reached a child's site database.
    Replicated(SiteCode),
    /// Metadata could not be brought to a child; the text says why.
    ReplicationFailed(SiteCode, String),
    /// Time has passed.
    TimeReached,
}

/// What a sync manager wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncCommand {
    /// Ask the update services of this point to synchronize with their upstream.
    SynchronizeUpdateServices(Name),
    /// Until the update services have synchronized, tell this child that there is something to take
    /// already ([`SyncEvent::ParentFlows`]).
    LetFlow(SiteCode),
    /// For as long as the parent lets it flow, have the update services of this point take what their
    /// upstream has stored so far.
    TakeAhead(Name),
    /// Copy changed metadata from the catalog of this point into the site database.
    UpdateSiteDatabase(Name),
    /// Copy updates that are new from the catalog of this point into the site database; what has changed
    /// or expired waits for the scheduled synchronization (SYNC-3).
    AddToSiteDatabase(Name),
    /// Replicate the metadata to the site database of a child.
    Replicate(SiteCode),
    /// Send a child its synchronization request.
    RequestChild(SiteCode),
    /// Keep a status message: the number, the point it is about, and what happened.
    Message(StatusMessageId, Name, String),
    /// Come back with [`SyncEvent::TimeReached`] at this time.
    SetTimer(Timestamp),
    /// The synchronization of this point is complete.
    Complete(Name),
    /// The synchronization of this point failed; the text says why.
    Failed(Name, String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    UpdateServices,
    SiteDatabase,
    Replication,
    InternetBased,
}

/// The sync manager of one site.
#[derive(Debug, Clone)]
pub struct SyncManager {
    top: bool,
    active: Name,
    internet_based: Option<Name>,
    children: Vec<SiteCode>,
    /// Children that take updates while this site still synchronizes.
    pipelined: Vec<SiteCode>,
    phase: Phase,
    /// Whether what goes on, or has failed, was started by hand.
    by_hand: bool,
    /// Children whose replication is under way.
    replicating: BTreeSet<SiteCode>,
    /// Children that have the metadata and get their request once 6702 is sent.
    replicated: BTreeSet<SiteCode>,
    /// When it tries again after a failure.
    retry_at: Option<Timestamp>,
}

impl SyncManager {
    /// How long after a failure it tries again (SYNC-8).
    pub const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(60);

    /// The sync manager of a site with this active point, these points and these children that
    /// have an active point themselves.
    pub fn new(
        top: bool,
        active: Name,
        internet_based: Option<Name>,
        children: Vec<SiteCode>,
    ) -> Self {
        Self {
            top,
            active,
            internet_based,
            children,
            pipelined: Vec::new(),
            phase: Phase::Idle,
            by_hand: false,
            replicating: BTreeSet::new(),
            replicated: BTreeSet::new(),
            retry_at: None,
        }
    }

    /// The hierarchy around the site has changed. What the manager is doing goes on.
    pub fn refit(&mut self, active: Name, internet_based: Option<Name>, children: Vec<SiteCode>) {
        self.active = active;
        self.internet_based = internet_based;
        self.children = children;
    }

    /// These children take updates while this site still synchronizes.
    pub fn let_flow_to(&mut self, children: Vec<SiteCode>) {
        self.pipelined = children;
    }

    /// When it tries again by itself after a failure (SYNC-8).
    pub fn retry_at(&self) -> Option<Timestamp> {
        self.retry_at
    }

    /// Takes an event at a time and says what is to be done. Events that do not belong to what the
    /// manager is doing change nothing: an answer that comes twice or too late does no harm.
    pub fn handle(&mut self, event: SyncEvent, now: Timestamp) -> Vec<SyncCommand> {
        match (event, self.phase) {
            (SyncEvent::Run, Phase::Idle) if self.top => {
                self.by_hand = false;
                self.start("its time has come")
            }
            (SyncEvent::RunByHand, Phase::Idle) if self.top => {
                self.by_hand = true;
                self.start("it was asked to run")
            }
            (SyncEvent::Requested, Phase::Idle) if !self.top => {
                self.start("the parent site sent its synchronization request")
            }
            (SyncEvent::TimeReached, Phase::Idle) if self.retry_at.is_some_and(|at| at <= now) => {
                self.start("the last synchronization failed")
            }
            (SyncEvent::PointSynchronized(point), Phase::UpdateServices)
                if point == self.active =>
            {
                self.update_services_done()
            }
            (SyncEvent::PointFailed(point, why), Phase::UpdateServices) if point == self.active => {
                self.fail(&point, &why, now)
            }
            (SyncEvent::SiteDatabaseUpdated, Phase::SiteDatabase) => self.replicate(),
            (SyncEvent::SiteDatabaseFailed(why), Phase::SiteDatabase) => {
                let active = self.active.clone();
                self.fail(&active, &format!("the site database was not updated: {why}"), now)
            }
            (SyncEvent::Replicated(child), _) => self.child_answered(child, true),
            (SyncEvent::ReplicationFailed(child, _), _) => self.child_answered(child, false),
            (SyncEvent::ChildMissedRequest(child), Phase::Idle | Phase::InternetBased)
                if self.children.contains(&child) =>
            {
                self.replicating.insert(child.clone());
                vec![SyncCommand::Replicate(child)]
            }
            (SyncEvent::ParentFlows, Phase::Idle) if !self.top => {
                let mut commands = vec![SyncCommand::TakeAhead(self.active.clone())];
                commands.extend(self.let_flow());
                commands
            }
            (SyncEvent::RunInternetBased, Phase::Idle) => self.start_internet_based(),
            (SyncEvent::PointSynchronized(point), Phase::InternetBased)
                if self.internet_based.as_ref() == Some(&point) =>
            {
                self.phase = Phase::Idle;
                let text = "the Internet-based point has synchronized".to_owned();
                let id = StatusMessageId::SynchronizationComplete;
                vec![SyncCommand::Message(id, point.clone(), text), SyncCommand::Complete(point)]
            }
            (SyncEvent::PointFailed(point, why), Phase::InternetBased)
                if self.internet_based.as_ref() == Some(&point) =>
            {
                self.fail(&point, &why, now)
            }
            _ => Vec::new(),
        }
    }

    fn start(&mut self, why: &str) -> Vec<SyncCommand> {
        self.phase = Phase::UpdateServices;
        self.retry_at = None;
        let active = self.active.clone();
        let mut commands = vec![
            SyncCommand::Message(
                StatusMessageId::SynchronizationStarted,
                active.clone(),
                format!("the synchronization started: {why}"),
            ),
            SyncCommand::Message(
                StatusMessageId::SynchronizingUpdateServices,
                active.clone(),
                "the update services synchronize".to_owned(),
            ),
        ];
        commands.extend(self.let_flow());
        commands.push(SyncCommand::SynchronizeUpdateServices(active));
        commands
    }

    fn let_flow(&self) -> impl Iterator<Item = SyncCommand> {
        self.pipelined.iter().cloned().map(SyncCommand::LetFlow)
    }

    /// At the top, the site database takes the metadata from the catalog (SYNC-4); below, it has
    /// it by replication already (SYNC-5).
    fn update_services_done(&mut self) -> Vec<SyncCommand> {
        if !self.top {
            return self.replicate();
        }
        self.phase = Phase::SiteDatabase;
        let active = self.active.clone();
        let (text, command) = if self.by_hand {
            let text = "new metadata enters the site database; what has changed or expired waits for \
                        the schedule";
            (text, SyncCommand::AddToSiteDatabase(active.clone()))
        } else {
            let text = "changed metadata enters the site database";
            (text, SyncCommand::UpdateSiteDatabase(active.clone()))
        };
        let id = StatusMessageId::SynchronizingSiteDatabase;
        vec![SyncCommand::Message(id, active, text.to_owned()), command]
    }

    fn replicate(&mut self) -> Vec<SyncCommand> {
        self.phase = Phase::Replication;
        self.replicating = self.children.iter().cloned().collect();
        if self.replicating.is_empty() {
            return self.complete();
        }
        self.children.iter().cloned().map(SyncCommand::Replicate).collect()
    }

    /// A child that cannot be reached does not hold up the others; it gets its request when it is
    /// back ([`SyncEvent::ChildMissedRequest`]).
    fn child_answered(&mut self, child: SiteCode, reached: bool) -> Vec<SyncCommand> {
        if !self.replicating.remove(&child) {
            return Vec::new();
        }
        if self.phase != Phase::Replication {
            return if reached { vec![SyncCommand::RequestChild(child)] } else { Vec::new() };
        }
        if reached {
            self.replicated.insert(child);
        }
        if self.replicating.is_empty() { self.complete() } else { Vec::new() }
    }

    /// First 6702, then the children's requests (SYNC-5).
    fn complete(&mut self) -> Vec<SyncCommand> {
        self.phase = Phase::Idle;
        let active = self.active.clone();
        let mut commands = vec![SyncCommand::Message(
            StatusMessageId::SynchronizationComplete,
            active.clone(),
            "the synchronization is complete".to_owned(),
        )];
        let children = std::mem::take(&mut self.replicated);
        commands.extend(children.into_iter().map(SyncCommand::RequestChild));
        commands.push(SyncCommand::Complete(active));
        commands
    }

    /// The Internet-based point synchronizes with the active one; the site database is not touched
    /// (SYNC-6).
    fn start_internet_based(&mut self) -> Vec<SyncCommand> {
        let Some(point) = self.internet_based.clone() else { return Vec::new() };
        self.phase = Phase::InternetBased;
        vec![
            SyncCommand::Message(
                StatusMessageId::SynchronizingInternetBased,
                point.clone(),
                "the Internet-based point synchronizes with the active point".to_owned(),
            ),
            SyncCommand::SynchronizeUpdateServices(point),
        ]
    }

    fn fail(&mut self, point: &Name, why: &str, now: Timestamp) -> Vec<SyncCommand> {
        self.phase = Phase::Idle;
        // A time so late that an hour more does not exist is not met in practice; then the manager
        // waits to be asked again.
        self.retry_at = now.checked_add(Self::RETRY_AFTER).ok();
        let mut commands = vec![SyncCommand::Message(
            StatusMessageId::SynchronizationFailed,
            point.clone(),
            format!("the synchronization failed: {why}"),
        )];
        commands.extend(self.retry_at.map(SyncCommand::SetTimer));
        commands.push(SyncCommand::Failed(point.clone(), why.to_owned()));
        commands
    }
}
