//! Seeds, one after the other.

use std::{env, thread};

use tokio::task::LocalSet;
use tracing_subscriber::layer::SubscriberExt;

use super::{
    events::Collector,
    run::{Came, run},
};

/// How many seeds run without being asked for by number: in parts, for several processors.
const SEEDS: u64 = 200;
const PARTS: u64 = 8;

/// Runs a seed in a thread that knows nothing of those before.
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

fn part(number: u64) {
    let from = number * (SEEDS / PARTS);
    for seed in from..from + SEEDS / PARTS {
        if let Err(why) = simulate(seed) {
            panic!(
                "{why}\nAgain: HEADWATER_SEEDS={seed}..{} cargo test --test simulation by_hand -- --ignored --nocapture",
                seed + 1
            );
        }
    }
}

/// `HEADWATER_SEEDS=FROM..TO`; all are run, and those that failed are named at the end.
#[test]
#[ignore = "only by hand"]
fn by_hand() {
    let wanted = env::var("HEADWATER_SEEDS").unwrap_or_else(|_| "0..1".to_owned());
    let (from, to) = wanted.split_once("..").unwrap();
    let mut failed = Vec::new();
    for seed in from.parse::<u64>().unwrap()..to.parse().unwrap() {
        let begun = std::time::Instant::now();
        match simulate(seed) {
            Ok(came) => println!("seed {seed}: {came:?}, {:?}", begun.elapsed()),
            Err(why) => {
                println!("FAILED {why}");
                failed.push(seed);
            }
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

#[test]
fn seeds_of_part_0() {
    part(0);
}
