//! `headwater up`: the whole hierarchy in one process.

use std::path::Path;

use clap::Args;

use super::{
    ExitCode, Failure, OutputFormat, Printer,
    apply::{self, summary},
    manifests::Manifests,
    staying::{self, Pass},
    watching::WatchArguments,
};
use crate::{
    apply::Removals,
    model::{Interval, RunCommand},
    net::raise_open_files,
    view::{StatusReport, run_text, status_json, status_text},
};

/// What `headwater up` is given.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Exit codes: 0 ended by a signal or, with --once, the hierarchy is as the \
                  manifests say; 1 it could not be started, a manifest is not valid or, with \
                  --once, something is left; 2 the command line is wrong or a file cannot be read; 3 \
                  with --once, refused: nothing is declared at all\n\n\
                  Example: headwater up --once examples/contoso")]
pub struct Arguments {
    #[command(flatten)]
    manifests: Manifests,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
    /// Leave when the hierarchy is as the manifests say, or cannot become so.
    #[arg(long, conflicts_with = "listen")]
    once: bool,
    /// How often manifests and site systems are looked at; the latter up to a tenth sooner or later.
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    every: Interval,
    /// Remove what is there but not declared any more; otherwise it stays, and is named.
    #[arg(long)]
    prune: bool,
    /// Where another process keeps the hierarchy up, wait until it ends, and take over.
    #[arg(long, conflicts_with = "once")]
    wait: bool,
    #[command(flatten)]
    watch: WatchArguments,
}

impl Arguments {
    fn removals(&self) -> Removals {
        if self.prune { Removals::Confirmed } else { Removals::LeftOut }
    }
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    raise_open_files();
    if arguments.once {
        once(arguments, data, printer).await
    } else {
        stay(arguments, data, printer).await
    }
}

async fn once(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let removals = arguments.removals();
    let (command, manner) = (RunCommand::Up, (removals, false));
    let converged = apply::converge(&arguments.manifests, command, manner, data, printer).await?;
    let run = summary(&converged);
    let mut status = StatusReport::of(&converged.looked.observed);
    printer.result(&match arguments.output {
        OutputFormat::Text => format!("{}\n{}", status_text(&status), run_text(&run)),
        OutputFormat::Json => {
            status.run = Some(run);
            status_json(&status)
        }
    })?;
    Ok(apply::exit_code(&converged))
}

/// Keeps the hierarchy as the manifests say until somebody ends it. Manifests are looked at each
/// time, and those that changed are read; while they are broken, the last good ones hold.
async fn stay(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let removals = arguments.removals();
    let pass = Pass::Reconcile { command: RunCommand::Up, removals, approval: None };
    let pace = (pass, staying::pause(arguments.every));
    let watching = arguments.watch.open(None, data, printer).await?;
    let data = (data, arguments.wait);
    let paths = &arguments.manifests.paths;
    staying::with_paths(paths, data, pace, (&watching.vitals, false), printer).await
}
