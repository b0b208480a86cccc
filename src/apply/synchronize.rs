//! Drives the sync managers: what they want done is asked of the agents, and what comes of it goes
//! back to them (SYNC-1..6, SYNC-8).

use std::collections::VecDeque;

use crate::{
    clock,
    engine::{SyncCommand, SyncEvent},
    error_text::with_causes,
    model::{Name, SiteCode, SourceType, Trigger, UpdatePoint, UpdatePointRole},
    plan::{Action, ActionKind},
    wire::agent::{AgentCommand, AgentOutcome},
};

use super::{
    Apply,
    actions::{ActionError, Carried},
    machines::Circumstances,
};

impl Apply {
    /// Runs the synchronization of one point.
    pub(super) async fn synchronize(&self, action: &Action, name: &Name) -> Carried {
        let point = self.update_point(name)?;
        let code = &point.settings.site;
        if self.origin.trigger == Trigger::Loop
            && let Some(until) = self.machines.retry_at(code)
            && until > clock::now()
            && self.machines.failed_with(name, self.circumstances(point).await.as_ref())
        {
            let why = "the last synchronization failed".to_owned();
            return Err(ActionError::Waiting { until, why });
        }
        let site = self.site(code)?;
        let event = match (point.settings.role, &site.parent) {
            (UpdatePointRole::InternetBased, _) => SyncEvent::RunInternetBased,
            (UpdatePointRole::Active, None) if action.only_new => SyncEvent::RunByHand,
            (UpdatePointRole::Active, None) => SyncEvent::Run,
            (UpdatePointRole::Active, Some(parent)) => {
                if !self.machines.take_request(code) {
                    // It was out of reach when its parent was done, or is behind for some other
                    // reason: the parent sends its request now (SYNC-2).
                    let missed = SyncEvent::ChildMissedRequest(code.clone());
                    self.drive(action, parent, missed).await?;
                    if !self.machines.take_request(code) {
                        return Err(busy(parent));
                    }
                }
                SyncEvent::Requested
            }
        };
        let result = match self.drive(action, code, event).await {
            Ok(Some(text)) => Ok(text),
            Ok(None) => Err(busy(code)),
            Err(error) => Err(error),
        };
        if result.is_err() {
            self.machines.failed(name, self.circumstances(point).await);
        } else {
            self.machines.synchronized(name);
        }
        result
    }

    /// What a synchronization of a point depends on, as the point reports it.
    async fn circumstances(&self, point: &UpdatePoint) -> Option<Circumstances> {
        let system = self.look(&point.site_system).await;
        let state = system.present()?.update_point.as_ref()?;
        Some((state.settings.clone(), state.import_file.clone()))
    }

    /// Gives a site's sync manager an event, and goes on until it wants nothing more. Answers what
    /// came of a synchronization, if one was completed.
    async fn drive(
        &self,
        action: &Action,
        code: &SiteCode,
        event: SyncEvent,
    ) -> Result<Option<String>, ActionError> {
        let mut events = VecDeque::from([event]);
        let mut result = Ok(None);
        let mut text = String::new();
        let mut unreached = None;
        let mut flowing = Vec::new();
        while let Some(event) = events.pop_front() {
            for command in self.machines.synchronize(code, event, clock::now()) {
                match command {
                    SyncCommand::SynchronizeUpdateServices(point) => {
                        let services = self.update_services(action, &point);
                        let services = self.while_flowing(std::mem::take(&mut flowing), services);
                        events.push_back(match services.await {
                            Ok(done) => {
                                text = done;
                                SyncEvent::PointSynchronized(point)
                            }
                            Err(error) => SyncEvent::PointFailed(point, with_causes(&error)),
                        });
                    }
                    SyncCommand::UpdateSiteDatabase(ref point)
                    | SyncCommand::AddToSiteDatabase(ref point) => {
                        let only_new = matches!(command, SyncCommand::AddToSiteDatabase(_));
                        events.push_back(match self.copy(action, code, point, only_new).await {
                            Ok(()) => SyncEvent::SiteDatabaseUpdated,
                            Err(error) => SyncEvent::SiteDatabaseFailed(with_causes(&error)),
                        });
                    }
                    // It asks for it when a window of its own is open.
                    SyncCommand::Replicate(child) if self.is_closed(&child) => {
                        let why = "its maintenance window is closed".to_owned();
                        events.push_back(SyncEvent::ReplicationFailed(child, why));
                    }
                    SyncCommand::Replicate(child) => {
                        events.push_back(match self.replicate(action, code, &child).await {
                            Ok(()) => SyncEvent::Replicated(child),
                            Err(error) => {
                                let error = with_causes(&error);
                                tracing::warn!(%code, %child, %error, "a child was not reached");
                                let why = format!("site {child} was not reached: {error}");
                                unreached = Some(ActionError::Failed(why));
                                SyncEvent::ReplicationFailed(child, error)
                            }
                        });
                    }
                    SyncCommand::LetFlow(child) => flowing.push(child),
                    SyncCommand::RequestChild(child) => self.machines.request(&child),
                    SyncCommand::Message(id, point, text) => {
                        self.message(action, code, id, &point, text).await;
                    }
                    // The manager knows when it tries again; the loop asks it. And only who tells a
                    // child that its parent flows is answered that it takes ahead.
                    SyncCommand::SetTimer(_) | SyncCommand::TakeAhead(_) => {}
                    SyncCommand::Complete(_) => result = Ok(Some(std::mem::take(&mut text))),
                    SyncCommand::Failed(_, why) => result = Err(ActionError::Failed(why)),
                }
            }
        }
        match (result, unreached) {
            // Where that was all there was to do.
            (Ok(None), Some(error)) => Err(error),
            (result, _) => result,
        }
    }

    /// The update services of a point synchronize, or take their export file in.
    async fn update_services(&self, action: &Action, name: &Name) -> Carried {
        let point = self.update_point(name)?;
        let command = match point.settings.source.r#type {
            SourceType::Import if action.kind == ActionKind::ImportUpdates => {
                AgentCommand::ImportUpdates
            }
            SourceType::Import | SourceType::None => {
                return Ok("what was imported into it".to_owned());
            }
            _ => AgentCommand::SynchronizeUpdatePoint,
        };
        let agent = self.agents.get(&point.site_system)?;
        match self.ask(action, &agent, &command).await? {
            AgentOutcome::Synchronized { catalog_version, new_revisions, set_aside } => {
                let version = catalog_version.map_or("nothing".to_owned(), |it| it.short());
                let aside =
                    if set_aside > 0 { format!(", {set_aside} set aside") } else { String::new() };
                Ok(format!("{new_revisions} new updates{aside}, catalog {version}"))
            }
            AgentOutcome::Done
            | AgentOutcome::Secured(_)
            | AgentOutcome::Package(_)
            | AgentOutcome::Validated(_)
            | AgentOutcome::CatalogChecked(_)
            | AgentOutcome::Waits { .. }
            | AgentOutcome::AtCapacity { .. }
            | AgentOutcome::Exported(_)
            | AgentOutcome::Imported(_)
            | AgentOutcome::Published { .. } => Ok(String::new()),
        }
    }

    async fn copy(
        &self,
        action: &Action,
        code: &SiteCode,
        point: &Name,
        only_new: bool,
    ) -> Result<(), ActionError> {
        let from = self.agents.get(&self.update_point(point)?.site_system)?.url().to_owned();
        let server = self.agents.get(&self.site(code)?.site_server)?;
        let command = AgentCommand::CopyToSiteDatabase { from, only_new };
        self.ask(action, &server, &command).await.map(drop)
    }

    /// Whether no synchronization may begin at a site now.
    fn is_closed(&self, code: &SiteCode) -> bool {
        let windows = self.hierarchy.windows_at(clock::now());
        windows.closed(code, ActionKind::Synchronize).is_some()
    }

    async fn replicate(
        &self,
        action: &Action,
        code: &SiteCode,
        child: &SiteCode,
    ) -> Result<(), ActionError> {
        let from = self.agents.get(&self.site(code)?.site_server)?.url().to_owned();
        let server = self.agents.get(&self.site(child)?.site_server)?;
        self.ask(action, &server, &AgentCommand::ReplicateSiteDatabase { from }).await.map(drop)
    }
}

/// A sync manager takes up only what fits what it is doing.
fn busy(code: &SiteCode) -> ActionError {
    ActionError::Failed(format!(
        "the sync manager of {code} is busy with something else: run again"
    ))
}
