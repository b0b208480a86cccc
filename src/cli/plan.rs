//! `headwater plan`: what would be done.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{
    ExitCode, Failure, Printer, files, operation, plan_output::PlanOutput, run::block_on,
    wanted::Wanted,
};
use crate::{
    clock,
    model::{Facts, Observation},
    plan::{
        Basis, Inputs, Plan, SavedPlan, plan, planned_documents, refuse_nothing,
        seen_from_elsewhere,
    },
    role::controller::{Controller, Purpose, Session},
    view::saved_text,
};

/// What `headwater plan` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed or a manifest is not valid, 2 the command line is \
                  wrong or a file cannot be read or written. With --detailed-exitcode: 0 no \
                  changes, 1 error, 2 changes\n\n\
                  Examples:\n  headwater plan --detailed-exitcode examples/contoso\n  \
                  headwater plan --output json examples/contoso\n  \
                  headwater plan --site AMS --kind DistributionPoint examples/contoso\n  \
                  headwater plan --out plan.json examples/contoso\n  \
                  headwater plan --observed observed.json examples/contoso"
)]
pub struct Arguments {
    /// Files, directories (searched for `*.yaml` and `*.yml`), or `-` for standard input.
    #[arg(value_name = "PATH", required_unless_present = "from", conflicts_with = "from")]
    paths: Vec<PathBuf>,
    /// Plan for what this saved plan was made of, instead of manifests: so a way back (`headwater
    /// apply --undo`) is planned again after something has moved.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Compare with this file, written by `headwater observe`, and ask nobody; `-` for standard
    /// input. Schedules are compared with the time at which it was written.
    #[arg(long, value_name = "FILE")]
    observed: Option<PathBuf>,
    /// Save the plan, for `headwater apply --plan`. Only its owner may read the file: addresses with
    /// passwords in manifests are in it as they are.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    shown: PlanOutput,
    /// Tell by the exit code whether there are changes: 0 none, 2 some, 1 error.
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(super) fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let planned = show(arguments, data, printer);
    if !arguments.detailed_exitcode {
        return planned.map(|_| ExitCode::Success);
    }
    // With --detailed-exitcode, 2 means that there are changes.
    let failed = |failure: Failure| match failure.code {
        ExitCode::Usage => Failure::new(ExitCode::Failure, failure.error),
        _ => failure,
    };
    let plan = planned.map_err(failed)?;
    Ok(match (plan.actions.is_empty(), plan.complete) {
        (true, true) => ExitCode::Success,
        (false, _) => ExitCode::Changes,
        // Nothing can be done, and it is not as it shall be: something could not be seen.
        (true, false) => ExitCode::Failure,
    })
}

fn show(arguments: &Arguments, data: &Path, printer: &mut Printer) -> Result<Plan, Failure> {
    let Arguments { paths, from, observed, out, shown, detailed_exitcode: _ } = arguments;
    let mut wanted = match from {
        Some(file) => Wanted::of_saved_plan(file)?,
        None => Wanted::of_manifests(paths, printer)?,
    };
    let observation = match observed {
        Some(file) => {
            let mut observation = read_observation(file)?;
            observation.forget_moved(&wanted.hierarchy);
            wanted.hierarchy = seen_from_elsewhere(wanted.hierarchy, &observation.observed);
            observation
        }
        None => block_on(look(&wanted, data))?,
    };
    let Observation { observed_at, observed, .. } = &observation;
    if from.is_none() {
        refuse_nothing(&wanted.hierarchy, observed).map_err(operation)?;
    }
    let mut plan = plan(Inputs {
        hierarchy: &wanted.hierarchy,
        manifest_digest: wanted.digest,
        observed,
        now: *observed_at,
    });
    wanted.locate(&mut plan);
    let mut message = String::new();
    let plan = match out {
        None => plan,
        Some(out) => {
            let basis = Basis {
                planned_at: *observed_at,
                paths: wanted.paths,
                documents: planned_documents(&wanted.declared),
                remote: wanted.remote,
                facts: Facts::of(observed),
            };
            let saved = SavedPlan { plan, basis };
            files::write_private(out, saved.to_json().as_bytes())?;
            message = saved_text(&saved, &out.display().to_string());
            saved.plan
        }
    };
    shown.print(&plan, Some(&wanted.hierarchy), printer)?;
    printer.message(&message)?;
    Ok(plan)
}

/// What `headwater observe` has written.
pub(super) fn read_observation(file: &Path) -> Result<Observation, Failure> {
    Observation::read(&files::read(file)?).map_err(|error| {
        let error = anyhow::Error::from(error).context(format!("cannot use {}", file.display()));
        Failure::new(ExitCode::Usage, error)
    })
}

async fn look(wanted: &Wanted, data: &Path) -> Result<Observation, Failure> {
    let session = Session::open(data, Purpose::Look).await.map_err(operation)?;
    let controller = Controller::new(session).map_err(operation)?;
    let observed = controller.observe_at(&wanted.remote, &wanted.hierarchy).await;
    controller.close().await;
    let observed = observed.map_err(operation)?.0;
    Ok(Observation::new(clock::now(), wanted.remote.clone(), observed))
}
