//! `headwater plan`: what would be done.

use clap::Args;

use super::{ExitCode, Failure, OutputFormat, Printer, manifests::Manifests, operation, sources};
use crate::{
    role::controller::{Controller, Purpose, Session},
    view::{plan_json, plan_text},
};

/// What `headwater plan` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed or a manifest is not valid, 2 the command line is \
                  wrong or a file cannot be read. With --detailed-exitcode: 0 no changes, 1 error, \
                  2 changes\n\n\
                  Examples:\n  headwater plan --detailed-exitcode examples/contoso\n  \
                  headwater plan --output json examples/contoso"
)]
pub struct Arguments {
    #[command(flatten)]
    manifests: Manifests,
    /// Tell by the exit code whether there are changes: 0 none, 2 some, 1 error.
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &std::path::Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { manifests, detailed_exitcode } = arguments;
    let loaded = sources::load_hierarchy(&manifests.paths, printer);
    let (hierarchy, loaded) = loaded.map_err(|failure| {
        // With --detailed-exitcode, 2 means that there are changes.
        if *detailed_exitcode { Failure::new(ExitCode::Failure, failure.error) } else { failure }
    })?;
    let session = Session::open(data, Purpose::Look).await.map_err(operation)?;
    let controller = Controller::new(session).map_err(operation)?;
    let looked = controller.look(&hierarchy, loaded.digest).await;
    controller.close().await;
    let plan = looked.map_err(operation)?.plan;
    let coloured = printer.results_coloured();
    printer.result(&match printer.format() {
        OutputFormat::Json => plan_json(&plan),
        OutputFormat::Text => plan_text(&plan, coloured),
    })?;
    Ok(match (detailed_exitcode, plan.actions.is_empty(), plan.complete) {
        (false, _, _) | (true, true, true) => ExitCode::Success,
        (true, false, _) => ExitCode::Changes,
        // Nothing can be done, and it is not as it shall be: something could not be seen.
        (true, true, false) => ExitCode::Failure,
    })
}
