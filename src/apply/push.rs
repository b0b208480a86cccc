//! Drives Distribution Manager: one job for each package and standard distribution point (PDP-1).

use std::sync::{Arc, Weak};

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

use crate::{
    clock,
    engine::{DistributionCommand, DistributionEvent},
    error_text::with_causes,
    model::{DistributionPoint, Name, Package, Trigger},
    plan::Action,
    wire::agent::{AgentCommand, AgentOutcome},
};

use super::{Apply, actions::ActionError, machines::TransferKey};

/// The place of one package among those that its site sends at the same time. It is taken by the
/// first of its transfers that can begin, and left when the last one has ended.
pub(super) struct PackagePlace {
    places: Arc<Semaphore>,
    taken: Mutex<Weak<OwnedSemaphorePermit>>,
}

impl PackagePlace {
    pub(super) fn new(places: Arc<Semaphore>) -> Self {
        Self { places, taken: Mutex::default() }
    }

    /// `None` if nobody gives places out any more, which does not happen.
    async fn take(&self) -> Option<Arc<OwnedSemaphorePermit>> {
        let mut taken = self.taken.lock().await;
        if let Some(place) = taken.upgrade() {
            return Some(place);
        }
        let place = Arc::new(Arc::clone(&self.places).acquire_owned().await.ok()?);
        *taken = Arc::downgrade(&place);
        Some(place)
    }
}

/// How a try to send a package ended.
enum Tried {
    Sent,
    /// The point is closed.
    Closed(ActionError),
    Failed(ActionError),
}

impl Apply {
    /// Has the site server send a package to a standard distribution point.
    pub(super) async fn push(
        &self,
        action: &Action,
        package: &Package,
        place: &PackagePlace,
        target: &Name,
        point: &DistributionPoint,
    ) -> Result<(), ActionError> {
        let settings = self.site(&package.site)?.distribution.clone();
        let key: TransferKey = (package.id.clone(), package.version, target.clone());
        let terms = (point.settings.clone(), settings, package.priority);
        let job = |event| self.machines.distribution(&key, &terms, event, clock::now());
        if self.origin.trigger == Trigger::Person {
            self.machines.forget_distribution(&key);
        }
        let mut commands = job(DistributionEvent::Distribute);
        while !commands.is_empty() {
            let mut next = Vec::new();
            for command in commands {
                match command {
                    DistributionCommand::Send => {
                        let event = match self.try_to_send(action, package, place, target).await {
                            Tried::Sent => DistributionEvent::Sent,
                            Tried::Closed(waits) => return Err(waits),
                            // Whoever looks on wants to hear of it, not to wait for the next try.
                            Tried::Failed(error) if self.origin.trigger == Trigger::Person => {
                                return Err(error);
                            }
                            Tried::Failed(error) => DistributionEvent::Failed(with_causes(&error)),
                        };
                        next = job(event);
                    }
                    DistributionCommand::Message(id, what) => {
                        let text = format!("package {} {what}", package.id);
                        self.message(action, &point.settings.site, id, target, text).await;
                    }
                    DistributionCommand::Wait(until, why) => {
                        return Err(ActionError::Waiting { until, why });
                    }
                    DistributionCommand::Complete => return Ok(()),
                    DistributionCommand::Cancelled(why) => return Err(ActionError::Failed(why)),
                }
            }
            commands = next;
        }
        Ok(())
    }

    async fn try_to_send(
        &self,
        action: &Action,
        package: &Package,
        place: &PackagePlace,
        target: &Name,
    ) -> Tried {
        match self.send(action, package, place, target).await {
            Ok(AgentOutcome::Waits { until, why }) => {
                Tried::Closed(ActionError::Waiting { until, why })
            }
            Ok(_) => Tried::Sent,
            Err(error) => Tried::Failed(error),
        }
    }

    async fn send(
        &self,
        action: &Action,
        package: &Package,
        place: &PackagePlace,
        target: &Name,
    ) -> Result<AgentOutcome, ActionError> {
        let point = self.distribution_point(target)?;
        let to = self.agents.get(&point.site_system)?.url().to_owned();
        let server = self.agents.get(&self.site(&package.site)?.site_server)?;
        let pacing = point.settings.pacing(package.priority).map(Box::new);
        // Each site server keeps its own budget: where there is a limit, one of them sends at a
        // time. Who waits for that takes no place from a package that could be sent elsewhere.
        let limited = pacing.as_ref().is_some_and(|pacing| pacing.rate_limit.is_some());
        let line = self.machines.line(target);
        let _alone = if limited { Some(line.lock().await) } else { None };
        let _place = place.take().await;
        let (package, version) = (package.id.clone(), package.version);
        let command = AgentCommand::SendPackage { package, version, to, pacing };
        self.ask(action, &server, &command).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn transfers_of_a_package_share_its_place_and_leave_it_together() {
        let places = Arc::new(Semaphore::new(1));
        let [first, second] = [(); 2].map(|()| PackagePlace::new(Arc::clone(&places)));
        let held = [first.take().await.unwrap(), first.take().await.unwrap()];
        let waits = tokio::time::timeout(std::time::Duration::from_millis(10), second.take());
        assert!(waits.await.is_err());
        let [one, other] = held;
        drop(one);
        assert_eq!(places.available_permits(), 0);
        drop(other);
        assert!(second.take().await.is_some());
        assert_eq!(places.available_permits(), 1);
    }
}
