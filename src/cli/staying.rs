//! What `headwater up` and `headwater controller` have in common: they stay, look at manifests and
//! site systems again and again, and say what is new.

use std::{
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc::UnboundedSender,
};

use super::{
    ExitCode, Failure, Printer,
    apply::summary,
    kept::{InForce, Kept},
    operation,
    progress::{Progress, Said},
    watched::Watched,
};
use crate::{
    apply::{ApplyEvent, Removals, Trigger},
    error_text::with_causes,
    model::{CommitId, Interval},
    role::controller::{Controller, ControllerError, InForceFile, Purpose, Session},
    view::{PlanView, plain, plan_text, run_text},
};

/// What is done about what is not as the manifests say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// It is brought about.
    Reconcile(Removals),
    /// It is told.
    Observe,
}

/// How often a pass begins.
pub(super) fn pause(every: Interval) -> Duration {
    Duration::from_secs(every.as_seconds().max(1).into())
}

/// Keeps a hierarchy as files and directories say. While these are broken, the last good ones hold.
pub(super) async fn with_paths(
    paths: &[PathBuf],
    data: &Path,
    (pass, pause): (Pass, Duration),
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let (kept, wanted) = Kept::read(paths, printer)?;
    let controller = pass.controller(data).await?;
    // What a controller has taken out of git is not in force any more.
    InForceFile::of(controller.session().data()).remove().map_err(operation)?;
    stay(controller, Watched::paths(kept, pause), Some(wanted), (pass, pause), printer).await
}

/// Passes again and again, and at once when other manifests are in force, until somebody ends it.
/// Without manifests it waits for the first good ones.
pub(super) async fn stay(
    controller: Controller,
    mut watched: Watched,
    mut wanted: Option<InForce>,
    (pass, pause): (Pass, Duration),
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut last = String::new();
    let said = Said::default();
    loop {
        let mut changed = None;
        if let Some(wanted) = &wanted {
            let progress = Progress::after(said.clone(), printer.messages_coloured());
            let ended = {
                let events = progress.events();
                let mut ending = pin!(pass.once(&controller, wanted, events));
                loop {
                    tokio::select! {
                        text = &mut ending => break Some(text),
                        _ = interrupted.recv() => break None,
                        _ = terminated.recv() => break None,
                        // Transfers may take hours, and somebody may change his mind meanwhile.
                        found = watched.changed(printer), if changed.is_none() => {
                            changed = Some(found?);
                            controller.hurry();
                        }
                    }
                }
            };
            progress.end().await;
            let Some(text) = ended else { break };
            // Said once, not every half minute.
            if text != last {
                printer.message(&text)?;
                last = text;
            }
        }
        if changed.is_none() {
            tokio::select! {
                () = tokio::time::sleep(pause), if wanted.is_some() => {}
                found = watched.changed(printer) => changed = Some(found?),
                _ = interrupted.recv() => break,
                _ = terminated.recv() => break,
            }
        }
        if changed.is_some() {
            // What comes of other manifests is said, also where it reads like what came before.
            last.clear();
        }
        wanted = changed.or(wanted);
    }
    controller.close().await;
    Ok(ExitCode::Success)
}

impl Pass {
    /// The controller of a data directory, for such passes.
    pub(super) async fn controller(self, data: &Path) -> Result<Controller, Failure> {
        let purpose = match self {
            Self::Observe => Purpose::Watch,
            Self::Reconcile(_) => Purpose::Stay,
        };
        let session = Session::open(data, purpose).await.map_err(operation)?;
        Controller::new(session).map_err(operation)
    }

    /// Passes once; what there is to say about it.
    async fn once(
        self,
        controller: &Controller,
        wanted: &InForce,
        events: &UnboundedSender<ApplyEvent>,
    ) -> String {
        let InForce { hierarchy, digest, commit } = wanted;
        let commit = commit.as_ref().map(CommitId::short);
        tracing::info!(commit, manifests = %digest, "a pass begins");
        let ended: Result<String, ControllerError> = match self {
            Self::Reconcile(removals) => controller
                .converge(hierarchy, *digest, Trigger::Loop, removals, events)
                .await
                .map(|converged| run_text(&summary(&converged))),
            Self::Observe => match controller.look(hierarchy, *digest).await {
                Err(error) => Err(error),
                Ok(looked) => {
                    // Not of what is declared: without it they would have to join anew one day.
                    controller.keep_agents(hierarchy, &looked).await;
                    Ok(looked)
                }
            }
            .map(|looked| {
                let view = PlanView { hierarchy: Some(hierarchy), ..PlanView::default() };
                let text = plan_text(&looked.plan, view, false);
                if looked.plan.actions.is_empty() {
                    return text;
                }
                text + "Nothing of it is done: `--mode observe`.\n"
            }),
        };
        ended.unwrap_or_else(|error| format!("{}\n", plain(&with_causes(&error))))
    }
}
