//! The controller is killed at seeded random moments while it brings about a whole hierarchy: in the end
//! it is the same as one that nobody disturbed, nothing that was finished is done again, and the journal
//! tells of each run.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use super::{
    super::{converge::assert_contoso, history::history, running::Running, world::World},
    random::Random,
};

/// Kills in every run of the tests, and where more are asked for.
const KILLS: usize = 6;
const ASKED_FOR: &str = "HEADWATER_CONTROLLER_KILLS";

/// A hierarchy takes about so many lines of its log that tell of an action or its progress.
const LINES: u64 = 1_500;

/// Kinds whose actions have to be done once, whatever happens: others may come again because something
/// else has changed meanwhile, such as the catalog that clients are told of.
const ONCE: [&str; 5] = [
    "CreateSiteSystem:",
    "InstallUpdateServices:",
    "AddSoftwareUpdatePoint:",
    "AddDistributionPoint:",
    "ImportUpdates:",
];

fn controller(world: &World) -> Running {
    let directory = world.manifests();
    let source = directory.to_str().unwrap();
    world.start(&["controller", "--source", source, "--every", "1s"], "headwater=trace")
}

/// Outcomes of all actions that the journal has, by run and action; none for those that were cut off.
fn outcomes(world: &World) -> BTreeMap<(u32, String), Option<String>> {
    let journal = Connection::open(world.data().join("journal.db")).unwrap();
    let mut rows = journal.prepare("SELECT run, id, outcome FROM action").unwrap();
    let rows = rows.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn a_controller_that_is_killed_again_and_again_comes_to_the_same() {
    let kills = std::env::var(ASKED_FOR).map_or(KILLS, |text| text.parse().unwrap());
    let world = World::of("contoso");
    let mut random = Random::of(17);
    let mut before = BTreeMap::new();
    for kill in 0..kills {
        let mut lines = 1 + random.below(LINES);
        let mut running = controller(&world);
        let reached = running.until(|line| {
            let counts = line.contains("progress") || line.starts_with("done ");
            lines -= u64::from(counts && lines > 0);
            lines == 0 || line.ends_with("The hierarchy is as the manifests say.")
        });
        assert!(reached, "{:?}", running.said);
        running.kill();
        let after = outcomes(&world);
        println!("kill {kill}: {} actions are in the journal", after.len());
        for (action, outcome) in &before {
            assert_eq!(after.get(action), Some(outcome), "{action:?} was written down");
        }
        before = after;
    }
    let mut running = controller(&world);
    let end = "The hierarchy is as the manifests say.";
    assert!(running.until(|line| line.ends_with(end)), "{:?}", running.said);
    assert_eq!(running.terminate().0, 0);

    assert_contoso(&world);
    let undisturbed = World::converged("contoso");
    let systems = |world: &World| {
        let status = world.status();
        ["siteSystems", "updatePoints", "distributionPoints", "managementPoints"].map(|kind| {
            let all = status[kind].as_array().cloned().unwrap_or_default();
            all.iter().map(|it| it["name"].to_string()).collect::<BTreeSet<_>>()
        })
    };
    assert_eq!(systems(&world), systems(&undisturbed));
    let done = |world: &World| {
        let mut done: Vec<String> = outcomes(world)
            .into_iter()
            .filter(|(_, outcome)| outcome.as_deref() == Some("done"))
            .map(|((_, id), _)| id)
            .filter(|id| ONCE.iter().any(|kind| id.starts_with(kind)))
            .collect();
        done.sort();
        done
    };
    // What was finished just before a kill may be missing in the journal, but nothing is there twice.
    let (all, of_this) = (done(&undisturbed), done(&world));
    let once: BTreeSet<_> = of_this.iter().collect();
    assert_eq!(once.len(), of_this.len(), "done twice: {of_this:?}");
    assert!(once.into_iter().all(|it| all.contains(it)), "{of_this:?}");
    let runs = history(&world, &["--limit", "1000"]);
    let (last, cut_off) = runs.split_first().unwrap();
    assert_eq!(last["state"], "converged", "{last}");
    let states: BTreeSet<_> = cut_off.iter().map(|it| it["state"].as_str().unwrap()).collect();
    assert!(states.iter().all(|it| ["cutOff", "converged", "left"].contains(it)), "{states:?}");
}
