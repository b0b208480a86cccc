//! `headwater status`: the state of the hierarchy.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{ExitCode, Failure, OutputFormat, Printer, operation, sources};
use crate::{
    model::{Declared, Hierarchy},
    role::controller::{Controller, Purpose, Session},
    store::LastRun,
    view::{StatusReport, plain, status_json, status_text},
};

/// Shows the state of the hierarchy, as its site systems report it. Manifests are needed only to
/// find site systems on computers of their own. Exit codes: 0 done, 1 error.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: headwater status --output json")]
pub struct Arguments {
    /// Manifests that declare site systems with `placement: Remote`.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
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
    controller.close().await;
    let report = StatusReport::of(&observed.map_err(operation)?.0);
    printer.result(&match printer.format() {
        OutputFormat::Json => status_json(&report),
        OutputFormat::Text => {
            let last = last.map_err(operation)?;
            format!("{}\n{}", status_text(&report), last_run(last.as_ref()))
        }
    })?;
    Ok(ExitCode::Success)
}

/// What the journal knows of the last run.
fn last_run(last: Option<&LastRun>) -> String {
    let Some(last) = last else { return "Nothing has been applied yet.\n".to_owned() };
    let mut text = match (last.finished_at, last.converged) {
        (None, _) => format!("The last run, of {}, was cut off.\n", last.started_at),
        (Some(at), true) => format!("The last run ended well at {at}.\n"),
        (Some(at), false) => format!("The last run ended at {at}, and something was left:\n"),
    };
    for (action, why) in &last.failures {
        text += &format!("  {action}: {}\n", plain(why));
    }
    text
}
