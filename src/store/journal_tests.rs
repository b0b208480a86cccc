//! Tests of the journal.

use jiff::Timestamp;

use super::{Database, Journal, NewRun, PackedText, RunFilter, Schema, journal::SCHEMA};
use crate::model::{ActionCounts, Digest, RunCause, RunCommand, RunId, RunState, Trigger};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const ALL: RunFilter = RunFilter { since: None, failed: false, most: 100 };

fn journal() -> (tempfile::TempDir, Journal) {
    let directory = tempfile::tempdir().unwrap();
    let journal = Journal::open(&directory.path().join("journal.db")).unwrap();
    (directory, journal)
}

fn cause(trigger: Trigger) -> RunCause {
    RunCause { command: RunCommand::Controller, trigger, prune: false, commit: None }
}

fn new_run(plan: &str, trigger: Trigger) -> NewRun {
    NewRun {
        cause: cause(trigger),
        manifest: Digest::of(b"m"),
        observed: Digest::of(b"o"),
        planned: 3,
        plan: PackedText::pack(plan),
        manifests: Some(PackedText::pack("manifests")),
    }
}

/// A run whose actions ended so, at a second.
fn ended(
    journal: &Journal,
    run: &NewRun,
    outcomes: &[(&str, &'static str, &str)],
    second: i64,
) -> RunId {
    let now = Timestamp::from_second(second).unwrap();
    let id = journal.begin(run, now).unwrap();
    for (action, outcome, detail) in outcomes {
        journal.begin_action(id, action, now).unwrap();
        journal.finish_action(id, action, outcome, detail, now).unwrap();
    }
    journal.finish(id, outcomes.iter().all(|it| it.1 == "done"), now).unwrap()
}

#[test]
fn the_last_run_tells_what_did_not_end_well() {
    let (_directory, journal) = journal();
    assert_eq!(journal.last_run().unwrap(), None);
    let run = journal.begin(&new_run("plan", Trigger::Person), NOW).unwrap();
    for id in ["A:a", "A:b", "B:c"] {
        journal.begin_action(run, id, NOW).unwrap();
    }
    journal.finish_action(run, "A:a", "done", "", NOW).unwrap();
    journal.finish_action(run, "A:b", "failed", "no answer", NOW).unwrap();
    let last = journal.last_run().unwrap().unwrap();
    let failures: Vec<_> =
        last.failures.iter().map(|(id, why)| (id.as_str(), why.as_str())).collect();
    assert_eq!(failures, [("A:b", "no answer"), ("B:c", "cut off")]);
    assert_eq!((last.finished_at, last.converged), (None, false));
    let state = |reconciling| journal.run(run, reconciling).unwrap().unwrap().state;
    assert_eq!((state(true), state(false)), (RunState::UnderWay, RunState::CutOff));
    let counts = ActionCounts { planned: 3, done: 1, failed: 1, open: 1, ..Default::default() };
    assert_eq!(journal.run(run, true).unwrap().unwrap().actions, counts);
    journal.finish(run, true, NOW).unwrap();
    assert!(journal.last_run().unwrap().unwrap().converged);
    let validation = RunCause { command: RunCommand::ValidateContent, ..cause(Trigger::Person) };
    let command = journal.begin_command(&validation, NOW).unwrap();
    assert_eq!(journal.run(command, true).unwrap().unwrap().state, RunState::Open);
    journal.finish(command, false, NOW).unwrap();
    assert!(journal.last_run().unwrap().unwrap().converged, "a validation is no run of a plan");
    // Nobody is under way any more once another run has begun.
    let later = journal.begin(&new_run("plan", Trigger::Person), NOW).unwrap();
    let another = journal.begin(&new_run("plan", Trigger::Person), NOW).unwrap();
    let state = |id| journal.run(id, true).unwrap().unwrap().state;
    assert_eq!((state(later), state(another)), (RunState::CutOff, RunState::UnderWay));
}

#[test]
fn what_comes_to_the_same_end_again_and_again_is_one_run() {
    let (_directory, journal) = journal();
    let run = new_run("plan", Trigger::Loop);
    let failed = |why| [("A:a", "failed", why), ("B:b", "skipped", "A:a was not done")];
    let first = ended(&journal, &run, &failed("no answer"), 1);
    for second in 2..500 {
        assert_eq!(ended(&journal, &run, &failed("still none"), second), first);
    }
    let records = journal.runs(ALL, false).unwrap();
    let [record] = &records[..] else { panic!("{records:?}") };
    assert_eq!(record.repeated, 498);
    assert_eq!((record.started_at.as_second(), record.finished_at.unwrap().as_second()), (1, 499));
    let actions = journal.actions(first).unwrap();
    assert_eq!(actions.len(), 2);
    assert_eq!((&*actions[0].detail, actions[0].started_at.as_second()), ("still none", 499));

    // Anything else is another run.
    let done = [("A:a", "done", ""), ("B:b", "done", "")];
    let other_plan = new_run("another plan", Trigger::Loop);
    let mut other_manifests = run.clone();
    other_manifests.manifests = Some(PackedText::pack("other manifests"));
    let mut other_commit = run.clone();
    other_commit.cause.commit = Some("a".repeat(40).parse().unwrap());
    for (number, (run, outcomes)) in [
        (&other_plan, failed("no answer")),
        (&other_manifests, failed("no answer")),
        (&other_commit, failed("no answer")),
        (&run, failed("no answer")),
        (&run, done),
        // The same done again is not nothing.
        (&run, done),
        (&run, failed("no answer")),
        (&new_run("plan", Trigger::Person), failed("no answer")),
        (&new_run("plan", Trigger::Person), failed("no answer")),
        (&run, failed("no answer")),
        (&run, [("A:a", "failed", ""), ("C:c", "skipped", "")]),
    ]
    .into_iter()
    .enumerate()
    {
        let id = ended(&journal, run, &outcomes, 1_000);
        assert_eq!(usize::try_from(id.number()).unwrap(), 2 + number);
    }
    // What was cut off stays as it is.
    journal.begin(&run, NOW).unwrap();
    let last = ended(&journal, &run, &failed("no answer"), 2_000);
    assert_eq!(last.number(), 14);
    assert_eq!(journal.text(Digest::of(b"plan")).unwrap().as_deref(), Some("plan"));
}

#[test]
fn runs_are_found_by_time_and_by_failure() {
    let (_directory, journal) = journal();
    let run = |plan: &str| new_run(plan, Trigger::Person);
    let one = ended(&journal, &run("1"), &[("A:a", "done", ""), ("A:b", "done", "")], 10);
    let two = ended(&journal, &run("2"), &[("A:a", "failed", "no")], 20);
    let three = ended(&journal, &run("3"), &[("A:a", "waiting", "until then")], 30);
    let cut_off = journal.begin(&run("4"), Timestamp::from_second(40).unwrap()).unwrap();
    let under_way = journal.begin(&run("5"), Timestamp::from_second(50).unwrap()).unwrap();
    let found = |filter| -> Vec<RunId> {
        journal.runs(filter, true).unwrap().into_iter().map(|it| it.id).collect()
    };
    assert_eq!(found(ALL), [under_way, cut_off, three, two, one]);
    assert_eq!(found(RunFilter { most: 2, ..ALL }), [under_way, cut_off]);
    assert_eq!(found(RunFilter { failed: true, ..ALL }), [cut_off, two]);
    let since = Some(Timestamp::from_second(20).unwrap());
    assert_eq!(found(RunFilter { since, ..ALL }), [under_way, cut_off, three, two]);
    let states: Vec<_> = journal.runs(ALL, true).unwrap().iter().map(|it| it.state).collect();
    let left = RunState::Left;
    assert_eq!(states, [RunState::UnderWay, RunState::CutOff, left, left, RunState::Converged]);
    let first = journal.run(one, true).unwrap().unwrap();
    assert_eq!(first.done.into_iter().collect::<Vec<_>>(), [("A".to_owned(), 2)]);
    assert_eq!(journal.run(RunId::new(99).unwrap(), true).unwrap(), None);
}

#[test]
fn manifests_are_found_by_run_and_by_commit() {
    let (_directory, journal) = journal();
    let mut good = new_run("plan", Trigger::Loop);
    (good.manifest, good.manifests) = (Digest::of(b"good"), Some(PackedText::pack("good")));
    let good = ended(&journal, &good, &[("A:a", "done", "")], 1);
    let now = new_run("plan", Trigger::Loop);
    let bad = ended(&journal, &now, &[("A:a", "failed", "")], 2);
    ended(&journal, &now, &[("A:a", "done", "")], 3);
    assert_eq!(journal.last_good_before(now.manifest).unwrap(), Some(good));
    let kept = journal.manifests_of(good).unwrap().unwrap();
    assert_eq!(kept.digest, Digest::of(b"good"));
    assert_eq!(journal.text(kept.text).unwrap().as_deref(), Some("good"));
    assert_eq!(journal.manifests_of(bad).unwrap().unwrap().digest, now.manifest);

    let id = |begin: &str| format!("{begin:0<40}").parse().unwrap();
    let commit = |begin: &str, text: &str, second: i64| {
        let at = Timestamp::from_second(second).unwrap();
        let text = PackedText::pack(text);
        journal.note_commit(&id(begin), Digest::of(b"m"), &text, at).unwrap();
    };
    commit("abc1", "one", 1);
    commit("abc2", "two", 2);
    commit("abc1", "one", 3);
    let found = |begin: &str| -> Vec<_> {
        journal.commits(begin, 5).unwrap().into_iter().map(|it| it.id).collect()
    };
    assert_eq!(found("abc"), [id("abc1"), id("abc2")]);
    assert_eq!(found("abc2"), [id("abc2")]);
    assert_eq!(found("%"), []);
    let kept = &journal.commits("abc2", 1).unwrap()[0].manifests;
    assert_eq!(journal.text(kept.text).unwrap().as_deref(), Some("two"));
}

#[test]
fn a_journal_of_an_earlier_version_is_read_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("journal.db");
    let earlier = Schema { migrations: &SCHEMA.migrations[..2], ..SCHEMA };
    let old = Database::open(&path, &earlier).unwrap();
    old.write(|it| {
        it.execute_batch(&format!(
            "INSERT INTO run VALUES (7, 1000, 2000, '{0}', '{0}', 1), (8, 3000, NULL, '{0}', '{0}', NULL);
             INSERT INTO action VALUES (7, 'A:a', 1000, 1500, 'done', 'it is'),
                (8, 'A:b', 3000, 3500, 'failed', 'no'), (8, 'A:c', 3000, NULL, NULL, NULL);
             INSERT INTO transfer VALUES
                ('CEN00001', 'ams-dp2', 'AMS', 3, '{0}', 'looking', 0, 0, NULL, 'none');",
            Digest::of(b"before")
        ))?;
        Ok(())
    })
    .unwrap();
    drop(old);
    let journal = Journal::open(&path).unwrap();
    let runs = journal.runs(ALL, false).unwrap();
    let [last, first] = &runs[..] else { panic!("{runs:?}") };
    assert_eq!((first.id.number(), first.state), (7, RunState::Converged));
    assert_eq!((last.id.number(), last.state), (8, RunState::CutOff));
    assert_eq!((last.actions.planned, last.actions.failed, last.actions.open), (2, 1, 1));
    assert_eq!((&last.cause, last.plan), (&None, None));
    assert_eq!(journal.manifests_of(last.id).unwrap(), None);
    assert_eq!(journal.actions(first.id).unwrap()[0].detail, "it is");
    assert_eq!(journal.transfers().unwrap().len(), 1);
    let next = ended(&journal, &new_run("plan", Trigger::Loop), &[("A:a", "done", "")], 9);
    assert_eq!(next.number(), 9);
}

#[test]
fn whoever_reads_sees_a_run_that_somebody_else_writes() {
    let (directory, writing) = journal();
    let reading = Journal::open(&directory.path().join("journal.db")).unwrap();
    let run = writing.begin(&new_run("plan", Trigger::Loop), NOW).unwrap();
    writing.begin_action(run, "A:a", NOW).unwrap();
    assert_eq!(reading.run(run, true).unwrap().unwrap().actions.open, 1);
    // Also while it writes.
    writing
        .0
        .write(|it| {
            it.execute("UPDATE action SET outcome = 'done'", [])?;
            assert_eq!(reading.run(run, true).unwrap().unwrap().actions.open, 1);
            Ok(())
        })
        .unwrap();
    assert_eq!(reading.run(run, true).unwrap().unwrap().actions.done, 1);
}
