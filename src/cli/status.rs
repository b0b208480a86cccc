//! `headwater status`: the state of the hierarchy.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{ExitCode, Failure, OutputFormat, Printer, operation, sources};
use crate::{
    model::{Declared, Hierarchy},
    role::controller::{Controller, Purpose, Session},
    store::LastRun,
    view::{FailedAction, LastRunSummary, StatusReport, last_run_text, status_json, status_text},
};

/// What `headwater status` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 shown, whatever the state is; 1 the hierarchy cannot be reached; 2 \
                  the command line is wrong or a file cannot be read\n\n\
                  Example: headwater status --output json"
)]
pub struct Arguments {
    /// Manifests that declare site systems with `placement: Remote`.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let hierarchy = if arguments.paths.is_empty() {
        Hierarchy::resolve(&Declared::default()).map_err(operation)?
    } else {
        sources::load_hierarchy(&arguments.paths, printer)?.0
    };
    let session = Session::open(data, Purpose::Look).await.map_err(operation)?;
    let controller = Controller::new(session).map_err(operation)?;
    let observed = controller.observe(&hierarchy).await;
    let last = controller.journal().last_run();
    let under_way = controller.session().data().is_reconciling();
    controller.close().await;
    let last = last.map_err(operation)?;
    let under_way = under_way.map_err(operation)?;
    let mut report = StatusReport::of(&observed.map_err(operation)?.0);
    report.last_run = last.map(|last| last_run(last, under_way));
    printer.result(&match arguments.output {
        OutputFormat::Json => status_json(&report),
        OutputFormat::Text => {
            format!("{}\n{}", status_text(&report), last_run_text(report.last_run.as_ref()))
        }
    })?;
    Ok(ExitCode::Success)
}

fn last_run(last: LastRun, under_way: bool) -> LastRunSummary {
    let LastRun { started_at, finished_at, converged, failures } = last;
    let failures = failures.into_iter().map(|(action, detail)| FailedAction { action, detail });
    LastRunSummary {
        started_at,
        finished_at,
        under_way: under_way && finished_at.is_none(),
        converged,
        failures: failures.collect(),
    }
}
