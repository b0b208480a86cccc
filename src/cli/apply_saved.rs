//! `headwater apply --plan`: carry a saved plan out, exactly or not at all.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::anyhow;

use super::{
    ExitCode, Failure, OutputFormat, Printer, apply, files, operation,
    progress::Progress,
    signals::stop_on_signal,
    sources::{self, Checked},
    way_back,
};
use crate::{
    apply::{Origin, Removals, refuse_removals},
    manifest::Loaded,
    model::{Declared, Hierarchy, RunCommand},
    plan::{
        DocumentError, Moved, SavedPlan, SavedPlanError, declared, moved_documents,
        planned_documents,
    },
    role::controller::{CarriedOut, Controller, Exactly, Manner, Purpose, UndoFile},
    view::{
        CarriedOutSummary, Summary, carried_out_json, carried_out_text, moved_json, moved_text,
        problems_text, summary_line,
    },
};

/// What is asked for.
pub(super) struct Asked<'a> {
    /// The saved plan.
    pub(super) plan: &'a Path,
    /// Where its manifests are now; none: where they were.
    pub(super) paths: &'a [PathBuf],
    pub(super) removals: Removals,
    pub(super) outside_windows: bool,
    pub(super) undo: Option<&'a Path>,
    pub(super) output: OutputFormat,
}

/// What stood still and what moved.
struct Outcome {
    exactly: Exactly,
    /// The manifests that were read again.
    manifests: Option<Loaded>,
}

/// The manifests as they are now, and what of them has moved.
#[derive(Default)]
struct ReadAgain {
    moved: Vec<Moved>,
    manifests: Option<Loaded>,
}

impl ReadAgain {
    /// What is wanted: what the manifests say where they are now, if nothing has moved; otherwise
    /// what the plan was made of.
    fn declared(&self, saved: &SavedPlan<'_>) -> Result<Declared, DocumentError> {
        match &self.manifests {
            Some(loaded) if self.moved.is_empty() => Ok(loaded.declared.clone()),
            _ => declared(&saved.basis.documents),
        }
    }
}

pub(super) async fn run(
    asked: &Asked<'_>,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let saved = read(asked)?;
    let refused = |error| refused(asked.plan, error);
    if asked.removals == Removals::Refused {
        refuse_removals(&saved.plan).map_err(|error| Failure::new(ExitCode::Refused, error))?;
    }
    // What is refused without asking anybody is refused before anything is opened.
    let read = read_again(asked, &saved, printer)?;
    let documents = read.declared(&saved).map_err(|error| refused(error.into()))?;
    let undo = asked.undo.map(|path| UndoFile::new(path, documents, saved.basis.remote.clone()));
    let undo = undo.transpose().map_err(way_back::failure)?;
    let digest = saved.plan.manifest_digest;
    let controller = apply::changing(data, Purpose::Exactly, digest).await?;
    let worked = work(asked, &saved, read, undo.as_ref(), &controller, printer).await;
    controller.close().await;
    let Outcome { exactly, manifests } = worked?;
    match exactly {
        Exactly::Moved(moved) => {
            if asked.output == OutputFormat::Json {
                printer.result(&moved_json(&moved, manifests.as_ref()))?;
            } else {
                printer.message(&moved_text(&moved, manifests.as_ref()))?;
            }
            let again = if saved.basis.paths.is_empty() { "--from FILE" } else { "PATH" };
            Err(refused(anyhow!(
                "{} moved since it was made: look at what did, and plan again with `headwater \
                 plan --out FILE {again}`",
                match moved.len() {
                    1 => "something has".to_owned(),
                    many => format!("{many} things have"),
                }
            )))
        }
        Exactly::Done(carried_out) => {
            let CarriedOut { report, next, way_back } = *carried_out;
            let summary = CarriedOutSummary {
                carried_out: report.all_done(),
                done: report.done(),
                left: apply::left(&report.outcomes),
                next: next.actions.into_iter().map(|action| action.id).collect(),
            };
            printer.result(&match asked.output {
                OutputFormat::Json => carried_out_json(&summary),
                OutputFormat::Text => carried_out_text(&summary),
            })?;
            way_back::tell(way_back.as_ref(), asked.undo, printer)?;
            Ok(if summary.carried_out { ExitCode::Success } else { ExitCode::Failure })
        }
    }
}

fn read(asked: &Asked<'_>) -> Result<SavedPlan<'static>, Failure> {
    let bytes = files::read(asked.plan)?;
    let saved = SavedPlan::read(&bytes).map_err(|error| refused(asked.plan, error.into()))?;
    if saved.basis.paths.is_empty() && !asked.paths.is_empty() {
        let error = anyhow!(
            "{} was not made of manifests, but of what was there: name no PATH",
            asked.plan.display()
        );
        return Err(Failure::new(ExitCode::Usage, error));
    }
    Ok(saved)
}

async fn work(
    asked: &Asked<'_>,
    saved: &SavedPlan<'_>,
    mut read: ReadAgain,
    undo: Option<&UndoFile>,
    controller: &Controller,
    printer: &mut Printer,
) -> Result<Outcome, Failure> {
    let lock = controller.reconcile().await.map_err(operation)?;
    // Whoever held the lock may have taken his time. Standard input can be read only once.
    if !asked.paths.iter().any(|path| path.as_os_str() == "-") {
        read = read_again(asked, saved, printer)?;
    }
    // In another checkout the same manifests name the same files elsewhere.
    let (hierarchy, documents) = read
        .declared(saved)
        .map_err(SavedPlanError::from)
        .and_then(|documents| Ok((Hierarchy::resolve(&documents)?, documents)))
        .map_err(|error| refused(asked.plan, error.into()))?;
    let hierarchy = Arc::new(apply::in_windows(hierarchy, asked.outside_windows));
    let origin = Origin::person(RunCommand::Apply, Some(Arc::new(documents)));
    let ReadAgain { moved, manifests } = read;
    let stop = stop_on_signal(undo.is_some())?;
    let progress = Progress::start(printer.messages_coloured());
    let manner = Manner { removals: asked.removals, undo, stop, events: progress.events() };
    let carried_out =
        controller.carry_out(&lock, saved, (&hierarchy, &origin), moved, &manner).await;
    progress.end().await;
    let exactly =
        carried_out.map_err(|error| way_back::after_failure(error, asked.undo, printer))?;
    Ok(Outcome { exactly, manifests })
}

/// What has moved in the manifests.
fn read_again(
    asked: &Asked<'_>,
    saved: &SavedPlan<'_>,
    printer: &mut Printer,
) -> Result<ReadAgain, Failure> {
    let refused = |error| refused(asked.plan, error);
    let remembered: Vec<PathBuf> = saved.basis.paths.iter().map(PathBuf::from).collect();
    if remembered.is_empty() {
        return Ok(ReadAgain::default());
    }
    let texts = if !asked.paths.is_empty() {
        sources::read(asked.paths).map_err(|error| Failure::new(ExitCode::Usage, error))?
    } else if remembered.iter().any(|path| path.as_os_str() == "-") {
        return Err(refused(anyhow!(
            "its manifests came from standard input: name them again as PATH, or `-`"
        )));
    } else {
        sources::read(&remembered).map_err(|error| {
            let error = anyhow::Error::from(error);
            refused(error.context("its manifests are gone: name where they are now as PATH"))
        })?
    };
    let Checked { loaded, problems } = sources::load_and_check(texts);
    let summary = Summary::of(&problems);
    if summary.errors > 0 {
        let coloured = printer.messages_coloured();
        printer.message(&problems_text(&problems, &loaded.source_map, coloured))?;
        let why = anyhow!("its manifests are not valid any more: {}", summary_line(summary));
        return Err(refused(why));
    }
    let now = planned_documents(&loaded.declared);
    let moved = moved_documents(&saved.basis.documents, &now);
    Ok(ReadAgain { moved, manifests: Some(loaded) })
}

fn refused(plan: &Path, error: anyhow::Error) -> Failure {
    Failure::new(ExitCode::Refused, error.context(format!("{} is refused", plan.display())))
}
