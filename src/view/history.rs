//! The runs that the journal remembers, for people: as a table, and one by one.

use std::cmp::Reverse;

use comfy_table::{Cell, CellAlignment};
use jiff::{SignedDuration, Timestamp};

use crate::model::{ActionCounts, ActionRecord, CommitId, RunCause, RunRecord, RunState, Trigger};

use super::{
    plain::{add, counted, plain},
    status::second,
    table::{lines, table},
};

/// So many kinds of actions are named in a row of the table.
const KINDS: usize = 3;

/// Runs as a table, the newest first.
pub fn runs_text(runs: &[RunRecord]) -> String {
    if runs.is_empty() {
        return "No run is remembered that is asked for.\n".to_owned();
    }
    let header = ["RUN", "BEGAN", "TOOK", "COMMAND", "COMMIT", "DONE", "OUTCOME"];
    let mut table = table(&header, &[0]);
    for run in runs {
        // Of several together it would be the time between them.
        let once = run.repeated == 0;
        table.add_row([
            Cell::new(run.id).set_alignment(CellAlignment::Right),
            Cell::new(second(run.started_at)),
            Cell::new(if once { took(run.started_at, run.finished_at) } else { String::new() }),
            Cell::new(run.cause.as_ref().map(|it| it.command.to_string()).unwrap_or_default()),
            Cell::new(commit(run).map(CommitId::short).unwrap_or_default()),
            Cell::new(done(run)),
            Cell::new(outcome(run)),
        ]);
    }
    lines(&table)
}

/// A run and each of its actions, as text.
pub fn run_record_text(run: &RunRecord, actions: &[ActionRecord]) -> String {
    let mut text = format!("Run {}: {}\n", run.id, outcome(run));
    let mut line = |what: &str, value: &str| add(&mut text, format_args!("  {what:<10}{value}\n"));
    line("began", &second(run.started_at));
    if let Some(at) = run.finished_at {
        let after = match run.repeated {
            0 => format!(", after {}", took(run.started_at, run.finished_at)),
            _ => String::new(),
        };
        line("ended", &format!("{}{after}", second(at)));
    }
    if let Some(RunCause { command, trigger, prune, commit }) = &run.cause {
        let by = match trigger {
            Trigger::Person => "by somebody",
            Trigger::Loop => "by the loop that keeps reconciling",
        };
        let prune = if *prune { ", removals confirmed" } else { "" };
        line("command", &format!("headwater {command}, {by}{prune}"));
        if let Some(commit) = commit {
            line("commit", commit.as_str());
        }
    }
    if let Some(digest) = run.manifests {
        line("manifests", &digest.to_string());
    }
    if let Some(digest) = run.plan {
        line("plan", &digest.to_string());
    }
    line("actions", &counts(&run.actions));
    for ActionRecord { id, started_at, finished_at, outcome, detail } in actions {
        let at = started_at.strftime("%H:%M:%S");
        let took = took(*started_at, *finished_at);
        let word = outcome.as_deref().unwrap_or(match run.state {
            RunState::UnderWay => "goes on",
            RunState::Open => "open",
            _ => "cut off",
        });
        let detail = if detail.is_empty() { String::new() } else { format!(": {}", plain(detail)) };
        let (word, id) = (plain(word), plain(id));
        add(&mut text, format_args!("{at} {took:>10}  {word:<8} {id}{detail}\n"));
    }
    text
}

/// How a run ended, as a line below its plan in Markdown.
pub fn run_markdown(run: &RunRecord) -> String {
    let (id, began) = (run.id, second(run.started_at));
    format!("\nRun {id} carried this out, from {began}: {}.\n", outcome(run))
}

/// How a run ended, in a few words.
fn outcome(run: &RunRecord) -> String {
    let ActionCounts { failed, skipped, left, waiting, .. } = run.actions;
    let mut text = match run.state {
        RunState::UnderWay => "under way".to_owned(),
        RunState::CutOff => "cut off".to_owned(),
        RunState::Open => "not ended".to_owned(),
        RunState::Converged => "ended well".to_owned(),
        RunState::Left => "something was left".to_owned(),
    };
    let parts =
        [(failed, "failed"), (skipped, "skipped"), (left, "to remove"), (waiting, "waiting")];
    let parts: Vec<_> =
        parts.iter().filter(|it| it.0 > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if !parts.is_empty() {
        let parts = parts.join(", ");
        if run.state == RunState::Left { text = parts } else { text = format!("{text}; {parts}") }
    }
    if let (1.., Some(at)) = (run.repeated, run.finished_at) {
        let again =
            if run.repeated == 1 { "once".to_owned() } else { format!("{} times", run.repeated) };
        add(&mut text, format_args!("; again {again} until {}", second(at)));
    }
    text
}

/// What was done, by kind, the most frequent first.
fn done(run: &RunRecord) -> String {
    let mut kinds: Vec<(&String, u32)> =
        run.done.iter().map(|(kind, count)| (kind, *count)).collect();
    kinds.sort_by_key(|(kind, count)| (Reverse(*count), *kind));
    let more: u32 = kinds.iter().skip(KINDS).map(|(_, count)| count).sum();
    let shown = kinds.iter().take(KINDS);
    let mut shown: Vec<String> =
        shown.map(|(kind, count)| format!("{count} {}", plain(kind))).collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    if shown.is_empty() { "nothing".to_owned() } else { shown.join(", ") }
}

fn counts(counts: &ActionCounts) -> String {
    let ActionCounts { planned, done, failed, skipped, left, waiting, open } = counts;
    let mut text = counted(usize::try_from(*planned).unwrap_or(usize::MAX), "action");
    for (count, word) in [
        (done, "done"),
        (failed, "failed"),
        (skipped, "skipped"),
        (left, "to remove, not confirmed"),
        (waiting, "waiting"),
        (open, "not ended"),
    ] {
        if *count > 0 {
            add(&mut text, format_args!(", {count} {word}"));
        }
    }
    text
}

/// How long something took; nothing if it has not ended.
fn took(began: Timestamp, ended: Option<Timestamp>) -> String {
    let Some(ended) = ended else { return String::new() };
    duration(ended.duration_since(began))
}

/// A length of time, in its two largest units.
fn duration(took: SignedDuration) -> String {
    let seconds = took.as_secs().max(0);
    match seconds {
        0 => format!("{} ms", took.subsec_millis().max(0)),
        1..10 => format!("{:.1} s", took.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

fn commit(run: &RunRecord) -> Option<&CommitId> {
    run.cause.as_ref()?.commit.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, RunCommand, RunId};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn run() -> RunRecord {
        RunRecord {
            id: RunId::new(17).unwrap(),
            started_at: at(0),
            finished_at: Some(at(75)),
            state: RunState::Left,
            cause: Some(RunCause {
                command: RunCommand::Controller,
                trigger: Trigger::Loop,
                prune: false,
                commit: Some("a".repeat(40).parse().unwrap()),
            }),
            repeated: 0,
            manifests: Some(Digest::of(b"manifests")),
            plan: None,
            actions: ActionCounts {
                planned: 9,
                done: 7,
                failed: 1,
                skipped: 1,
                ..Default::default()
            },
            done: [("A", 1), ("B", 3), ("C", 2), ("D", 1)].map(|(it, n)| (it.to_owned(), n)).into(),
        }
    }

    #[test]
    fn a_table_has_a_row_for_each_run() {
        let mut repeated = run();
        repeated.repeated = 40;
        let under_way = RunRecord {
            finished_at: None,
            state: RunState::UnderWay,
            cause: None,
            actions: ActionCounts { planned: 2, open: 1, ..Default::default() },
            done: [].into(),
            ..run()
        };
        assert_eq!(
            runs_text(&[under_way, repeated, run()]),
            "RUN  BEGAN                 TOOK        COMMAND     COMMIT        DONE                   \
             OUTCOME\n\
             \u{20}17  1970-01-01 00:00:00Z                                        nothing                \
             under way\n\
             \u{20}17  1970-01-01 00:00:00Z              controller  aaaaaaaaaaaa  3 B, 2 C, 1 A, 1 more  \
             1 failed, 1 skipped; again 40 times until 1970-01-01 00:01:15Z\n\
             \u{20}17  1970-01-01 00:00:00Z  1 min 15 s  controller  aaaaaaaaaaaa  3 B, 2 C, 1 A, 1 more  \
             1 failed, 1 skipped\n"
        );
        assert_eq!(runs_text(&[]), "No run is remembered that is asked for.\n");
    }

    #[test]
    fn a_run_has_a_line_for_each_action() {
        let actions = [
            ActionRecord {
                id: "A:B/c".to_owned(),
                started_at: at(1),
                finished_at: Some(at(2)),
                outcome: Some("failed".to_owned()),
                detail: "\u{1b}[2J".to_owned(),
            },
            ActionRecord {
                id: "A:B/d".to_owned(),
                started_at: at(3),
                finished_at: None,
                outcome: None,
                detail: String::new(),
            },
        ];
        let digest = Digest::of(b"manifests");
        assert_eq!(
            run_record_text(&run(), &actions),
            format!(
                "Run 17: 1 failed, 1 skipped\n\
                 \u{20} began     1970-01-01 00:00:00Z\n\
                 \u{20} ended     1970-01-01 00:01:15Z, after 1 min 15 s\n\
                 \u{20} command   headwater controller, by the loop that keeps reconciling\n\
                 \u{20} commit    {}\n\
                 \u{20} manifests {digest}\n\
                 \u{20} actions   9 actions, 7 done, 1 failed, 1 skipped\n\
                 00:00:01      1.0 s  failed   A:B/c: \\u{{1b}}[2J\n\
                 00:00:03             cut off  A:B/d\n",
                "a".repeat(40),
            )
        );
    }

    #[test]
    fn a_time_is_told_in_two_units() {
        let told = [0, 9, 59, 61, 3_661, 90_000].map(|it| duration(SignedDuration::from_secs(it)));
        assert_eq!(told, ["0 ms", "9.0 s", "59 s", "1 min 1 s", "1 h 1 min", "1 d 1 h"]);
    }
}
