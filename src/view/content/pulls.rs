//! The transfers that are under way: each on a line, and what is news of them.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    classify::{of_job, of_note},
    report::ContentReport,
    row::{ContentState, Placement},
    text::placements_table,
    words::{amount, size, span, until},
};
use crate::{
    model::{Name, PackageId, TransferNote, TransferPhase},
    view::{counted, plain::plain},
    wire::agent::TransfersReport,
};

/// How often it is told how far a transfer is that goes on as before.
const TOLD_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// One transfer at one moment, as `headwater pulls --output json` prints it on a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PullLine {
    /// The version of this form: raised when a reader of the old one would misread it.
    #[schemars(extend("const" = ContentReport::FORMAT_VERSION.to_string()))]
    pub format_version: String,
    /// When it was so.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// How it stands.
    pub transfer: Placement,
}

/// The transfers that are under way, by package and distribution point: what the points report, and
/// jobs of Package Transfer Manager that no point has been notified of.
pub fn transfers_under_way<'a>(
    reports: impl IntoIterator<Item = &'a TransfersReport>,
    notes: &[TransferNote],
) -> Vec<Placement> {
    // What a site server sends is no pull.
    let notes = notes.iter().filter(|note| note.phase != TransferPhase::Sending);
    let notes: BTreeMap<_, _> = notes.map(|note| ((&note.package, &note.point), note)).collect();
    let mut transfers: BTreeMap<(PackageId, Name), Placement> = BTreeMap::new();
    for (key, note) in &notes {
        transfers.insert((key.0.clone(), key.1.clone()), of_note(note));
    }
    for report in reports {
        for (package, job) in &report.pull_jobs {
            let note = notes.get(&(package, &report.name)).copied();
            let placement = of_job(package, &report.name, &report.site, job, note);
            transfers.insert((package.clone(), report.name.clone()), placement);
        }
    }
    transfers.into_values().filter(|placement| placement.state.under_way()).collect()
}

/// Transfers as a table, and one line that counts them.
pub fn pulls_text(transfers: &[Placement], now: Timestamp) -> String {
    if transfers.is_empty() {
        return "No transfer is under way.\n".to_owned();
    }
    let mut counts: BTreeMap<ContentState, usize> = BTreeMap::new();
    for transfer in transfers {
        *counts.entry(transfer.state).or_default() += 1;
    }
    let counts: Vec<String> =
        counts.into_iter().map(|(state, number)| format!("{number} {state}")).collect();
    let all = counted(transfers.len(), "transfer");
    format!("{}{all}: {}.\n", placements_table(transfers, now), counts.join(", "))
}

/// A transfer on a line, for people.
pub fn pull_line(transfer: &Placement, now: Timestamp) -> String {
    let Placement { package, distribution_point: point, state, .. } = transfer;
    let mut parts = Vec::new();
    if transfer.bytes_total.is_some() || transfer.bytes_done.is_some() {
        parts.push(amount(transfer.bytes_done, transfer.bytes_total));
    }
    parts.extend(transfer.rate.map(|rate| format!("{}/s", size(rate))));
    parts.extend(transfer.seconds_left.map(|left| format!("{} left", span(left))));
    parts.extend(transfer.source.as_ref().map(|source| format!("from {source}")));
    parts.extend(transfer.next_try.map(|at| format!("tries again {}", until(at, now))));
    let mut line = format!("{state:<20} {package} on {point}");
    if !parts.is_empty() {
        line = format!("{line}: {}", parts.join(", "));
    }
    match &transfer.reason {
        Some(reason) => format!("{line}; {}", plain(reason)),
        None => line,
    }
}

/// A transfer on a line, for programs.
pub fn pull_line_json(transfer: Placement, at: Timestamp) -> String {
    let format_version = ContentReport::FORMAT_VERSION.to_string();
    // Names, numbers and texts: writing them cannot fail.
    serde_json::to_string(&PullLine { format_version, at, transfer }).unwrap_or_default() + "\n"
}

/// What was told of transfers: whoever follows them hears of every change at once, and otherwise every
/// few seconds how far each is.
#[derive(Debug, Clone, Default)]
pub struct PullsShown(BTreeMap<(PackageId, Name), (Placement, Timestamp)>);

impl PullsShown {
    /// Those of the transfers of which there is something to tell.
    pub fn news(&mut self, transfers: &[Placement], now: Timestamp) -> Vec<Placement> {
        let mut news = Vec::new();
        for transfer in transfers {
            let key = (transfer.package.clone(), transfer.distribution_point.clone());
            let is_news = self.0.get(&key).is_none_or(|(told, at)| {
                let changed = told.state != transfer.state
                    || told.source != transfer.source
                    || told.reason != transfer.reason
                    || told.version != transfer.version;
                let moves = told.bytes_done != transfer.bytes_done;
                changed || (moves && now.duration_since(*at) >= TOLD_EVERY)
            });
            if is_news {
                self.0.insert(key, (transfer.clone(), now));
                news.push(transfer.clone());
            }
        }
        news
    }

    /// Transfers that were told of and are not under way any more, as they were told of last. They
    /// are forgotten.
    pub fn gone(&mut self, transfers: &[Placement]) -> Vec<Placement> {
        let there: std::collections::BTreeSet<_> = transfers
            .iter()
            .map(|transfer| (transfer.package.clone(), transfer.distribution_point.clone()))
            .collect();
        let mut gone = Vec::new();
        self.0.retain(|key, (told, _)| {
            let stays = there.contains(key);
            if !stays {
                gone.push(told.clone());
            }
            stays
        });
        gone
    }

    /// What was told last of the transfers to a distribution point.
    pub fn of_point<'a>(&'a self, point: &'a Name) -> impl Iterator<Item = &'a Placement> {
        let told = self.0.iter().filter(move |((_, of), _)| of == point);
        told.map(|(_, (placement, _))| placement)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn report(done: u64, source: &str) -> TransfersReport {
        serde_json::from_value(json!({
            "name": "ams-dp2", "site": "AMS",
            "pullJobs": {"CEN00001": {
                "version": 1, "digest": crate::model::Digest::of(b"files"),
                "state": {"downloading": source}, "bytesDone": done, "bytesTotal": 4096,
                "rate": 512,
            }},
        }))
        .unwrap()
    }

    fn transfers(done: u64, source: &str) -> Vec<Placement> {
        transfers_under_way([&report(done, source)], &[])
    }

    #[test]
    fn changes_are_told_at_once_and_progress_every_five_seconds() {
        let mut shown = PullsShown::default();
        let lines: Vec<_> = (0..=12)
            .map(|second| (second, transfers(256 * second, "ams-dp1")))
            .filter(|(second, transfers)| {
                !shown.news(transfers, at(i64::try_from(*second).unwrap())).is_empty()
            })
            .map(|(second, _)| second)
            .collect();
        assert_eq!(lines, [0, 5, 10]);
        // Another source is news, and what stands still is none.
        assert_eq!(shown.news(&transfers(256 * 12, "ams-dp3"), at(12)).len(), 1);
        assert_eq!(shown.news(&transfers(256 * 12, "ams-dp3"), at(60)).len(), 0);
        assert_eq!(shown.gone(&transfers(0, "ams-dp3")).len(), 0);
        assert_eq!(shown.gone(&[]).len(), 1);
        assert_eq!(shown.gone(&[]).len(), 0, "told once");
    }

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long() {
        let line = pull_line(&transfers(1024, "ams-dp1")[0], at(0));
        assert_eq!(
            line,
            "downloading          CEN00001 on ams-dp2: 1.0 KiB of 4.0 KiB, 512 B/s, 6s left, from \
             ams-dp1"
        );
        let json = pull_line_json(transfers(1024, "ams-dp1").remove(0), at(0));
        assert_eq!(json.matches('\n').count(), 1);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(
            (&json["formatVersion"], &json["transfer"]["secondsLeft"]),
            (&"1.0".into(), &6.into())
        );
    }

    #[test]
    fn nothing_under_way_is_one_line() {
        assert_eq!(pulls_text(&[], at(0)), "No transfer is under way.\n");
        let text = pulls_text(&transfers(0, "ams-dp1"), at(0));
        assert!(text.ends_with("\n1 transfer: 1 downloading.\n"), "{text}");
    }
}
