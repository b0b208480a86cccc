//! `headwater plan`: what would be done.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{
    ExitCode, Failure, Printer, apply,
    cluster::{ClusterArguments, Looked},
    files, operation,
    plan_output::PlanOutput,
    run::block_on,
    wanted::Wanted,
};
use crate::{
    apply::Removals,
    clock,
    model::{Digest, Facts, Hierarchy, Observation},
    operator::ClusterChoice,
    plan::{
        Basis, Inputs, Plan, SavedPlan, Work, plan, planned_documents, refuse_nothing,
        seen_from_elsewhere,
    },
    role::controller::{Controller, NeedsApproval, Purpose, Session},
    view::{PlanDigests, saved_text},
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
    #[arg(long, value_name = "FILE", conflicts_with = "kube")]
    observed: Option<PathBuf>,
    #[command(flatten)]
    cluster: ClusterArguments,
    /// Save the plan, for `headwater apply --plan`. Only its owner may read the file: addresses with
    /// passwords in manifests are in it as they are.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    shown: PlanOutput,
    /// Plan what is to be done also outside of maintenance windows. Saved with --out, it is carried
    /// out once one is open, or with `headwater apply --outside-windows`.
    #[arg(long)]
    outside_windows: bool,
    /// Print the digests by which the plan is approved (`headwater approve`, or a line in the message of
    /// a commit), and nothing else. What waits for a maintenance window is part of it.
    #[arg(long, conflicts_with_all = ["out", "detailed_exitcode"])]
    digest: bool,
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
    if arguments.detailed_exitcode { detailed(planned) } else { planned.map(|_| ExitCode::Success) }
}

/// The exit code that says whether there are changes.
pub(super) fn detailed(planned: Result<Plan, Failure>) -> Result<ExitCode, Failure> {
    // With --detailed-exitcode, 2 means that there are changes.
    let failed = |failure: Failure| match failure.code {
        ExitCode::Usage => Failure::new(ExitCode::Failure, failure.error),
        _ => failure,
    };
    let plan = planned.map_err(failed)?;
    Ok(match (plan.actions.is_empty(), plan.complete) {
        (true, true) => ExitCode::Success,
        (false, _) => ExitCode::Changes,
        // What waits for a window is a change, later.
        (true, false) if plan.waiting.iter().any(|it| it.until.is_some()) => ExitCode::Changes,
        // Nothing can be done, and it is not as it shall be: something could not be seen.
        (true, false) => ExitCode::Failure,
    })
}

fn show(arguments: &Arguments, data: &Path, printer: &mut Printer) -> Result<Plan, Failure> {
    let Arguments { paths, from, observed, cluster, out, shown, outside_windows, digest, .. } =
        arguments;
    let mut wanted = match from {
        Some(file) => Wanted::of_saved_plan(file)?,
        None => Wanted::of_manifests(paths, printer)?,
    };
    wanted.hierarchy = apply::in_windows(wanted.hierarchy, *outside_windows);
    let cluster = cluster.choice();
    let seen = match (observed, &cluster) {
        (Some(file), _) => Seen::File(file),
        (None, Some(choice)) => Seen::Cluster(choice),
        (None, None) => Seen::Now(data),
    };
    let shown = Shown { seen, out: out.as_deref(), digest: *digest, output: shown };
    print_plan(wanted, &shown, printer)
}

/// What is planned against, and where the plan goes.
pub(super) struct Shown<'a> {
    /// What is compared with.
    pub(super) seen: Seen<'a>,
    /// Where the plan is saved.
    pub(super) out: Option<&'a Path>,
    /// Whether only the digests are printed by which it is approved.
    pub(super) digest: bool,
    /// How the plan is printed.
    pub(super) output: &'a PlanOutput,
}

/// Where it is known from what there is.
#[derive(Clone, Copy)]
pub(super) enum Seen<'a> {
    /// The site systems are asked; what is remembered of them is in this directory.
    Now(&'a Path),
    /// It was observed before.
    File(&'a Path),
    /// The operator of a cluster has observed it.
    Cluster(&'a ClusterChoice),
}

/// Plans for what is wanted, prints the plan, and saves it where that is wanted.
pub(super) fn print_plan(
    mut wanted: Wanted,
    Shown { seen, out, digest, output }: &Shown<'_>,
    printer: &mut Printer,
) -> Result<Plan, Failure> {
    let mut observation = match seen {
        Seen::File(file) => read_observation(file)?,
        Seen::Cluster(choice) => block_on(async { Looked::at(choice).await?.observation().await })?,
        Seen::Now(data) => block_on(look(&wanted, data))?,
    };
    if !matches!(seen, Seen::Now(_)) {
        observation.forget_moved(&wanted.hierarchy);
        wanted.hierarchy = seen_from_elsewhere(wanted.hierarchy, &observation.observed);
    }
    let Observation { observed_at, observed, .. } = &observation;
    if wanted.is_of_manifests() {
        refuse_nothing(&wanted.hierarchy, observed).map_err(operation)?;
    }
    let mut plan = plan(Inputs {
        hierarchy: &wanted.hierarchy,
        manifest_digest: wanted.digest,
        observed,
        now: *observed_at,
    });
    if *digest {
        // Approved is what shall be done, whenever it may be.
        let hierarchy = wanted.hierarchy.outside_windows();
        let text = output.digests(&digests(&hierarchy, wanted.digest, &observation));
        printer.result(&text)?;
        return Ok(plan);
    }
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
    output.print(&plan, Some(&wanted.hierarchy), printer)?;
    printer.message(&message)?;
    Ok(plan)
}

fn digests(hierarchy: &Hierarchy, digest: Digest, observation: &Observation) -> PlanDigests {
    let Observation { observed_at: now, observed, .. } = observation;
    let inputs = Inputs { hierarchy, manifest_digest: digest, observed, now: *now };
    let plan = plan(inputs);
    let work = |needs: NeedsApproval, removals| {
        let concerned = plan.actions.iter().filter(|it| needs.concerns(it, removals));
        Work::of(concerned, hierarchy)
    };
    let removals = work(NeedsApproval::Removals, Removals::Confirmed);
    PlanDigests {
        all: work(NeedsApproval::All, Removals::Confirmed).digest(),
        without_removals: work(NeedsApproval::All, Removals::LeftOut).digest(),
        removals: (!removals.is_empty()).then(|| removals.digest()),
    }
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
