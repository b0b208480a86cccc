//! Two versions of the manifests side by side.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::{
    text::head,
    words::{bytes, span, whole},
};
use crate::{
    simulate::{Comparison, Difference, Outcome},
    view::{
        json_text::{json_schema, json_text},
        plain::add,
    },
};

/// What comes of two versions of the manifests.
#[derive(Serialize, JsonSchema)]
struct Compared<'a> {
    /// What comes of the first ones.
    before: &'a Outcome,
    /// What comes of the others.
    after: &'a Outcome,
    /// What is different.
    difference: &'a Comparison,
}

/// The JSON form: both outcomes, and what is different.
pub fn comparison_json(before: &Outcome, after: &Outcome, comparison: &Comparison) -> String {
    json_text(&Compared { before, after, difference: comparison })
}

/// The schema of [`comparison_json`]. It does not forbid further fields.
pub fn comparison_schema() -> Value {
    json_schema::<Compared<'_>>("What comes of two simulations")
}

/// For people: how it is before and after, then what the change saves or costs.
pub fn comparison_text(before: &Outcome, after: &Outcome, comparison: &Comparison) -> String {
    let mut text = String::from("Before: ");
    head(before, &mut text);
    text.push_str("\nAfter: ");
    head(after, &mut text);
    text.push('\n');
    let mut changes = Vec::new();
    let times = [
        (&comparison.synchronized, "until every site has synchronized".to_owned()),
        (&comparison.distributed, "until everything is distributed".to_owned()),
    ];
    changes.extend(times.iter().filter_map(|(it, what)| time(**it, what)));
    for (site, difference) in &comparison.synchronizations {
        changes.extend(time(*difference, &format!("at {site}, until it has synchronized")));
    }
    for (site, difference) in &comparison.sites {
        changes.extend(time(*difference, &format!("at {site}, until it has all its content")));
    }
    for (link, difference) in &comparison.links {
        let [before, after] =
            [difference.before, difference.after].map(|it| whole(it.unwrap_or(0.0)));
        let line = link.replace('→', " → ");
        changes.push(if after < before {
            format!("saves {} on the line {line}", bytes(before - after))
        } else {
            format!("costs {} on the line {line}", bytes(after - before))
        });
    }
    if changes.is_empty() {
        return text + "This change makes no difference that anybody would notice.\n";
    }
    text.push_str("This change\n");
    for change in changes {
        add(&mut text, format_args!("  {change}\n"));
    }
    text
}

fn time(difference: Difference, what: &str) -> Option<String> {
    if difference.is_nothing(1.0) {
        return None;
    }
    Some(match (difference.before, difference.after) {
        (Some(before), Some(after)) if after < before => {
            format!("saves {} {what}", span(before - after))
        }
        (Some(before), Some(after)) => format!("costs {} {what}", span(after - before)),
        (None, Some(after)) => {
            format!("makes an end of it {what}: {}, and never before", span(after))
        }
        (Some(before), None) => format!("never comes to an end {what}: {} before", span(before)),
        (None, None) => return None,
    })
}
