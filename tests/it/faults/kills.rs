//! Puller and source are killed at seeded random moments of a transfer: what is published is right,
//! it is done in the end, and no verified byte comes twice but for the block that was on its way.

use std::{collections::BTreeMap, thread, time::Duration};

use headwater::model::PackageState;

use super::{
    fleet::{Files, Fleet, Followed, Node, files, package},
    proxy::Proxy,
    random::Random,
};

/// What is fetched again at most of each answer that was on its way: a piece of a large file.
const BLOCK: u64 = 4 << 20;

/// Rounds in every run of the tests, and where more are asked for: the long run has 200 of them.
const ROUNDS: u64 = 6;
const ASKED_FOR: &str = "HEADWATER_KILL_ROUNDS";

/// The time of 64 KiB on one connection: slow enough for a kill to come in between.
const PACE: Duration = Duration::from_millis(2);

struct Rounds {
    fleet: Fleet,
    source: Node,
    files: Files,
    state: PackageState,
    bytes: u64,
}

#[test]
fn killed_at_random_moments_nothing_is_wrong_lost_or_fetched_twice() {
    let rounds = std::env::var(ASKED_FOR).map_or(ROUNDS, |text| text.parse().unwrap());
    let fleet = Fleet::new();
    let files = files(1, 48 << 20, 300);
    let bytes = files.values().map(|content| content.len() as u64).sum();
    let (source, mut states) = fleet.source(&BTreeMap::from([(1, files.clone())]));
    let mut all = Rounds { fleet, source, files, state: states.remove(0), bytes };
    for seed in 0..rounds {
        println!("{}", all.round(seed));
    }
}

impl Rounds {
    /// One transfer with some kills; what happened.
    fn round(&mut self, seed: u64) -> String {
        let mut random = Random::of(seed);
        let proxy = Proxy::before(&self.source.content(), PACE);
        // Another site system each time, which has nothing yet.
        let number = u8::try_from(2 + seed % 100).unwrap();
        let name = format!("puller-{seed}");
        let mut puller = self.fleet.puller(&name, number, &[(1, "source", proxy.url())]);
        let mut allowed = self.bytes;
        let mut story = Vec::new();
        for _ in 0..=random.below(3) {
            self.fleet.notify(&puller, &package(1), &self.state);
            let at = proxy.served() + random.below(self.bytes);
            let moment = self.wait(&proxy, &puller, at);
            let victim = random.below(3);
            let under_way = u64::try_from(proxy.under_way()).unwrap();
            if victim != 1 {
                self.fleet.kill(&mut puller);
            }
            if victim != 0 {
                self.fleet.kill(&mut self.source);
            }
            allowed += under_way.max(1) * BLOCK;
            story.push((["puller", "source", "both"][usize::try_from(victim).unwrap()], moment));
            puller.assert_serves_nothing_wrong(&self.files);
        }
        self.finish(&puller, seed);
        puller.assert_holds(&package(1), &self.files);
        let served = proxy.served();
        puller.remove();
        let told = format!("seed {seed}: {story:?}, {served} of {allowed} bytes");
        assert!(served <= allowed, "{told}");
        told
    }

    /// Waits until so many bytes were served, or nothing moves any more; how many it were.
    fn wait(&self, proxy: &Proxy, puller: &Node, at: u64) -> u64 {
        loop {
            let served = proxy.served();
            if served >= at || puller.publishes(&package(1)) || self.waits(puller) {
                return served;
            }
            thread::sleep(Duration::from_millis(3));
        }
    }

    fn waits(&self, puller: &Node) -> bool {
        use headwater::model::PullJobState::Downloading;
        let jobs = self.fleet.jobs(puller);
        jobs.values().all(|job| !matches!(job.state, Downloading(_)))
    }

    /// Lets a transfer go on to its end, with the notifications of a site that sees that it waits.
    fn finish(&self, puller: &Node, seed: u64) {
        for _ in 0..10 {
            self.fleet.notify(puller, &package(1), &self.state);
            match self.fleet.follow(puller, &package(1)) {
                Followed::Done(_) => return,
                Followed::Waits(_) => {}
                Followed::Broken(why) => panic!("seed {seed}: {why}"),
            }
        }
        panic!("seed {seed}: it is not done in the end");
    }
}
