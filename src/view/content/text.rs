//! Content as a table, and as JSON.

use comfy_table::{Cell, CellAlignment};
use jiff::Timestamp;

use super::{
    report::ContentReport,
    row::{ContentState, Placement},
    words::{amount, size, span, until},
};
use crate::view::{
    counted,
    json_text::json_text,
    plain::{add, plain},
    table::{lines, table},
};

/// The columns, and which of them are left out where nobody has anything in them.
const COLUMNS: [(&str, bool); 10] = [
    ("PACKAGE", false),
    ("VERSION", false),
    ("DISTRIBUTION POINT", false),
    ("STATE", false),
    ("BYTES", true),
    ("RATE", true),
    ("LEFT", true),
    ("SOURCE", true),
    ("NEXT TRY", true),
    ("REASON", true),
];

/// Those that are numbers.
const NUMBERS: [usize; 3] = [1, 5, 6];

/// How packages stand at distribution points, as a table and one line that counts.
pub fn content_text(report: &ContentReport) -> String {
    let mut text = placements_table(&report.placements, report.observed_at);
    if report.not_listed > 0 {
        let more = counted(report.not_listed, "placement");
        let how = "narrow it down with --package, --point or --site";
        add(&mut text, format_args!("{more} more: {how}.\n"));
    }
    add(&mut text, format_args!("{}\n", counts(report)));
    if !report.compared {
        text +=
            "Without manifests it is not known what is missing or not wanted: name their paths.\n";
    }
    text
}

/// Placements as a table with an empty line behind it; nothing if there are none.
pub(super) fn placements_table(placements: &[Placement], now: Timestamp) -> String {
    if placements.is_empty() {
        return String::new();
    }
    let rows: Vec<_> = placements.iter().map(|it| cells(it, now)).collect();
    let shown: Vec<usize> = (0..COLUMNS.len())
        .filter(|column| {
            let empty = |row: &[String; 10]| row.get(*column).is_none_or(|it| it == "-");
            COLUMNS.get(*column).is_some_and(|(_, optional)| !optional) || !rows.iter().all(empty)
        })
        .collect();
    let header: Vec<&str> =
        shown.iter().filter_map(|it| COLUMNS.get(*it)).map(|(title, _)| *title).collect();
    let is_number = |column: &usize| NUMBERS.contains(column);
    let right: Vec<usize> =
        (0..shown.len()).filter(|place| shown.get(*place).is_some_and(is_number)).collect();
    let mut table = table(&header, &right);
    for row in &rows {
        table.add_row(shown.iter().filter_map(|it| {
            let cell = Cell::new(row.get(*it)?);
            Some(if is_number(it) { cell.set_alignment(CellAlignment::Right) } else { cell })
        }));
    }
    format!("{}\n", lines(&table))
}

/// How packages stand at distribution points, as JSON.
pub fn content_json(report: &ContentReport) -> String {
    json_text(report)
}

fn cells(placement: &Placement, now: Timestamp) -> [String; 10] {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        placement.package.to_string(),
        placement.version.to_string(),
        placement.distribution_point.to_string(),
        placement.state.to_string(),
        amount(placement.bytes_done, placement.bytes_total),
        or_none(placement.rate.map(|rate| format!("{}/s", size(rate)))),
        or_none(placement.seconds_left.map(span)),
        or_none(placement.source.as_ref().map(ToString::to_string)),
        or_none(placement.next_try.map(|at| until(at, now))),
        or_none(placement.reason.as_deref().map(|reason| plain(reason).into_owned())),
    ]
}

/// What there is, in one line: `2 packages on 4 distribution points: 7 available, 1 downloading.`
fn counts(report: &ContentReport) -> String {
    let packages = counted(report.packages, "package");
    let points = counted(report.distribution_points, "distribution point");
    let counts = ContentState::ALL
        .into_iter()
        .filter_map(|state| report.counts.get(&state).map(|number| format!("{number} {state}")));
    let counts: Vec<String> = counts.collect();
    let counts = if counts.is_empty() { "nothing".to_owned() } else { counts.join(", ") };
    format!("{packages} on {points}: {counts}.")
}
