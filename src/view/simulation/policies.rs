//! The rules of ours, of the field, and of nobody, side by side.

use comfy_table::{Cell, CellAlignment};

use super::words::{after, bytes};
use crate::{
    simulate::Outcome,
    view::{
        json_text::json_text,
        plain::add,
        table::{lines, table},
    },
};

/// The JSON form: all outcomes.
pub fn policies_json(outcomes: &[Outcome]) -> String {
    json_text(&outcomes)
}

/// A row for each.
pub fn policies_text(outcomes: &[Outcome]) -> String {
    let mut rows =
        table(&["RULES", "HALF", "95 %", "DISTRIBUTED", "OVER LINES", "BESIDE OURS"], &[5]);
    let ours = outcomes.last().and_then(|outcome| outcome.distributed_after);
    for outcome in outcomes {
        let longest = |of: fn(&crate::simulate::PackageOutcome) -> f64| {
            outcome.packages.iter().map(of).fold(0.0, f64::max)
        };
        let times = match (outcome.distributed_after, ours) {
            (Some(time), Some(ours)) if ours > 0.0 => format!("{:.1} ×", time / ours),
            _ => "-".to_owned(),
        };
        let over_lines = outcome.links.iter().map(|link| link.bytes).sum();
        rows.add_row(vec![
            Cell::new(outcome.policy.words()),
            Cell::new(after(Some(longest(|package| package.took.half)))),
            Cell::new(after(Some(longest(|package| package.took.most)))),
            Cell::new(after(outcome.distributed_after)),
            Cell::new(bytes(over_lines)),
            Cell::new(times).set_alignment(CellAlignment::Right),
        ]);
    }
    let mut text = lines(&rows);
    for outcome in outcomes.iter().filter(|outcome| outcome.done < outcome.placements) {
        let (words, done, all) = (outcome.policy.words(), outcome.done, outcome.placements);
        add(&mut text, format_args!("note: {words}: {done} of {all} placements are done\n"));
    }
    text
}
