//! One simulation, from what is wanted to what comes of it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{
    Outcome, Policy, Scenario,
    at::At,
    patch_days::add_patch_days,
    world::{Making, World},
};
use crate::{
    model::{Digest, Hierarchy, Observation, Observed, PackageId},
    plan::{Inputs, plan},
};

/// When a simulation begins of which nobody has said when: a Monday.
const BEGIN: Timestamp = Timestamp::constant(1_767_571_200, 0);
/// So many days are simulated, unless somebody says otherwise.
const DAYS: u32 = 30;

/// What is simulated.
#[derive(Debug, Clone, Copy)]
pub struct Simulation<'a> {
    /// What is wanted.
    pub hierarchy: &'a Hierarchy,
    /// What there is; without it, nothing.
    pub observation: Option<&'a Observation>,
    /// What is assumed of the world.
    pub scenario: &'a Scenario,
    /// How large the sources of packages are, where that is known, in bytes.
    pub sources: &'a BTreeMap<PackageId, u64>,
    /// How many days at most; the scenario's, or else 30.
    pub days: Option<u32>,
    /// Decides whatever chance decides.
    pub seed: u64,
}

/// Simulates what a plan would bring about, under one policy.
pub fn simulate(simulation: Simulation<'_>, policy: Policy) -> Outcome {
    let Simulation { hierarchy, observation, scenario, sources, days, seed } = simulation;
    // Everything is planned once, and begins when a window lets it.
    let mut wanted = policy.applied_to(hierarchy).outside_windows();
    let mut releases: BTreeMap<PackageId, At> = scenario
        .releases
        .iter()
        .map(|(package, after)| (package.clone(), At::after(after.duration())))
        .collect();
    let nothing = Observed::default();
    let observed = observation.map_or(&nothing, |it| &it.observed);
    let mut sizes = sizes(&wanted, observed, scenario, sources);
    add_patch_days(&mut wanted, scenario, &mut releases, &mut sizes);
    let begin = scenario.start_at.or(observation.map(|it| it.observed_at)).unwrap_or(BEGIN);
    let plan =
        plan(Inputs { hierarchy: &wanted, manifest_digest: Digest::of(b""), observed, now: begin });
    let days = days.or(scenario.days).unwrap_or(DAYS);
    let mut world = World::new(Making {
        hierarchy: &wanted,
        windows: hierarchy,
        observed,
        plan: &plan,
        scenario,
        sizes: &sizes,
        releases: &releases,
        rules: policy.rules(),
        begin,
        end: At::after(SignedDuration::from_hours(24 * i64::from(days))),
        seed,
    });
    drop(plan);
    world.run();
    world.outcome(&wanted, policy, seed)
}

/// How large packages are: as the scenario says, as they were observed, or as their source is.
fn sizes(
    hierarchy: &Hierarchy,
    observed: &Observed,
    scenario: &Scenario,
    sources: &BTreeMap<PackageId, u64>,
) -> BTreeMap<PackageId, u64> {
    let size = |package: &crate::model::Package| {
        let said = scenario.content.get(&package.id).map(|size| size.bytes());
        let held = || {
            let server = observed.site_server(&package.site)?;
            let held = server.packages.get(&package.id)?;
            (held.version == package.version).then_some(held.bytes)
        };
        said.or_else(held).or_else(|| sources.get(&package.id).copied())
    };
    let packages = hierarchy.packages.values();
    packages.filter_map(|package| Some((package.id.clone(), size(package)?))).collect()
}
