//! The machine in virtual time.

mod delivery;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::model::{CommitId, Digest, EventKind, EventSeverity, Name, NotificationSpec};

/// A world in which only the time passes.
struct World {
    machine: Notifications,
    now: Timestamp,
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn commit(digit: &str) -> CommitId {
    digit.repeat(40).parse().unwrap()
}

fn manifests(text: &str) -> Manifests {
    Manifests { commit: Some(commit(text)), digest: Digest::of(text.as_bytes()) }
}

fn receiver(spec: &str) -> Receiver {
    let spec: NotificationSpec = serde_yaml::from_str(spec).unwrap();
    let sites = spec.sites.iter().map(|it| it.as_str().to_uppercase().parse().unwrap());
    Receiver::new(&spec, sites.collect())
}

const ALL: &str = "{to: {slack: {urlFile: a}}, on: [ManifestsInForce, ManifestsRefused, \
                   SourceUnreachable, Converged, Failed, Drift, Waiting, SiteSystemUnreachable]";

impl World {
    fn of(receivers: &[(&str, &str)]) -> Self {
        let mut world = Self { machine: Notifications::default(), now: Timestamp::UNIX_EPOCH };
        world.receivers(receivers);
        world
    }

    /// One receiver of everything.
    fn with(rest: &str) -> Self {
        Self::of(&[("one", &format!("{ALL}, {rest}}}"))])
    }

    fn receivers(&mut self, receivers: &[(&str, &str)]) {
        let all = receivers.iter().map(|(it, spec)| (name(it), receiver(spec))).collect();
        self.machine.set_receivers(all, &BTreeSet::new(), self.now);
    }

    fn hear(&mut self, occurrence: Occurrence) {
        self.machine.hear(occurrence, self.now);
    }

    fn pass(&mut self, of: &str, look: Look) {
        self.hear(Occurrence::PassEnded(PassEnded { manifests: manifests(of), look: Ok(look) }));
    }

    /// Time passes, and nothing is missed in it.
    fn wait(&mut self, time: SignedDuration) {
        let end = self.now.checked_add(time).unwrap();
        while let Some(due) = self.machine.due().filter(|due| *due <= end) {
            if due <= self.now {
                break;
            }
            self.now = due;
            self.machine.tick(self.now);
        }
        self.now = end;
        self.machine.tick(self.now);
    }

    /// Everything is delivered; what it says, by receiver.
    fn delivered(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            let sent = self.machine.send(self.now);
            if sent.is_empty() {
                return all;
            }
            for (receiver, message) in sent {
                self.machine.delivered(&receiver, self.now);
                all.extend(said(&message));
            }
        }
    }

    /// A restart: what is remembered is all there is.
    fn restart(&mut self, receivers: &[(&str, &str)]) {
        let memory = serde_json::to_vec(self.machine.memory()).unwrap();
        self.machine = Notifications::new(serde_json::from_slice(&memory).unwrap());
        // Nobody knows yet where to send it.
        assert_eq!(self.machine.send(self.now), []);
        self.receivers(receivers);
    }
}

fn said(message: &Message) -> Vec<String> {
    match &message.content {
        MessageContent::Events { events, more } => {
            let events = events
                .iter()
                .map(|it| format!("{:?} {} {}", it.state, it.event.as_str(), it.subject));
            events.chain((*more > 0).then(|| format!("and {more}"))).collect()
        }
        MessageContent::CommitStatus(CommitUpdate { commit, state, .. }) => {
            vec![format!("{state:?} {}", &commit.short()[..1])]
        }
    }
}

fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

fn failed(subjects: &[&str]) -> Look {
    let condition = |subject: &&str| {
        Condition::new(EventKind::Failed, subject, Some("AMS".parse().unwrap()), "no room")
    };
    Look {
        planned: subjects.iter().map(ToString::to_string).collect(),
        conditions: subjects.iter().map(condition).collect(),
        ..Look::default()
    }
}

fn converged() -> Look {
    Look { converged: true, ..Look::default() }
}

fn nothing() -> Vec<String> {
    Vec::new()
}

#[test]
fn what_lasts_is_told_once_then_after_a_while_and_when_it_is_over() {
    let mut world = World::with("after: 0s, repeatEvery: 4h");
    world.pass("a", failed(&["x"]));
    assert_eq!(world.delivered(), ["Begun Failed x"]);
    for _ in 0..23 {
        world.wait(minutes(10));
        world.pass("a", failed(&["x"]));
        assert_eq!(world.delivered(), nothing());
    }
    // Nothing has to happen for it.
    world.wait(minutes(10));
    assert_eq!(world.delivered(), ["Lasting Failed x"]);
    world.wait(minutes(239));
    assert_eq!(world.delivered(), nothing());
    world.pass("a", Look::default());
    assert_eq!(world.delivered(), ["Ended Failed x"]);
    world.wait(minutes(1_000));
    assert_eq!(world.delivered(), nothing());
    assert_eq!(world.machine.due(), None);
}

#[test]
fn what_heals_by_itself_is_not_told_and_what_flickers_is_told_once() {
    let mut world = World::with("after: 5m");
    for _ in 0..10 {
        world.pass("a", failed(&["x"]));
        world.wait(minutes(4));
        world.pass("a", Look::default());
        world.wait(minutes(4));
        assert_eq!(world.delivered(), nothing());
    }
    world.pass("a", failed(&["x"]));
    world.wait(minutes(5));
    assert_eq!(world.delivered(), ["Begun Failed x"]);
    for _ in 0..10 {
        world.pass("a", Look::default());
        world.wait(minutes(4));
        world.pass("a", failed(&["x"]));
        world.wait(minutes(4));
        assert_eq!(world.delivered(), nothing());
    }
    world.pass("a", Look::default());
    world.wait(minutes(4));
    assert_eq!(world.delivered(), nothing());
    world.wait(minutes(1));
    assert_eq!(world.delivered(), ["Ended Failed x"]);
}

#[test]
fn an_action_that_waits_for_its_next_try_has_still_failed() {
    let mut world = World::with("after: 0s");
    world.pass("a", failed(&["x"]));
    assert_eq!(world.delivered(), ["Begun Failed x"]);
    let waiting = Condition::new(EventKind::Waiting, "x", None, "tried again in an hour");
    let planned = BTreeSet::from(["x".to_owned()]);
    world.pass("a", Look { planned, conditions: vec![waiting], ..Look::default() });
    assert_eq!(world.delivered(), ["Begun Waiting x"]);
    world.pass("a", Look::default());
    assert_eq!(world.delivered(), ["Ended Failed x", "Ended Waiting x"]);
}

#[test]
fn a_pass_that_was_not_made_ends_nothing() {
    let mut world = World::with("after: 0s");
    world.pass("a", failed(&["x"]));
    let not_made = PassEnded { manifests: manifests("a"), look: Err("no host".to_owned()) };
    world.hear(Occurrence::PassEnded(not_made));
    assert_eq!(world.delivered(), ["Begun Failed x", "Begun Failed controller"]);
    world.pass("a", failed(&["x"]));
    assert_eq!(world.delivered(), ["Ended Failed controller"]);
}

#[test]
fn commits_are_told_when_they_come_in_force_are_refused_and_are_brought_about() {
    let mut world = World::with("after: 5m");
    let source = |refused: Option<&str>, unreachable: Option<&str>| Occurrence::Source {
        refused: refused.map(|it| (Some(commit(it)), "not valid".to_owned())),
        unreachable: unreachable.map(ToOwned::to_owned),
    };
    world.hear(Occurrence::InForce(manifests("a")));
    assert_eq!(world.delivered(), ["Happened ManifestsInForce controller"]);
    world.pass("a", converged());
    assert_eq!(world.delivered(), ["Happened Converged controller"]);
    world.pass("a", converged());
    world.hear(Occurrence::InForce(manifests("a")));
    assert_eq!(world.delivered(), nothing());
    // It does not heal by itself, so it is told at once.
    world.hear(source(Some("b"), None));
    assert_eq!(world.delivered(), ["Begun ManifestsRefused bbbbbbbbbbbb"]);
    world.hear(source(Some("c"), None));
    let told = ["Begun ManifestsRefused cccccccccccc", "Ended ManifestsRefused bbbbbbbbbbbb"];
    assert_eq!(world.delivered(), told);
    world.hear(source(None, Some("away")));
    assert_eq!(world.delivered(), ["Ended ManifestsRefused cccccccccccc"]);
    world.wait(minutes(5));
    assert_eq!(world.delivered(), ["Begun SourceUnreachable source"]);
    // A pass looks at site systems: it says nothing of the source.
    world.pass("a", converged());
    world.hear(source(None, None));
    world.wait(minutes(5));
    assert_eq!(world.delivered(), ["Ended SourceUnreachable source"]);
}

#[test]
fn drift_is_what_was_mended_although_the_manifests_have_not_changed() {
    let mut world = World::with("after: 0s");
    let mended = || Look { mended: vec!["ConfigureSsl:x".to_owned()], ..converged() };
    world.hear(Occurrence::InForce(manifests("a")));
    world.pass("a", mended());
    let told = ["Happened ManifestsInForce controller", "Happened Converged controller"];
    assert_eq!(world.delivered(), told);
    world.pass("a", mended());
    assert_eq!(world.delivered(), ["Happened Drift controller"]);
    // Others are wanted now: what the pass that began before says is not about them.
    world.hear(Occurrence::InForce(manifests("b")));
    world.pass("a", converged());
    world.pass("b", mended());
    assert_eq!(world.delivered(), told);
}

#[test]
fn filters_say_what_is_heard() {
    let to = "{to: {slack: {urlFile: a}}, after: 0s";
    let mut world = World::of(&[
        ("ams", &format!("{to}, sites: [ams]}}")),
        ("grave", &format!("{to}, minSeverity: Error}}")),
        ("lis", &format!("{to}, sites: [lis]}}")),
        ("waiting", &format!("{to}, on: [Waiting]}}")),
    ]);
    let mut look = failed(&["x"]);
    look.conditions.push(Condition::new(EventKind::Drift, "y", None, "other"));
    look.conditions.push(Condition::new(EventKind::Waiting, "z", None, "for x"));
    world.pass("a", look);
    let sent = world.machine.send(world.now);
    let heard: Vec<_> =
        sent.iter().map(|(name, message)| (name.as_str(), said(message).join(", "))).collect();
    let (x, y) = ("Begun Failed x", "Begun Drift y");
    let expected = [("ams", format!("{x}, {y}")), ("grave", x.into()), ("lis", y.into())];
    assert_eq!(heard, [&expected[..], &[("waiting", "Begun Waiting z".into())]].concat());
    assert_eq!(sent[0].1.severity(), EventSeverity::Error);
}

#[test]
fn a_commit_has_one_status_and_the_newest_one_counts() {
    let status = "{to: {commitStatus: {provider: GitHub, repository: a/b, tokenFile: c}}}";
    let mut world = World::of(&[("status", status)]);
    world.hear(Occurrence::InForce(manifests("a")));
    assert_eq!(world.delivered(), ["Pending a"]);
    world.pass("a", failed(&["x"]));
    assert_eq!(world.delivered(), ["Failure a"]);
    world.pass("a", failed(&["x", "y"]));
    assert_eq!(world.delivered(), nothing());
    // Nobody has to hear of what is over.
    world.hear(Occurrence::InForce(manifests("b")));
    world.pass("b", failed(&["x"]));
    world.pass("b", converged());
    let refused = Some((Some(commit("c")), "not valid".to_owned()));
    world.hear(Occurrence::Source { refused, unreachable: None });
    assert_eq!(world.delivered(), ["Success b", "Failure c"]);
    // What goes on every day, and a pass that began before.
    world.pass("b", Look::default());
    world.pass("a", failed(&["x"]));
    world.pass("a", converged());
    assert_eq!(world.delivered(), nothing());
    world.pass("b", failed(&["x"]));
    world.pass("b", converged());
    assert_eq!(world.delivered(), ["Success b"]);
    world.restart(&[("status", status)]);
    world.hear(Occurrence::InForce(manifests("b")));
    world.pass("b", converged());
    assert_eq!(world.delivered(), nothing());
}

#[test]
fn what_is_told_is_bounded() {
    let mut world = World::with("after: 0s");
    let subjects: Vec<String> = (0..5_000).map(|it| format!("{it:04}")).collect();
    let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
    world.pass("a", failed(&subjects));
    let told = world.delivered();
    assert_eq!((told.len(), told.last().unwrap().as_str()), (21, "and 980"));
    let text = format!("https://user:password@a.example {}", "é".repeat(10_000));
    let condition = Condition::new(EventKind::Drift, "x", None, &text);
    assert!(condition.text.chars().count() < 520 && !condition.text.contains("password"));
}

#[test]
fn a_receiver_that_is_taken_away_and_comes_back_begins_anew() {
    let all = format!("{ALL}, after: 0s}}");
    let mut world = World::of(&[("one", &all)]);
    world.pass("a", failed(&["x"]));
    assert_eq!(world.delivered(), ["Begun Failed x"]);
    world.receivers(&[]);
    assert_eq!(world.machine.due(), None);
    world.receivers(&[("one", &all)]);
    assert_eq!(world.delivered(), ["Begun Failed x"]);
}
