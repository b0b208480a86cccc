//! Drives Package Transfer Manager: one job for each package and pull distribution point (PDP-5).

use std::{collections::VecDeque, time::Duration};

use jiff::Timestamp;

use crate::{
    clock,
    engine::{TransferCommand, TransferEvent},
    error_text::with_causes,
    model::{
        DistributionPoint, DistributionPointState, Known, Name, Package, PackageState,
        PullJobState, SiteSystemState, Trigger,
    },
    net::AgentClient,
    plan::Action,
    wire::agent::{AgentCommand, AgentEvent, AgentOutcome},
};

use super::{
    Apply, ApplyEvent, actions::ActionError, machines::TransferKey, transfer_notes::Noting,
};

/// How long a source that cuts through may take to begin to pull.
const BEGINNING: Duration = Duration::from_secs(30);

/// How following a transfer ended.
enum Followed {
    Finished,
    /// The time for the next status poll has come.
    PollDue,
    /// It goes on, and something else is wanted now.
    GoesOn,
    /// The point waits until then, and nobody needs to stay.
    Waits(Timestamp, String),
    Broken(String),
}

impl Apply {
    /// Has a pull distribution point pull a package, and follows it until it is there.
    pub(super) async fn pull(
        &self,
        action: &Action,
        package: &Package,
        held: &PackageState,
        target: &Name,
        point: &DistributionPoint,
    ) -> Result<(), ActionError> {
        let settings = &self.site(&point.settings.site)?.transfers;
        let key: TransferKey = (package.id.clone(), package.version, target.clone());
        if self.origin.trigger == Trigger::Person {
            self.machines.forget_transfer(&key);
        }
        if self.origin.trigger == Trigger::Loop
            && self.machines.transfer_cancelled(&key)
            && self.still_pulls(&point.site_system, package, held).await
        {
            // The job was cancelled, and the point goes on all the same: its report will still count
            // (PDP-6).
            let until = clock::now().saturating_add(settings.poll_delay.duration());
            let why = "its transfer job was cancelled, and the pull distribution point goes on";
            let until = until.unwrap_or(Timestamp::MAX);
            return Err(ActionError::Waiting { until, why: why.to_owned() });
        }
        let agent = self.agents.get(&point.site_system)?;
        let mut events = VecDeque::from([TransferEvent::TimeReached, TransferEvent::Distribute]);
        let mut waiting = None;
        let mut noting = Noting::of(package, held, target, &point.settings.site);
        while let Some(event) = events.pop_front() {
            let following = match event {
                TransferEvent::Notified | TransferEvent::StillPulling => true,
                // A job of an earlier pass that is pulling, and is not to be polled yet.
                TransferEvent::Distribute => events.is_empty() && self.machines.is_pulling(&key),
                _ => false,
            };
            for command in self.machines.transfer(&key, settings, event, clock::now()) {
                match command {
                    TransferCommand::Look => {
                        let available = self.available(package, held, point).await;
                        events.push_back(TransferEvent::Looked { available });
                    }
                    TransferCommand::Notify => {
                        events.push_back(self.notify(action, package, held, &agent).await);
                    }
                    TransferCommand::Poll => {
                        let there = self.holds(&point.site_system, package, held).await;
                        events.push_back(if there {
                            TransferEvent::Finished
                        } else {
                            TransferEvent::StillPulling
                        });
                    }
                    TransferCommand::Message(id, text) => {
                        let text = format!("package {}: {text}", package.id);
                        self.message(action, &point.settings.site, id, target, text).await;
                    }
                    TransferCommand::SetTimer(until, why) => {
                        waiting = Some((until, why.into_owned()));
                    }
                    TransferCommand::Complete => {
                        self.forget_note(package, target).await;
                        return Ok(());
                    }
                    TransferCommand::Cancelled(why) => {
                        self.note(&mut noting, &key, &why).await;
                        return Err(ActionError::Failed(why));
                    }
                }
            }
            let why = waiting.as_ref().map_or("", |(_, why)| why.as_str());
            self.note(&mut noting, &key, why).await;
            if following {
                match self.follow(action, package, &agent, &key).await {
                    Followed::Finished => events.push_back(TransferEvent::Finished),
                    Followed::PollDue => events.push_back(TransferEvent::TimeReached),
                    Followed::GoesOn => break,
                    Followed::Waits(until, why) => return Err(ActionError::Waiting { until, why }),
                    Followed::Broken(why) => {
                        // It does not pull any more: the next pass notifies it again.
                        self.machines.forget_transfer(&key);
                        return Err(ActionError::Failed(why));
                    }
                }
            }
        }
        match waiting {
            Some((until, why)) => Err(ActionError::Waiting { until, why }),
            None => Err(self.waits_still(&key)),
        }
    }

    /// Notifies a pull distribution point.
    async fn notify(
        &self,
        action: &Action,
        package: &Package,
        held: &PackageState,
        agent: &AgentClient,
    ) -> TransferEvent {
        let command = AgentCommand::PullPackage {
            package: package.id.clone(),
            version: package.version,
            digest: held.digest,
        };
        match self.ask(action, agent, &command).await {
            Ok(AgentOutcome::AtCapacity { active }) => TransferEvent::AtCapacity(format!(
                "it is at capacity: {active} transfers are active"
            )),
            Ok(_) => TransferEvent::Notified,
            Err(error) => TransferEvent::NotificationFailed(with_causes(&error)),
        }
    }

    /// What a job of an earlier pass waits for.
    fn waits_still(&self, key: &TransferKey) -> ActionError {
        let why = if self.machines.is_pulling(key) {
            "the pull distribution point is pulling"
        } else {
            "the transfer job waits for its time"
        };
        match self.machines.transfer_due(key) {
            Some(until) => ActionError::Waiting { until, why: why.to_owned() },
            None => ActionError::Failed("the transfer job was cancelled".to_owned()),
        }
    }

    /// Follows a transfer until it is finished or the next poll is due. The pull distribution
    /// point's own report is what ends it; the poll is there for when that is lost.
    async fn follow(
        &self,
        action: &Action,
        package: &Package,
        agent: &AgentClient,
        key: &TransferKey,
    ) -> Followed {
        let due = self.machines.transfer_due(key);
        let left = due
            .map_or(Duration::from_hours(1), |due| due.duration_since(clock::now()).unsigned_abs());
        let command = AgentCommand::FollowPull { package: package.id.clone() };
        let (waits, mut waited) = tokio::sync::mpsc::unbounded_channel();
        let following = agent.command(&command, |event| match event {
            AgentEvent::Progress(progress) => {
                // Nobody has to listen.
                let _ = self.events.send(ApplyEvent::Progress(action.id.clone(), *progress));
            }
            AgentEvent::Waiting { until, why } => {
                let _ = self.events.send(ApplyEvent::Waiting(action.id.clone(), why.clone()));
                let _ = waits.send((*until, why.clone()));
            }
            AgentEvent::Done(_) | AgentEvent::Failed(_) => {}
        });
        tokio::select! {
            outcome = following => match outcome {
                Ok(AgentOutcome::Package(_) | AgentOutcome::Done) => Followed::Finished,
                Ok(
                    AgentOutcome::Synchronized { .. }
                    | AgentOutcome::Secured(_)
                    | AgentOutcome::Exported(_)
                    | AgentOutcome::Imported(_)
                    | AgentOutcome::Published { .. }
                    | AgentOutcome::Validated(_)
                    | AgentOutcome::CatalogChecked(_)
                    | AgentOutcome::Waits { .. }
                    | AgentOutcome::AtCapacity { .. },
                ) => Followed::PollDue,
                Err(error) => Followed::Broken(with_causes(&error)),
            },
            Some((until, why)) = waited.recv() => Followed::Waits(until, why),
            () = tokio::time::sleep(left) => Followed::PollDue,
            () = self.hurried() => Followed::GoesOn,
        }
    }

    /// Whether a point is pulling just this content.
    async fn still_pulls(&self, system: &Name, package: &Package, held: &PackageState) -> bool {
        let Ok(agent) = self.agents.get(system) else { return false };
        let Ok(Some(report)) = agent.transfers().await else { return false };
        report.pull_jobs.get(&package.id).is_some_and(|job| {
            job.digest == held.digest && !matches!(job.state, PullJobState::Stopped(_))
        })
    }

    /// Whether one of a point's sources has the content, by what the sources themselves report.
    async fn available(
        &self,
        package: &Package,
        held: &PackageState,
        point: &DistributionPoint,
    ) -> bool {
        for source in point.settings.pull.iter().flat_map(|pull| &pull.sources) {
            let Ok(source) = self.distribution_point(&source.distribution_point) else { continue };
            if self.holds(&source.site_system, package, held).await
                || source.settings.cuts_through() && self.begins(source, package, held).await
            {
                return true;
            }
        }
        false
    }

    /// Whether a source that cuts through pulls the content itself, or begins to within moments: its
    /// own job is made in the same run.
    async fn begins(
        &self,
        source: &DistributionPoint,
        package: &Package,
        held: &PackageState,
    ) -> bool {
        for _ in 0..BEGINNING.as_secs() {
            let state = self.distribution_point_state(&source.site_system).await;
            let job = state.as_ref().and_then(|point| point.pull_jobs.get(&package.id));
            let pulls = job.is_some_and(|job| {
                job.digest == held.digest && matches!(job.state, PullJobState::Downloading(_))
            });
            if pulls || state.is_some_and(|point| has(&point, package, held)) {
                return true;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        false
    }

    async fn holds(&self, system: &Name, package: &Package, held: &PackageState) -> bool {
        let state = self.distribution_point_state(system).await;
        state.is_some_and(|point| has(&point, package, held))
    }

    async fn distribution_point_state(&self, system: &Name) -> Option<DistributionPointState> {
        match self.look(system).await {
            Known::Present(SiteSystemState { distribution_point, .. }) => distribution_point,
            _ => None,
        }
    }
}

fn has(point: &DistributionPointState, package: &Package, held: &PackageState) -> bool {
    point.packages.get(&package.id).is_some_and(|there| {
        there.available() && there.digest == held.digest && there.version == held.version
    })
}
