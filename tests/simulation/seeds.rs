//! Seeds, one after the other.

use std::{env, process::Command, thread};

use tokio::task::LocalSet;
use tracing_subscriber::layer::SubscriberExt;

use super::{
    events::Collector,
    run::{Came, run},
};

/// How many seeds run without being asked for, in parts for several processors.
const SEEDS: u64 = 200;
const PARTS: u64 = 8;

/// Runs a seed on a thread that knows nothing of others.
fn simulate(seed: u64) -> Result<Came, String> {
    let simulated = thread::Builder::new().name(format!("seed {seed}")).spawn(move || {
        simulated_machine::chance::seed(Some(seed));
        let subscriber = tracing_subscriber::registry().with(Collector);
        let _collected = tracing::subscriber::set_default(subscriber);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        LocalSet::new().block_on(&runtime, run(seed))
    });
    simulated.unwrap().join().unwrap_or_else(|panic| {
        let why = panic.downcast_ref::<String>().cloned();
        let why = why.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        Err(format!("seed {seed}: {}", why.unwrap_or_default()))
    })
}

/// Runs a seed in a process of its own, so that it is the same by itself as after others; what it came
/// to, or what went wrong, in words.
fn apart(seed: u64) -> Result<String, String> {
    let ended = Command::new(env::current_exe().unwrap())
        .args(["seeds::by_hand", "--exact", "--ignored", "--nocapture"])
        .env("HEADWATER_SEEDS", format!("{seed}..{}", seed + 1))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    match said.lines().find(|line| line.starts_with("seed ")) {
        Some(came) if ended.status.success() => Ok(came.to_owned()),
        _ => Err(said),
    }
}

fn part(number: u64) {
    let from = number * (SEEDS / PARTS);
    for seed in from..from + SEEDS / PARTS {
        if let Err(why) = apart(seed) {
            let next = seed + 1;
            panic!(
                "{why}\nIt is played again by HEADWATER_SEEDS={seed}..{next} cargo test --test \
                 simulation by_hand -- --ignored --nocapture"
            );
        }
    }
}

macro_rules! parts {
    ($($name:ident $number:literal)*) => {$(
        #[test]
        fn $name() {
            part($number);
        }
    )*};
}

parts! {
    seeds_of_the_first_part_come_together 0
    seeds_of_the_second_part_come_together 1
    seeds_of_the_third_part_come_together 2
    seeds_of_the_fourth_part_come_together 3
    seeds_of_the_fifth_part_come_together 4
    seeds_of_the_sixth_part_come_together 5
    seeds_of_the_seventh_part_come_together 6
    seeds_of_the_eighth_part_come_together 7
}

#[test]
fn a_seed_is_played_again_as_it_was() {
    for seed in [2, 9, 16] {
        let [first, second] = [apart(seed), apart(seed)].map(Result::unwrap);
        assert_eq!(first, second);
    }
}

/// `HEADWATER_SEEDS=FROM..TO`: all are run, and those that failed are named at the end.
#[test]
#[ignore = "any number of seeds, by hand"]
fn by_hand() {
    let wanted = env::var("HEADWATER_SEEDS").unwrap_or_else(|_| "0..100".to_owned());
    let (from, to) = wanted.split_once("..").unwrap();
    let seeds = from.parse::<u64>().unwrap()..to.parse().unwrap();
    let alone = seeds.clone().count() == 1;
    let mut failed = Vec::new();
    for seed in seeds {
        let came = if alone {
            simulate(seed).map(|came| format!("seed {seed}: {came}"))
        } else {
            apart(seed)
        };
        match came {
            Ok(came) => println!("{came}"),
            Err(why) => {
                println!("FAILED {why}");
                failed.push(seed);
            }
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}
