//! `headwater apply`: make the hierarchy as the manifests say.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;

use super::{
    ExitCode, Failure, OutputFormat, Printer, apply_saved, manifests::Manifests, operation,
    progress::Progress, signals::stop_on_signal, sources, wanted::Wanted, way_back,
};
use crate::{
    apply::{ApplyError, Origin, Outcome, Removals},
    model::{Digest, Hierarchy, RunCommand},
    plan::{ActionId, Plan},
    role::controller::{
        Controller, ControllerError, Converged, Manner, Purpose, Session, UndoFile,
    },
    view::{LeftAction, RunSummary, run_json, run_text, to_approve_line},
};

/// What `headwater apply` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 the hierarchy is as the manifests say or, with --plan, every \
                  action of the plan was done; 1 something is left or a manifest is not valid; 2 \
                  the command line is wrong or a file cannot be read or written; 3 refused, and \
                  nothing was done: something would be removed and --prune is not given, nothing \
                  is declared at all, something has moved since the plan was saved, or no \
                  maintenance window is open for a saved plan\n\n\
                  Examples:\n  headwater apply examples/contoso\n  \
                  headwater plan --out plan.json examples/contoso, then headwater apply --plan \
                  plan.json --undo undo.json"
)]
pub struct Arguments {
    /// Files, directories (searched for `*.yaml` and `*.yml`), or `-` for standard input. With
    /// --plan: where its manifests are now, if not where they were.
    #[arg(value_name = "PATH", required_unless_present = "plan")]
    paths: Vec<PathBuf>,
    /// Do exactly what this saved plan says, or refuse if anything has moved since it was made.
    ///
    /// The manifests that it was made of are read again, and the site systems are asked again:
    /// each field that is not as it was is named.
    #[arg(long, value_name = "FILE")]
    plan: Option<PathBuf>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
    /// Remove what is there but not declared any more.
    #[arg(long)]
    prune: bool,
    /// Write the way back into this file: a saved plan that brings back what was there.
    ///
    /// It is written before anything is done and again afterwards, also if something fails. What
    /// does not come back is told. Apply it with --plan and --prune.
    #[arg(long, value_name = "FILE")]
    undo: Option<PathBuf>,
    /// Change sites also outside of their maintenance windows. Otherwise what may not be done now
    /// waits, and is told with the time at which the next window opens.
    #[arg(long)]
    outside_windows: bool,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { paths, plan, output, prune, undo, outside_windows } = arguments;
    let removals = if *prune { Removals::Confirmed } else { Removals::Refused };
    let (undo, output) = (undo.as_deref(), *output);
    if let Some(plan) = plan {
        let outside_windows = *outside_windows;
        let asked = apply_saved::Asked { plan, paths, removals, outside_windows, undo, output };
        return apply_saved::run(&asked, data, printer).await;
    }
    let (converged, way_back) = if let Some(undo) = undo {
        converge_with_way_back(arguments, removals, undo, data, printer).await?
    } else {
        let manifests = Manifests { paths: paths.clone() };
        let command = RunCommand::Apply;
        (converge(&manifests, command, (removals, *outside_windows), data, printer).await?, None)
    };
    let run = summary(&converged);
    printer.result(&match output {
        OutputFormat::Json => run_json(&run),
        OutputFormat::Text => run_text(&run),
    })?;
    way_back::tell(way_back.as_ref(), undo, printer)?;
    Ok(exit_code(&converged))
}

/// The same as [`converge`], with a way back.
async fn converge_with_way_back(
    arguments: &Arguments,
    removals: Removals,
    undo: &Path,
    data: &Path,
    printer: &mut Printer,
) -> Result<(Converged, Option<Plan>), Failure> {
    let wanted = Wanted::of_manifests(&arguments.paths, printer)?;
    let origin = Origin::person(RunCommand::Apply, Some(Arc::new(wanted.declared.clone())));
    let undo_file =
        UndoFile::new(undo, wanted.declared, wanted.remote).map_err(way_back::failure)?;
    let hierarchy = Arc::new(in_windows(wanted.hierarchy, arguments.outside_windows));
    let controller = changing(data, Purpose::Work, wanted.digest).await?;
    let stop = stop_on_signal(true)?;
    let progress = Progress::start(printer.messages_coloured());
    let manner = Manner { removals, undo: Some(&undo_file), stop, events: progress.events() };
    let converged =
        controller.converge_with_way_back(&hierarchy, wanted.digest, &origin, &manner).await;
    progress.end().await;
    controller.close().await;
    converged.map_err(|error| way_back::after_failure(error, Some(undo), printer))
}

/// Makes the site systems agree with the manifests, for somebody who looks on.
pub(super) async fn converge(
    manifests: &Manifests,
    command: RunCommand,
    (removals, outside_windows): (Removals, bool),
    data: &Path,
    printer: &mut Printer,
) -> Result<Converged, Failure> {
    let (hierarchy, loaded) = sources::load_hierarchy(&manifests.paths, printer)?;
    let hierarchy = Arc::new(in_windows(hierarchy, outside_windows));
    let controller = changing(data, Purpose::Work, loaded.digest).await?;
    let origin = Origin::person(command, Some(Arc::new(loaded.declared)));
    let progress = Progress::start(printer.messages_coloured());
    let converged =
        controller.converge(&hierarchy, loaded.digest, &origin, removals, progress.events()).await;
    progress.end().await;
    controller.close().await;
    converged.map_err(failure)
}

/// The controller for work towards manifests with this digest.
///
/// # Errors
///
/// The hierarchy cannot be reached, or another process would soon take back what is done
/// ([`ExitCode::Refused`]).
pub(super) async fn changing(
    data: &Path,
    purpose: Purpose,
    manifest_digest: Digest,
) -> Result<Controller, Failure> {
    let session = Session::open(data, purpose).await.map_err(operation)?;
    let controller = Controller::new(session).map_err(operation)?;
    match controller.would_take_back(manifest_digest).map_err(operation)? {
        None => Ok(controller),
        Some(kept) => {
            controller.close().await;
            Err(Failure::new(ExitCode::Refused, kept))
        }
    }
}

/// A hierarchy as it may be changed: at all times if somebody wants that.
pub(super) fn in_windows(hierarchy: Hierarchy, outside_windows: bool) -> Hierarchy {
    if outside_windows { hierarchy.outside_windows() } else { hierarchy }
}

pub(super) fn exit_code(converged: &Converged) -> ExitCode {
    if converged.is_complete() { ExitCode::Success } else { ExitCode::Failure }
}

pub(super) fn failure(error: ControllerError) -> Failure {
    let code = match error {
        ControllerError::Undo(error) => return way_back::failure(error),
        ControllerError::Apply(
            ApplyError::PruneNotConfirmed { .. } | ApplyError::OutsideWindows { .. },
        )
        | ControllerError::NothingDeclared(_) => ExitCode::Refused,
        _ => ExitCode::Failure,
    };
    Failure::new(code, error)
}

/// What there is to say about how converging ended.
pub(super) fn summary(converged: &Converged) -> RunSummary {
    RunSummary {
        converged: converged.is_complete(),
        done: converged.done,
        left: left(converged.left.iter().map(|(action, outcome)| (action, outcome))),
        waiting: converged
            .looked
            .plan
            .waiting
            .iter()
            .map(|waiting| format!("{}: {}", waiting.resource, waiting.on))
            .chain(converged.to_approve.as_ref().map(to_approve_line))
            .collect(),
    }
}

/// What was not done, of some actions and how they ended.
pub(super) fn left<'a>(
    outcomes: impl IntoIterator<Item = (&'a ActionId, &'a Outcome)>,
) -> Vec<LeftAction> {
    let left = outcomes.into_iter().filter(|(_, it)| !matches!(it, Outcome::Done(_)));
    left.map(|(action, outcome)| LeftAction {
        action: action.clone(),
        outcome: outcome.word(),
        detail: outcome.detail(),
    })
    .collect()
}
