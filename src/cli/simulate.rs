//! `headwater simulate`: what will happen, and how long it will take.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::anyhow;
use clap::{Args, ValueEnum};

use super::{
    ExitCode, Failure, Printer, files, operation, plan::read_observation, run::block_on, sources,
    wanted::Wanted,
};
use crate::{
    clock,
    model::{Hierarchy, Observation, PackageId},
    plan::seen_from_elsewhere,
    role::controller::{Controller, Purpose, Session},
    simulate::{
        Outcome, Policy, Scenario, Simulation, compare, disagreements, read_scenario, simulate,
    },
    view::{
        comparison_json, comparison_text, policies_json, policies_text, simulation_json,
        simulation_svg, simulation_text,
    },
};

/// What `headwater simulate` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 everything arrives, 1 something never does, or a manifest is not \
                  valid, 2 the command line is wrong or a file cannot be read or used\n\n\
                  Examples:\n  headwater simulate examples/contoso\n  \
                  headwater simulate --scenario examples/what-if/patch-day.yaml examples/contoso\n  \
                  headwater simulate --policies examples/contoso\n  \
                  headwater simulate --output svg examples/contoso > timeline.svg\n  \
                  headwater simulate examples/contoso --compare ../changed/examples/contoso"
)]
pub struct Arguments {
    /// Files, directories (searched for `*.yaml` and `*.yml`), or `-` for standard input.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// What is assumed of lines, machines and sizes, and what goes wrong when: `kind: Scenario`.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// Begin with what this file says, written by `headwater observe`; otherwise with nothing.
    #[arg(long, value_name = "FILE", conflicts_with = "embedded")]
    observed: Option<PathBuf>,
    /// Begin with what the site systems say that are hosted in the data directory.
    #[arg(long)]
    embedded: bool,
    /// Simulate these manifests too, and say what they save or cost beside the others.
    #[arg(long, value_name = "OTHER", num_args = 1.., conflicts_with = "policies")]
    compare: Vec<PathBuf>,
    /// Set the rules side by side: everything from one source, those of the field, these manifests,
    /// and these with cut-through everywhere; maintenance windows are left out.
    #[arg(long)]
    policies: bool,
    /// Decides whatever chance decides: the same seed, the same bytes.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// How many days at most; without it as the scenario says, or 30.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: Option<u32>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Output,
}

/// How results of a simulation are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs: everything.
    Json,
    /// A timeline, drawn.
    Svg,
}

pub(super) fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { paths, scenario, observed, embedded, compare: others, policies, .. } =
        arguments;
    if arguments.output == Output::Svg && (*policies || !others.is_empty()) {
        let why = anyhow!(
            "a timeline is drawn of one simulation: leave `--policies` and `--compare` out"
        );
        return Err(Failure::new(ExitCode::Usage, why));
    }
    let wanted = Wanted::of_manifests(paths, printer)?;
    let scenario = match scenario {
        Some(file) => read(file, &wanted.hierarchy)?,
        None => Scenario::default(),
    };
    let observation = match observed {
        Some(file) => Some(read_observation(file)?),
        None if *embedded => Some(block_on(look(&wanted, data))?),
        None => None,
    };
    let assumed = Assumed { arguments, scenario: &scenario, observation };
    let hierarchy = &wanted.hierarchy;
    if *policies {
        // Those are beside the point here, and the field has none.
        let hierarchy = &hierarchy.clone().outside_windows();
        let outcomes: Vec<Outcome> =
            Policy::ALL.into_iter().map(|policy| assumed.simulate(hierarchy, policy)).collect();
        printer.result(&match arguments.output {
            Output::Json => policies_json(&outcomes),
            Output::Text | Output::Svg => policies_text(&outcomes),
        })?;
        return Ok(ExitCode::Success);
    }
    let outcome = assumed.simulate(hierarchy, Policy::AsDeclared);
    if others.is_empty() {
        printer.result(&match arguments.output {
            Output::Text => simulation_text(&outcome),
            Output::Json => simulation_json(&outcome),
            Output::Svg => simulation_svg(&outcome),
        })?;
        return Ok(code(&outcome));
    }
    let (other, _) = sources::load_hierarchy(others, printer)?;
    let other = assumed.simulate(&other, Policy::AsDeclared);
    let comparison = compare(&outcome, &other);
    printer.result(&match arguments.output {
        Output::Json => comparison_json(&outcome, &other, &comparison),
        Output::Text | Output::Svg => comparison_text(&outcome, &other, &comparison),
    })?;
    Ok(code(&other))
}

fn code(outcome: &Outcome) -> ExitCode {
    let all = outcome.distributed_after.is_some() && outcome.synchronized_after.is_some();
    if all { ExitCode::Success } else { ExitCode::Failure }
}

/// What all simulations of a command assume.
struct Assumed<'a> {
    arguments: &'a Arguments,
    scenario: &'a Scenario,
    observation: Option<Observation>,
}

impl Assumed<'_> {
    fn simulate(&self, hierarchy: &Hierarchy, policy: Policy) -> Outcome {
        let sources = sizes(hierarchy);
        let mut observation = self.observation.clone();
        let mut hierarchy = hierarchy.clone();
        if let Some(observation) = &mut observation {
            observation.forget_moved(&hierarchy);
            hierarchy = seen_from_elsewhere(hierarchy, &observation.observed);
        }
        let simulation = Simulation {
            hierarchy: &hierarchy,
            observation: observation.as_ref(),
            scenario: self.scenario,
            sources: &sources,
            days: self.arguments.days,
            seed: self.arguments.seed,
        };
        simulate(simulation, policy)
    }
}

fn read(file: &Path, hierarchy: &Hierarchy) -> Result<Scenario, Failure> {
    let failed = |error: anyhow::Error| {
        Failure::new(ExitCode::Usage, error.context(format!("cannot use {}", file.display())))
    };
    let bytes = files::read(file)?;
    let text = String::from_utf8(bytes).map_err(|error| failed(error.into()))?;
    let scenario = read_scenario(&text).map_err(|error| failed(error.into()))?;
    let found = disagreements(&scenario, hierarchy);
    if found.is_empty() {
        return Ok(scenario);
    }
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    Err(failed(anyhow!("it does not go with the manifests:\n  {}", found.join("\n  "))))
}

async fn look(wanted: &Wanted, data: &Path) -> Result<Observation, Failure> {
    let session = Session::open(data, Purpose::Look).await.map_err(operation)?;
    let controller = Controller::new(session).map_err(operation)?;
    let observed = controller.observe_at(&wanted.remote, &wanted.hierarchy).await;
    controller.close().await;
    let observed = observed.map_err(operation)?.0;
    Ok(Observation::new(clock::now(), wanted.remote.clone(), observed))
}

/// Directories that are looked through for the size of a package: no source is deeper, and a circle
/// of links ends there.
const DEEPEST: usize = 64;

/// How large the source directories of packages are that are there.
fn sizes(hierarchy: &Hierarchy) -> BTreeMap<PackageId, u64> {
    let mut by_path: BTreeMap<&str, Option<u64>> = BTreeMap::new();
    let mut sizes = BTreeMap::new();
    for package in hierarchy.packages.values() {
        let Some(path) = package.source.path.as_deref() else { continue };
        let size = *by_path.entry(path).or_insert_with(|| size(Path::new(path), 0).ok());
        // A directory that is empty, or not there, says nothing.
        if let Some(size) = size.filter(|size| *size > 0) {
            sizes.insert(package.id.clone(), size);
        }
    }
    sizes
}

fn size(directory: &Path, depth: usize) -> std::io::Result<u64> {
    let mut sum = 0_u64;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() && depth < DEEPEST {
            sum = sum.saturating_add(size(&entry.path(), depth + 1)?);
        } else if kind.is_file() {
            sum = sum.saturating_add(entry.metadata()?.len());
        }
    }
    Ok(sum)
}
