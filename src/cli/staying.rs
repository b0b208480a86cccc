//! What `headwater up` and `headwater controller` have in common: they stay, look at manifests and
//! site systems again and again, and say what is new.

use std::{
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use tokio::{sync::mpsc::UnboundedSender, time::interval};

use super::{
    ExitCode, Failure, Printer,
    apply::summary,
    in_turn::in_turn,
    kept::{InForce, Kept},
    operation,
    progress::{Progress, Said},
    signals::Signals,
    telling::{Listeners, PassEnded, notifier},
    watched::{Watched, last_good},
};
use crate::{
    apply::{ApplyEvent, Origin, Removals},
    chance::dice,
    engine::about,
    error_text::with_causes,
    model::{CommitId, Interval, RunCommand, Trigger},
    net::trace::Trace,
    notify::Notifier,
    role::controller::{Controller, ControllerError, InForceFile, NeedsApproval, Purpose, Session},
    view::{PlanView, plain, plan_text, run_text},
    web::{PassEnd, TICK, Vitals},
};

/// What is done about what is not as the manifests say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pass {
    /// It is brought about.
    Reconcile {
        /// By this command.
        command: RunCommand,
        /// What becomes of what is not wanted any more.
        removals: Removals,
        /// What is done only once it is approved.
        approval: Option<NeedsApproval>,
    },
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
    (vitals, tells): (&Vitals, bool),
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let (mut kept, mut wanted) = Kept::read(paths, printer)?;
    vitals.files_in_force();
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
    let listeners = Listeners { vitals: vitals.clone(), notifier };
    listeners.in_force(&wanted);
    // What a controller has taken out of git is not in force any more.
    InForceFile::of(begun.0.session().data()).remove().map_err(operation)?;
    let watched = Watched::paths(kept, pause, listeners.clone());
    stay(begun, watched, Some(wanted), (pass, pause), &listeners, printer).await
}

/// Passes again and again, and at once when other manifests are in force, until somebody ends it.
/// Without manifests it waits for the first good ones.
pub(super) async fn stay(
    (mut controller, mut signals): (Controller, Signals),
    mut watched: Watched,
    mut wanted: Option<InForce>,
    (pass, pause): (Pass, Duration),
    listeners: &Listeners,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let vitals = &listeners.vitals;
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
                        () = signals.ended() => break None,
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
            trace.in_scope(|| listeners.pass_ended(wanted, end));
            // Said once, not every half minute.
            if text != last {
                trace.in_scope(|| printer.message(&text))?;
                last = text;
            }
        }
        if changed.is_none() {
            let mut paused = pin!(tokio::time::sleep(about(pause, dice())));
            let ended = loop {
                tokio::select! {
                    () = &mut paused, if wanted.is_some() => break false,
                    () = controller.approved(), if wanted.is_some() => break false,
                    found = watched.changed(printer) => {
                        changed = Some(found?);
                        break false;
                    }
                    () = signals.ended() => break true,
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
    listeners.notifier.clone().end().await;
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
            Self::Reconcile { command, .. } => Purpose::Stay(command),
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
        let controller = Controller::new(session).map_err(operation)?;
        let approval = match self {
            Self::Reconcile { approval, .. } => approval,
            Self::Observe => None,
        };
        if approval.is_none() {
            // Nothing waits for anybody any more.
            controller.approval_files().forget_all().map_err(operation)?;
        }
        Ok(Some((controller.with_approval(approval), signals)))
    }

    const fn command(self) -> RunCommand {
        match self {
            Self::Observe => RunCommand::Controller,
            Self::Reconcile { command, .. } => command,
        }
    }

    /// Passes once; what there is to say about it, and how it has ended.
    async fn once(
        self,
        controller: &Controller,
        wanted: &InForce,
        events: &UnboundedSender<ApplyEvent>,
    ) -> (String, PassEnded) {
        let InForce { hierarchy, declared, digest, commit, notifications: _ } = wanted;
        let short = commit.as_ref().map(CommitId::short);
        tracing::info!(commit = short, manifests = %digest, "a pass begins");
        let origin = Origin {
            command: self.command(),
            trigger: Trigger::Loop,
            commit: commit.clone(),
            manifests: Some(declared.clone()),
        };
        let ended: Result<_, ControllerError> = async {
            controller.note_commit(*digest, &origin).await?;
            match self {
                Self::Reconcile { removals, .. } => {
                    let converged =
                        controller.converge(hierarchy, *digest, &origin, removals, events).await?;
                    let end = (PassEnd::of(&converged), Ok(converged.told(hierarchy)));
                    Ok((run_text(&summary(&converged)), end))
                }
                Self::Observe => {
                    let looked = controller.look(hierarchy, *digest).await?;
                    // Not of what is declared: without it they would have to join anew one day.
                    controller.keep_agents(hierarchy, &looked).await;
                    let view = PlanView { hierarchy: Some(hierarchy), ..PlanView::default() };
                    let mut text = plan_text(&looked.plan, view, false);
                    if !looked.plan.actions.is_empty() {
                        text += "Nothing of it is done: `--mode observe`.\n";
                    }
                    let end = (PassEnd::of_look(&looked.plan), Ok(looked.told_only(hierarchy)));
                    Ok((text, end))
                }
            }
        }
        .await;
        ended.unwrap_or_else(|error| {
            let why = with_causes(&error);
            (format!("{}\n", plain(&why)), (PassEnd::Failed, Err(why)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_asked_about_as_often_as_wanted() {
        let every = Duration::from_secs(1_000);
        let all: Vec<_> = (0..1_000).map(|_| about(every, dice())).collect();
        assert!(all.iter().all(|it| (900..=1_100).contains(&it.as_secs())));
        assert!(all.iter().any(|it| *it < every) && all.iter().any(|it| *it > every));
    }
}
