//! `headwater sync`: Run Synchronization.

use std::path::Path;

use clap::Args;

use super::{
    ExitCode, Failure, OutputFormat, Printer, apply::left, asked::Asking, operation,
    progress::Progress, sources,
};
use crate::{
    model::SiteCode,
    role::controller::{Controller, Purpose, Session},
    view::{RunSummary, run_json, synchronized_text},
};

/// What `headwater sync` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 everything is synchronized; 1 something failed, or the site cannot be \
                  synchronized by hand; 2 the command line is wrong or a file cannot be read\n\n\
                  Examples:\n  headwater sync CEN\n  headwater sync CEN --full --output json"
)]
pub struct Arguments {
    /// The code of the site at the top.
    #[arg(value_name = "SITE")]
    site: SiteCode,
    /// Bring what has changed and expired into the site database too, as the schedule does.
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    asking: Asking,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let remote = sources::remote_agents(&arguments.asking.manifests, printer)?;
    let session = Session::open(data, Purpose::Work).await.map_err(operation)?;
    let controller = Controller::new(session).map_err(operation)?;
    let progress = Progress::start(printer.messages_coloured());
    let Arguments { site, full, .. } = arguments;
    let synchronized = controller.synchronize(site, *full, &remote, progress.events()).await;
    progress.end().await;
    controller.close().await;
    let synchronized = synchronized.map_err(operation)?;
    let (plan, report) = (&synchronized.plan, &synchronized.report);
    let run = RunSummary {
        converged: report.done() == plan.actions.len() && plan.waiting.is_empty(),
        done: report.done(),
        left: left(&report.outcomes),
        waiting: plan.waiting.iter().map(|it| format!("{}: {}", it.resource, it.on)).collect(),
    };
    printer.result(&match arguments.asking.output {
        OutputFormat::Json => run_json(&run),
        OutputFormat::Text => synchronized_text(&run),
    })?;
    Ok(if run.converged { ExitCode::Success } else { ExitCode::Failure })
}
