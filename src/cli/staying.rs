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
    time::interval,
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
    net::trace::Trace,
    role::controller::{Controller, ControllerError, InForceFile, Purpose, Session},
    view::{PlanView, plain, plan_text, run_text},
    web::{PassEnd, TICK, Vitals},
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
    vitals: &Vitals,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let (kept, wanted) = Kept::read(paths, printer)?;
    vitals.files_in_force();
    let controller = pass.controller(data).await?;
    // What a controller has taken out of git is not in force any more.
    InForceFile::of(controller.session().data()).remove().map_err(operation)?;
    let watched = Watched::paths(kept, pause);
    stay(controller, watched, Some(wanted), (pass, pause), vitals, printer).await
}

/// Passes again and again, and at once when other manifests are in force, until somebody ends it.
/// Without manifests it waits for the first good ones.
pub(super) async fn stay(
    mut controller: Controller,
    mut watched: Watched,
    mut wanted: Option<InForce>,
    (pass, pause): (Pass, Duration),
    vitals: &Vitals,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut terminated = signal(SignalKind::terminate())?;
    let mut last = String::new();
    let said = Said::default();
    let looking = vitals.clone();
    controller.tell_looks(move |observed, plan| looking.looked(observed, plan));
    let mut ticks = interval(TICK);
    loop {
        let mut changed = None;
        if let Some(wanted) = &wanted {
            let trace = Trace::begin();
            let coloured = printer.messages_coloured();
            let progress = trace.in_scope(|| Progress::after(said.clone(), coloured));
            let heard = vitals.hears(progress.events());
            vitals.pass_begins(wanted.digest);
            let ended = {
                let once = trace.within(pass.once(&controller, wanted, heard.events()));
                let mut ending = pin!(once);
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
                        _ = ticks.tick() => vitals.moves(),
                    }
                }
            };
            heard.end().await;
            progress.end().await;
            let Some((text, end)) = ended else { break };
            vitals.pass_ends(end);
            // Said once, not every half minute.
            if text != last {
                trace.in_scope(|| printer.message(&text))?;
                last = text;
            }
        }
        if changed.is_none() {
            let mut paused = pin!(tokio::time::sleep(pause));
            let ended = loop {
                tokio::select! {
                    () = &mut paused, if wanted.is_some() => break false,
                    found = watched.changed(printer) => {
                        changed = Some(found?);
                        break false;
                    }
                    _ = interrupted.recv() => break true,
                    _ = terminated.recv() => break true,
                    _ = ticks.tick() => vitals.moves(),
                }
            };
            if ended {
                break;
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

    /// Passes once; what there is to say about it, and how it has ended.
    async fn once(
        self,
        controller: &Controller,
        wanted: &InForce,
        events: &UnboundedSender<ApplyEvent>,
    ) -> (String, PassEnd) {
        let InForce { hierarchy, digest, commit } = wanted;
        let commit = commit.as_ref().map(CommitId::short);
        tracing::info!(commit, manifests = %digest, "a pass begins");
        let ended: Result<_, ControllerError> = match self {
            Self::Reconcile(removals) => controller
                .converge(hierarchy, *digest, Trigger::Loop, removals, events)
                .await
                .map(|converged| (run_text(&summary(&converged)), PassEnd::of(&converged))),
            Self::Observe => controller.look(hierarchy, *digest).await.map(|looked| {
                let view = PlanView { hierarchy: Some(hierarchy), ..PlanView::default() };
                let (text, end) =
                    (plan_text(&looked.plan, view, false), PassEnd::of_look(&looked.plan));
                if looked.plan.actions.is_empty() {
                    return (text, end);
                }
                (text + "Nothing of it is done: `--mode observe`.\n", end)
            }),
        };
        let failed = |error| (format!("{}\n", plain(&with_causes(&error))), PassEnd::Failed);
        let (text, end) = ended.unwrap_or_else(failed);
        tracing::info!(outcome = end.word(), "the pass has ended");
        (text, end)
    }
}
