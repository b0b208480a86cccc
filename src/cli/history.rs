//! `headwater history`: the runs that the journal remembers.

use std::path::Path;

use clap::Args;
use jiff::SignedDuration;

use super::{ExitCode, Failure, OutputFormat, Printer, operation};
use crate::{
    clock,
    model::Interval,
    role::controller::Remembered,
    store::RunFilter,
    view::{runs_json, runs_text},
};

/// What `headwater history` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 shown, 1 the journal cannot be read, 2 the command line is wrong\n\n\
                  Examples:\n  headwater history --since 7d\n  \
                  headwater history --failed --output json\n  headwater show 17"
)]
pub struct Arguments {
    /// Show only what went on within this time, such as 12h or 7d.
    #[arg(long, value_name = "DURATION")]
    since: Option<Interval>,
    /// Show only runs in which an action failed, and those that were cut off.
    #[arg(long)]
    failed: bool,
    /// Show at most so many, the newest ones.
    #[arg(long, value_name = "NUMBER", default_value = "20")]
    limit: u32,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
}

pub(super) fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { since, failed, limit, output } = arguments;
    let ago = |it: Interval| SignedDuration::from_secs(it.as_seconds().into());
    let since = since.and_then(|it| clock::now().checked_sub(ago(it)).ok());
    let filter = RunFilter { since, failed: *failed, most: *limit };
    let runs = match Remembered::open(data).map_err(operation)? {
        Some(remembered) => remembered.runs(filter).map_err(operation)?,
        None => Vec::new(),
    };
    printer.result(&match output {
        OutputFormat::Text => runs_text(&runs),
        OutputFormat::Json => runs_json(&runs),
    })?;
    Ok(ExitCode::Success)
}
