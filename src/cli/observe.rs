//! `headwater observe`: what the site systems say they are, as a file.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{ExitCode, Failure, Printer, files, operation, sources};
use crate::{
    clock,
    model::{Declared, Hierarchy, Known, Observation},
    role::controller::{Controller, Purpose, Session},
    view::{counted, observation_json, plain},
};

/// What `headwater observe` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 done, also where a site system does not answer: then that is in \
                  the file; 1 the hierarchy cannot be reached; 2 the command line is wrong or a \
                  file cannot be read or written\n\n\
                  Example: headwater observe --out observed.json, then headwater plan --observed \
                  observed.json examples/contoso"
)]
pub struct Arguments {
    /// Manifests that declare site systems with `placement: Remote`.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Write to this file, which only its owner may read, instead of standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { paths, out } = arguments;
    let hierarchy = if paths.is_empty() {
        Hierarchy::resolve(&Declared::default()).map_err(operation)?
    } else {
        sources::load_hierarchy(paths, printer)?.0
    };
    let session = Session::open(data, Purpose::Look).await.map_err(operation)?;
    let controller = Controller::new(session).map_err(operation)?;
    let observed = controller.observe(&hierarchy).await;
    controller.close().await;
    let observation =
        Observation::new(clock::now(), hierarchy.remote_agents(), observed.map_err(operation)?.0);
    for (name, known) in &observation.observed.site_systems {
        if let Known::Unknown(why) = known {
            printer.message(&format!("warning: `{name}` cannot be asked: {}\n", plain(why)))?;
        }
    }
    let text = observation_json(&observation);
    let Some(out) = out else {
        printer.result(&text)?;
        return Ok(ExitCode::Success);
    };
    files::write_private(out, text.as_bytes())?;
    let systems = counted(observation.observed.site_systems.len(), "site system");
    printer.message(&format!("{systems} written to {}\n", out.display()))?;
    Ok(ExitCode::Success)
}
