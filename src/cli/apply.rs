//! `headwater apply`: make the hierarchy as the manifests say.

use std::{path::Path, sync::Arc};

use clap::Args;

use super::{
    ExitCode, Failure, OutputFormat, Printer, manifests::Manifests, operation, progress::Progress,
    sources,
};
use crate::{
    apply::{ApplyError, Removals, Trigger},
    role::controller::{Controller, ControllerError, Converged, Purpose, Session},
    view::{LeftAction, RunSummary, run_json, run_text},
};

/// What `headwater apply` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 the hierarchy is as the manifests say, 1 something is left or \
                  a manifest is not valid, 2 the command line is wrong or a file cannot be read, 3 \
                  refused: something would be removed, and --prune is not given\n\n\
                  Example: headwater apply examples/contoso"
)]
pub struct Arguments {
    #[command(flatten)]
    manifests: Manifests,
    /// Remove what is there but not declared any more.
    #[arg(long)]
    prune: bool,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { manifests, prune } = arguments;
    let removals = if *prune { Removals::Confirmed } else { Removals::Refused };
    let converged = converge(manifests, removals, data, printer).await?;
    let run = summary(&converged);
    printer.result(&match printer.format() {
        OutputFormat::Json => run_json(&run),
        OutputFormat::Text => run_text(&run),
    })?;
    Ok(exit_code(&converged))
}

/// Makes the site systems agree with the manifests, for somebody who looks on.
pub(super) async fn converge(
    manifests: &Manifests,
    removals: Removals,
    data: &Path,
    printer: &mut Printer,
) -> Result<Converged, Failure> {
    let (hierarchy, loaded) = sources::load_hierarchy(&manifests.paths, printer)?;
    let hierarchy = Arc::new(hierarchy);
    let session = Session::open(data, Purpose::Work).await.map_err(operation)?;
    let controller = Controller::new(session).map_err(operation)?;
    let progress = Progress::start(printer.messages_coloured());
    let converged = controller
        .converge(&hierarchy, loaded.digest, Trigger::Person, removals, progress.events())
        .await;
    progress.end().await;
    controller.close().await;
    converged.map_err(failure)
}

pub(super) fn exit_code(converged: &Converged) -> ExitCode {
    if converged.is_complete() { ExitCode::Success } else { ExitCode::Failure }
}

fn failure(error: ControllerError) -> Failure {
    let code = match &error {
        ControllerError::Apply(ApplyError::PruneNotConfirmed { .. }) => ExitCode::Refused,
        _ => ExitCode::Failure,
    };
    Failure::new(code, error)
}

/// What there is to say about how converging ended.
pub(super) fn summary(converged: &Converged) -> RunSummary {
    RunSummary {
        converged: converged.is_complete(),
        done: converged.done,
        left: converged
            .left
            .iter()
            .map(|(action, outcome)| LeftAction {
                action: action.clone(),
                outcome: outcome.word(),
                detail: outcome.detail(),
            })
            .collect(),
        waiting: converged
            .looked
            .plan
            .waiting
            .iter()
            .map(|waiting| format!("{}: {}", waiting.resource, waiting.on))
            .collect(),
    }
}
