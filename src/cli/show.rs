//! `headwater show`: a plan that was written to a file, or a run.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;

use super::{ExitCode, Failure, Printer, files, operation, plan_output::PlanOutput};
use crate::{
    model::RunId,
    plan::{Plan, SavedPlan, SavedPlanError, read_plan},
    role::controller::{Remembered, TargetError},
};

/// What `headwater show` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 the file is not a plan of this version, or there is no such \
                  run; 2 the command line is wrong or the file cannot be read\n\n\
                  Examples:\n  headwater plan --out plan.json examples/contoso\n  \
                  headwater show plan.json\n  \
                  headwater show --output markdown plan.json\n  \
                  headwater show 17"
)]
pub struct Arguments {
    /// A plan, written by `headwater plan --out` or `headwater plan --output json`; `-` for standard
    /// input. Or the number of a run (see `headwater history`): what it planned, and how each action
    /// ended. A file whose name is a number is `./17`.
    #[arg(value_name = "FILE|RUN")]
    what: PathBuf,
    #[command(flatten)]
    shown: PlanOutput,
}

pub(super) fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { what, shown } = arguments;
    match what.to_str().and_then(|it| it.parse().ok()) {
        Some(id) => show_run(id, shown, data, printer)?,
        None => shown.print(&plan_of(what)?, None, printer)?,
    }
    Ok(ExitCode::Success)
}

/// Prints a run.
fn show_run(
    id: RunId,
    shown: &PlanOutput,
    data: &Path,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let remembered = Remembered::open(data).map_err(operation)?;
    let run = match &remembered {
        Some(remembered) => remembered.run(id).map_err(operation)?,
        None => None,
    };
    let (Some(Remembered { journal, .. }), Some(run)) = (&remembered, run) else {
        return Err(operation(TargetError::NoRun(id)));
    };
    let actions = journal.actions(id).map_err(operation)?;
    let text = run.plan.map(|digest| journal.text(digest)).transpose().map_err(operation)?;
    let plan = text.flatten().map(|text| read_plan(&text)).transpose().map_err(operation)?;
    shown.print_run(&run, &actions, plan.as_ref(), printer)
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
