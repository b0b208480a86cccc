//! What `headwater up` and `headwater controller` have in common: they stay, look at manifests and
//! site systems again and again, and say what is new.

use std::{
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use tokio::sync::mpsc::UnboundedSender;

use super::{
    ExitCode, Failure, Printer,
    apply::summary,
    in_turn::in_turn,
    kept::{InForce, Kept},
    operation,
    progress::{Progress, Said},
    signals::Signals,
    telling::notifier,
    watched::{Watched, last_good},
};
use crate::{
    apply::{ApplyEvent, Origin, Removals},
    error_text::with_causes,
    model::{CommitId, Interval, RunCommand, Trigger},
    notify::Notifier,
    role::controller::{Controller, ControllerError, InForceFile, Purpose, Session},
    view::{PlanView, plain, plan_text, run_text},
};

/// What is done about what is not as the manifests say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// It is brought about, by this command.
    Reconcile(RunCommand, Removals),
    /// It is told.
    Observe,
}

/// How often a pass begins.
pub(super) fn pause(every: Interval) -> Duration {
    Duration::from_secs(every.as_seconds().max(1).into())
}

/// Keeps a hierarchy as files and directories say. While these are broken, the last good ones hold. If
/// it `waits`, it does so once no other process does any more. Those whom notifications name hear of it
/// if it `tells` them.
pub(super) async fn with_paths(
    paths: &[PathBuf],
    (data, waits): (&Path, bool),
    (pass, pause): (Pass, Duration),
    tells: bool,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let (mut kept, mut wanted) = Kept::read(paths, printer)?;
    let Some(begun) = pass.controller(data, waits, printer).await? else {
        return Ok(ExitCode::Success);
    };
    // It may have waited for days.
    match kept.look(printer) {
        Ok(now) => wanted = now.unwrap_or(wanted),
        Err(failure) => printer.message(&last_good(&failure))?,
    }
    let notifier = if tells {
        let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
        notifier(&begun.0, paths.join(", ")).await?
    } else {
        Notifier::nobody()
    };
    notifier.tell(wanted.notifications.clone());
    notifier.hear(wanted.occurrence());
    // What a controller has taken out of git is not in force any more.
    InForceFile::of(begun.0.session().data()).remove().map_err(operation)?;
    let watched = Watched::paths(kept, pause, notifier.clone());
    stay(begun, watched, Some(wanted), (pass, pause), notifier, printer).await
}

/// Passes again and again, and at once when other manifests are in force, until somebody ends it.
/// Without manifests it waits for the first good ones.
pub(super) async fn stay(
    (controller, mut signals): (Controller, Signals),
    mut watched: Watched,
    mut wanted: Option<InForce>,
    (pass, pause): (Pass, Duration),
    notifier: Notifier,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let mut last = String::new();
    let said = Said::default();
    loop {
        let mut changed = None;
        if let Some(wanted) = &wanted {
            let progress = Progress::after(said.clone(), printer.messages_coloured());
            let ended = {
                let events = progress.events();
                let mut ending = pin!(pass.once(&controller, wanted, &notifier, events));
                loop {
                    tokio::select! {
                        text = &mut ending => break Some(text),
                        () = signals.ended() => break None,
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
                () = signals.ended() => break,
            }
        }
        if changed.is_some() {
            // What comes of other manifests is said, also where it reads like what came before.
            last.clear();
        }
        wanted = changed.or(wanted);
    }
    notifier.end().await;
    controller.close().await;
    Ok(ExitCode::Success)
}

impl Pass {
    /// The controller of a data directory, for such passes, and what ends them. If it `waits`, then once
    /// no other process has it; none if somebody ended the program before.
    pub(super) async fn controller(
        self,
        data: &Path,
        waits: bool,
        printer: &mut Printer,
    ) -> Result<Option<(Controller, Signals)>, Failure> {
        let purpose = match self {
            Self::Observe => Purpose::Watch,
            Self::Reconcile(command, _) => Purpose::Stay(command),
        };
        let (session, signals) = if waits {
            let mut signals = Signals::new()?;
            match in_turn(data, purpose, &mut signals, printer).await? {
                Some(session) => (session, signals),
                None => return Ok(None),
            }
        } else {
            (Session::open(data, purpose).await.map_err(operation)?, Signals::new()?)
        };
        Ok(Some((Controller::new(session).map_err(operation)?, signals)))
    }

    const fn command(self) -> RunCommand {
        match self {
            Self::Observe => RunCommand::Controller,
            Self::Reconcile(command, _) => command,
        }
    }

    /// Passes once; what there is to say about it.
    async fn once(
        self,
        controller: &Controller,
        wanted: &InForce,
        notifier: &Notifier,
        events: &UnboundedSender<ApplyEvent>,
    ) -> String {
        let InForce { hierarchy, declared, digest, commit, notifications: _ } = wanted;
        let hear = |look| notifier.hear(wanted.pass_ended(look));
        let short = commit.as_ref().map(CommitId::short);
        tracing::info!(commit = short, manifests = %digest, "a pass begins");
        let origin = Origin {
            command: self.command(),
            trigger: Trigger::Loop,
            commit: commit.clone(),
            manifests: Some(declared.clone()),
        };
        if let Err(error) = controller.note_commit(*digest, &origin).await {
            hear(Err(with_causes(&error)));
            return format!("{}\n", plain(&with_causes(&error)));
        }
        let ended: Result<String, ControllerError> = match self {
            Self::Reconcile(_, removals) => controller
                .converge(hierarchy, *digest, &origin, removals, events)
                .await
                .inspect(|converged| hear(Ok(converged.told(hierarchy))))
                .map(|converged| run_text(&summary(&converged))),
            Self::Observe => controller.look(hierarchy, *digest).await.map(|looked| {
                let view = PlanView { hierarchy: Some(hierarchy), ..PlanView::default() };
                let text = plan_text(&looked.plan, view, false);
                hear(Ok(looked.told_only(hierarchy)));
                if looked.plan.actions.is_empty() {
                    return text;
                }
                text + "Nothing of it is done: `--mode observe`.\n"
            }),
        };
        ended.unwrap_or_else(|error| {
            hear(Err(with_causes(&error)));
            format!("{}\n", plain(&with_causes(&error)))
        })
    }
}
