//! What `headwater simulate` says of a rollout, and what it takes to say it: 25 regions of 200 pull
//! distribution points behind 200 Mbit/s each, 1 Gbit/s within, 10 Gbit/s at the top.
//!
//! ```text
//! cargo bench --bench rollout [-- month]
//! ```
//!
//! Ends with 1 if a ratio is missed.
#![expect(clippy::print_stdout, reason = "the figures are the result")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

mod topology;

use std::{collections::BTreeMap, process::ExitCode, time::Duration};

use headwater::{
    model::Hierarchy,
    simulate::{Outcome, Policy, Simulation, read_scenario, simulate},
};
use topology::{Region, Topology};

/// 4 GiB at 200 Mbit/s, without the headers of frames: no rule brings them sooner.
const BOUND: f64 = 4_294_967_296.0 / 25e6;
const TOPOLOGY: Topology = Topology { regions: 25, points: 200, fan_out: 4 };

const WORLD: &str = "
defaults: {link: 200Mbit, latency: 0ms, network: 1Gbit, disk: 10GB}
machines: {top: {network: 10Gbit}, top-srv: {network: 80Gbit, disk: 99GB}}
";
const PACKAGE: &str = "content: {TOP00001: 4GiB}\n";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` starts it too, and means only that it shall be there.
    if arguments.iter().all(|argument| argument != "--bench") {
        return ExitCode::SUCCESS;
    }
    let mut held = Held(true);
    if arguments.iter().any(|argument| argument == "month") {
        month(&mut held);
    } else {
        package(&mut held);
    }
    if held.0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One package of 4 GiB to 5,000 pull distribution points.
fn package(held: &mut Held) {
    let tree = TOPOLOGY.hierarchy(Region::TreeWithDeputies, 1);
    let stars = TOPOLOGY.hierarchy(Region::Star, 1);
    println!(
        "one package of 4 GiB to {} pull distribution points; the bound is {BOUND:.1} s",
        TOPOLOGY.all()
    );
    let before = peak();
    let (ours, took) = run("cut-through over a tree", &tree, PACKAGE, Policy::AsDeclared);
    held.is("  simulated in seconds", took.as_secs_f64(), 1.0);
    println!("  memory: {} MiB, of which {before} are the manifests", peak());
    let time = from_the_top(&ours);
    held.is("  beside the bound", time / BOUND, 1.10);
    let most = ours.links.iter().map(|link| link.content).max().unwrap_or_default();
    held.is("  content over the fullest line beside the package", ratio(most, 4 << 30), 1.02);
    let over = ours.links.iter().filter(|link| link.peak > link.capacity).count();
    held.is("  lines over their capacity", f64::from(u32::try_from(over).unwrap()), 0.0);
    let (field, _) = run("the field's rules, regions as stars", &stars, PACKAGE, Policy::Field);
    held.at_least("  beside ours", from_the_top(&field) / time, 25.0);
    let (field, _) = run("the field's rules, over the same tree", &tree, PACKAGE, Policy::Field);
    println!("  beside ours: {:.1}", from_the_top(&field) / time);
    let (flat, _) = run("everybody from the top", &stars, PACKAGE, Policy::OneSource);
    println!("  beside ours: {:.1}", from_the_top(&flat) / time);
    for seed in 1..=3 {
        let dead = TOPOLOGY.dead(seed);
        let name = format!("cut-through, {} points dead, seed {seed}", dead.len());
        let (ours, _) = run(&name, &tree, &topology::down(&dead), Policy::AsDeclared);
        let living = TOPOLOGY.all() + 1 - dead.len();
        held.is(
            "  points that live and lack it",
            f64::from(u32::try_from(living - ours.done).unwrap()),
            0.0,
        );
        held.is("  beside the bound", from_the_top(&ours) / BOUND, 1.35);
    }
}

/// 1,000 packages over 30 days, all to all.
fn month(held: &mut Held) {
    const PACKAGES: usize = 1_000;
    let tree = TOPOLOGY.hierarchy(Region::Tree, PACKAGES);
    println!("{PACKAGES} packages to {} pull distribution points over 30 days", TOPOLOGY.all());
    let (outcome, took) =
        run("as the manifests say", &tree, &topology::releases(PACKAGES), Policy::AsDeclared);
    println!("  {} of {} placements, {} MiB", outcome.done, outcome.placements, peak());
    held.is("  simulated in seconds", took.as_secs_f64(), 10.0);
}

fn run(name: &str, hierarchy: &Hierarchy, more: &str, policy: Policy) -> (Outcome, Duration) {
    let scenario = read_scenario(&format!("{WORLD}{more}")).unwrap();
    let sources = BTreeMap::new();
    let simulation = Simulation {
        hierarchy,
        observation: None,
        scenario: &scenario,
        sources: &sources,
        days: None,
        seed: 1,
    };
    let begun = std::time::Instant::now();
    let outcome = simulate(simulation, policy);
    let took = begun.elapsed();
    println!(
        "{name}: {:.1} s after the top, in {:.3} s",
        from_the_top(&outcome),
        took.as_secs_f64()
    );
    (outcome, took)
}

/// When the last point had it, after the one at the top.
fn from_the_top(outcome: &Outcome) -> f64 {
    let of_top = outcome.distribution_points.iter().find(|it| it.name.as_str() == "top");
    last(outcome) - of_top.map_or(0.0, |it| it.took.last)
}

fn last(outcome: &Outcome) -> f64 {
    outcome.distribution_points.iter().map(|it| it.took.last).fold(0.0, f64::max)
}

#[expect(clippy::cast_precision_loss, reason = "the ratio of two sizes")]
fn ratio(one: u64, other: u64) -> f64 {
    one as f64 / other as f64
}

/// Whether all claims have held so far.
struct Held(bool);

impl Held {
    fn is(&mut self, what: &str, found: f64, most: f64) {
        self.tell(what, found, found <= most, &format!("at most {most}"));
    }

    fn at_least(&mut self, what: &str, found: f64, least: f64) {
        self.tell(what, found, found >= least, &format!("at least {least}"));
    }

    fn tell(&mut self, what: &str, found: f64, holds: bool, wanted: &str) {
        let missed = if holds { "" } else { ": MISSED" };
        println!("{what}: {found:.3} ({wanted}){missed}");
        self.0 &= holds;
    }
}

fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes.unwrap_or_default() / 1024
}
