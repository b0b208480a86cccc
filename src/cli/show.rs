//! `headwater show`: a plan that was written to a file.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;

use super::{ExitCode, Failure, Printer, files, plan_output::PlanOutput};
use crate::plan::{Plan, SavedPlan, SavedPlanError, read_plan};

/// What `headwater show` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 the file is not a plan of this version, 2 the command line \
                  is wrong or the file cannot be read\n\n\
                  Examples:\n  headwater plan --out plan.json examples/contoso\n  \
                  headwater show plan.json\n  \
                  headwater show --output markdown plan.json"
)]
pub struct Arguments {
    /// A plan, written by `headwater plan --out` or `headwater plan --output json`; `-` for standard
    /// input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    shown: PlanOutput,
}

pub(super) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let Arguments { file, shown } = arguments;
    shown.print(&plan_of(file)?, None, printer)?;
    Ok(ExitCode::Success)
}

/// The plan that a file holds.
///
/// # Errors
///
/// The file cannot be read or is not a text ([`ExitCode::Usage`]), is not a plan of this version, or
/// is a saved one that was changed.
pub(super) fn plan_of(file: &Path) -> Result<Plan, Failure> {
    let text = String::from_utf8(files::read(file)?).map_err(|error| {
        let error = anyhow!("{} is not a text: {}", file.display(), error.utf8_error());
        Failure::new(ExitCode::Usage, error)
    })?;
    let cannot_read = || format!("cannot read {}", file.display());
    let plan = read_plan(&text).with_context(cannot_read)?;
    // One that is applied is shown only as it was written.
    match SavedPlan::read(text.as_bytes()) {
        Ok(_) | Err(SavedPlanError::NoBasis) => Ok(plan),
        Err(error) => Err(anyhow::Error::from(error).context(cannot_read()).into()),
    }
}
