//! How near to what the lines allow: a smaller copy of the topology that the goals are set for. 5
//! regions of 40 pull distribution points behind 200 Mbit/s each, 1 Gbit/s within, 10 Gbit/s at the
//! top; the regions are trees with a fan-out of 4, declared by priorities.

use std::fmt::Write;

use crate::{
    model::Hierarchy,
    simulate::{
        Outcome, Policy,
        fixture::{Documents, under},
    },
};

const REGIONS: usize = 5;
const POINTS: usize = 40;
const FAN_OUT: usize = 4;

/// 4 GiB at 200 Mbit/s.
const BOUND: f64 = 4_294_967_296.0 / 25e6;

fn name(region: usize, point: usize) -> String {
    format!("r{region:02}-{point:03}")
}

/// Each pulls from its place in the tree; if that one is dead from those beside it, so that none of
/// them gets more than one more; and else from the top.
fn tree() -> Hierarchy {
    regions(|region, point| {
        let mut places: Vec<usize> =
            point.checked_sub(1).map(|it| it / FAN_OUT).into_iter().collect();
        for before in (1..=3).filter_map(|by| point.checked_sub(by)) {
            if !places.contains(&before) {
                places.push(before);
            }
        }
        places.iter().map(|place| name(region, *place)).chain(["top".to_owned()]).collect()
    })
}

/// As the field would have it: the first of each region pulls from the top, the others from it.
fn stars() -> Hierarchy {
    regions(|region, point| vec![if point == 0 { "top".to_owned() } else { name(region, 0) }])
}

fn regions(sources: impl Fn(usize, usize) -> Vec<String>) -> Hierarchy {
    let mut documents = Documents::default();
    documents.site("TOP", None, "").point("TOP", "top", "");
    let mut to = vec!["top".to_owned()];
    for region in 0..REGIONS {
        let code = format!("R{region:02}");
        documents.site(&code, Some("TOP"), "");
        for point in 0..POINTS {
            let sources = sources(region, point);
            let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
            let name = name(region, point);
            documents.pull(&code, &name, &sources, ", cutThrough: true");
            to.push(name);
        }
    }
    let to: Vec<&str> = to.iter().map(String::as_str).collect();
    documents.package("TOP00001", &to);
    documents.hierarchy()
}

fn scenario(more: &str) -> String {
    format!(
        "
defaults: {{link: 200Mbit, latency: 0ms, network: 1Gbit, disk: 10GB}}
machines: {{top: {{network: 10Gbit}}, top-srv: {{network: 80Gbit, disk: 99GB}}}}
content: {{TOP00001: 4GiB}}
{more}
"
    )
}

/// How long after the package was at the top it was everywhere.
fn from_the_top(outcome: &Outcome) -> f64 {
    let top = outcome.distribution_points.iter().find(|it| it.name.as_str() == "top").unwrap();
    outcome.packages[0].took.last - top.took.last
}

#[test]
fn ours_is_near_the_bound_and_the_field_is_far_from_it() {
    let ours = under(&tree(), &scenario(""), Policy::AsDeclared, 1);
    assert_eq!(ours.done, REGIONS * POINTS + 1);
    let time = from_the_top(&ours);
    assert!((BOUND..BOUND * 1.10).contains(&time), "{time} at a bound of {BOUND}");
    let package = 4_u64 << 30;
    for link in &ours.links {
        assert!(link.content <= package + package / 50, "{link:?}");
        assert!(link.peak <= link.capacity, "{link:?}");
    }
    let field = under(&stars(), &scenario(""), Policy::Field, 1);
    assert_eq!(field.done, ours.done);
    let of_field = from_the_top(&field);
    // 25 times with 200 points a region (benches/rollout); here there is less to send one by one.
    assert!(of_field > 10.0 * time, "{of_field} and {time}");
    let flat = under(&stars(), &scenario(""), Policy::OneSource, 1);
    let points = f64::from(u32::try_from(POINTS).unwrap());
    assert!(from_the_top(&flat) >= BOUND * points, "{}", from_the_top(&flat));
}

#[test]
fn dead_points_cost_little() {
    for seed in 1..=3_usize {
        let mut down = String::from("faults:\n  siteSystemsDown:\n");
        let mut dead = 0;
        for region in 0..REGIONS {
            // One in twenty, others with each seed, never all of a tree.
            for point in
                (0..POINTS).filter(|point| (point * 7 + region * 3 + seed).is_multiple_of(20))
            {
                writeln!(down, "    - {{siteSystem: {}, from: 0s}}", name(region, point)).unwrap();
                dead += 1;
            }
        }
        let scenario = scenario(&format!("days: 1\n{down}"));
        let ours = under(&tree(), &scenario, Policy::AsDeclared, 1);
        assert_eq!(ours.done, REGIONS * POINTS + 1 - dead, "all that live have it");
        let top = ours.distribution_points.iter().find(|it| it.name.as_str() == "top").unwrap();
        let last = ours.distribution_points.iter().map(|it| it.took.last).fold(0.0, f64::max);
        let time = last - top.took.last;
        assert!(time < BOUND * 1.35, "{time} at a bound of {BOUND}, seed {seed}");
    }
}
