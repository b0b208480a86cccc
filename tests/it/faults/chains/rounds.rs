//! Rounds out of a seed: the server has something new, the chain synchronizes, something goes wrong
//! at some moment, and the chain synchronizes until it says that it is done.

use std::{
    sync::mpsc::{Sender, channel},
    thread,
    time::{Duration, Instant},
};

use super::{
    super::{super::running::Running, random::Random},
    chain::{Chain, Manner},
    link::Phase,
};

/// Rounds in every run of the tests, and where more are asked for.
const ROUNDS: u64 = 100;
const ASKED_FOR: &str = "HEADWATER_CHAIN_ROUNDS";

/// Where one round is asked for, by its seed.
const SEED: &str = "HEADWATER_CHAIN_SEED";

/// Rounds of one chain, which begins with nothing: a seed is played again with those before it.
const SERIES: u64 = 10;

/// Chains at a time: most of the time a chain waits for something.
const LANES: usize = 4;

/// Synchronizations after which a chain has to be whole when nothing goes wrong any more.
const MOST: usize = 3;

/// Calls of a synchronization before the first documents, and documents that one call brings.
const CALLS: u64 = 6;
const BATCH: u64 = 100;

/// How long a synchronization of a chain takes that brings nothing, about, and how much longer for each
/// document, in milliseconds.
const LONG: u64 = 300;
const LONGER: u64 = 1;

/// What goes wrong at a link, or everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// The point that asks is killed.
    Below,
    /// Its upstream server is.
    Above,
    Both,
    /// All of them are, as when the power fails.
    All,
    /// Who has them synchronize is.
    Controller,
    /// Connections break, and none comes through for a while.
    Cut,
}

const FAULTS: [Fault; 12] = {
    use Fault::{Above, All, Below, Both, Controller, Cut};
    [Below, Below, Below, Below, Above, Above, Both, All, Controller, Controller, Cut, Cut]
};

/// Says which round has failed.
struct Round<'a>(u64, &'a Sender<String>);

impl Drop for Round<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let Self(seed, says) = self;
            let _ = says.send(format!("seed {seed} has failed: {SEED}={seed} plays it again"));
        }
    }
}

#[test]
fn chains_that_are_killed_and_cut_converge_and_fetch_nothing_twice() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let rounds = number(ASKED_FOR).unwrap_or(ROUNDS);
    let mut all: Vec<_> = (0..rounds.div_ceil(SERIES))
        .map(|it| (it * SERIES, rounds.min((it + 1) * SERIES)))
        .collect();
    if let Some(seed) = number(SEED) {
        all = vec![(seed - seed % SERIES, seed + 1)];
    }
    let (says, said) = channel();
    thread::scope(|scope| {
        for lane in 0..LANES {
            let (says, of_lane) = (says.clone(), all.iter().skip(lane).step_by(LANES));
            scope.spawn(move || {
                for (first, end) in of_lane {
                    series(*first, *end, &says);
                }
            });
        }
        drop(says);
        for line in said {
            println!("{line}");
        }
    });
}

/// The rounds of one chain.
fn series(first: u64, end: u64, says: &Sender<String>) {
    let number = first / SERIES;
    let manner = Manner { chooses: number % 2 == 1, pipelined: number / 2 % 2 == 1 };
    let mut chain = Chain::up(manner, &mut Random::of(!first));
    for seed in first..end {
        let round = Round(seed, says);
        says.send(format!("seed {seed}: {}", chain.round(&mut Random::of(seed)))).unwrap();
        drop(round);
    }
}

impl Chain {
    /// One round; what happened.
    fn round(&mut self, random: &mut Random) -> String {
        let began = Instant::now();
        let new = self.grow(random);
        self.has_grown = false;
        let mut story = Vec::new();
        loop {
            let mut run = self.synchronize();
            if story.is_empty() || story.len() < 3 && random.percent(25) {
                story.push(self.spoil(&mut run, new, random));
            } else {
                story.push("in peace".to_owned());
            }
            let (code, said) = run.end();
            if code == 0 {
                break;
            }
            let in_peace = story.iter().filter(|it| *it == "in peace").count();
            assert!(in_peace < MOST, "{story:?}: {}", said.join("\n"));
        }
        if self.has_grown {
            // It says nothing of what came after it had asked.
            assert_eq!(self.synchronize().end().0, 0, "{story:?}");
        }
        let (asked, documents) = self.assert_equal();
        format!("{story:?}, {asked} asked for of 4 times {documents}, {:?}", began.elapsed())
    }

    /// Lets something go wrong in the middle of a synchronization; what, and when.
    fn spoil(&mut self, run: &mut Running, new: u64, random: &mut Random) -> String {
        let fault = random.one_of(&FAULTS);
        let link = usize::try_from(random.below(4)).unwrap();
        let phase = random.one_of(&[Phase::Asked, Phase::Answered, Phase::Half]);
        let call = if random.percent(70) {
            CALLS + random.below(new / BATCH + 4)
        } else {
            1 + random.below(CALLS)
        };
        let time =
            random.percent(30).then(|| Duration::from_millis(random.below(LONG + new * LONGER)));
        if time.is_none() {
            self.links[link].stop_at(call, phase);
        }
        let begun = Instant::now();
        while time.map_or(!self.links[link].holds(), |it| begun.elapsed() < it) {
            if run.has_ended() {
                self.links[link].go_on();
                return format!("{fault:?} too late");
            }
            thread::sleep(Duration::from_millis(2));
        }
        if random.percent(60) {
            // What came before it is stored meanwhile, or some of it.
            thread::sleep(Duration::from_millis(random.below(500)));
        }
        if random.percent(20) {
            self.grow(random);
            self.has_grown = true;
        }
        self.commit(fault, link, run, random);
        self.links[link].go_on();
        let when = time.map_or(format!("{phase:?} {call}"), |it| format!("after {it:?}"));
        format!("{fault:?} at link {link}, {when}")
    }

    fn commit(&mut self, fault: Fault, link: usize, run: &mut Running, random: &mut Random) {
        let pause = Duration::from_millis(random.below(300));
        let victims = match fault {
            Fault::Below => link + 1..link + 2,
            Fault::Above => link..link + 1,
            Fault::Both => link..link + 2,
            Fault::All => 0..self.nodes.len(),
            Fault::Controller => {
                run.kill_now();
                0..0
            }
            Fault::Cut => {
                self.links[link].cut();
                thread::sleep(pause);
                self.links[link].mend();
                0..0
            }
        };
        for node in victims.clone() {
            self.nodes[node].running.kill_now();
        }
        if !victims.is_empty() && random.percent(50) {
            // What was on its way finds nobody for a while.
            self.links[link].go_on();
            thread::sleep(pause);
        }
        for node in victims {
            self.kill(node);
        }
    }
}
