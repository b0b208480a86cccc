//! A plan of thousands of actions can be read.

use std::{collections::BTreeSet, sync::LazyLock};

use headwater::{
    plan::Plan,
    view::{PlanView, plan_markdown, plan_summary_text, plan_text},
};

use super::plans::large;

static LARGE: LazyLock<Plan> = LazyLock::new(large);

const FOLDED: PlanView<'static> = PlanView { filter: None, hierarchy: None, full: false };
const FULL: PlanView<'static> = PlanView { full: true, ..FOLDED };

/// A site takes no more lines than a few screens.
const MOST_LINES: usize = 250;

#[test]
fn five_thousand_actions_are_told_on_a_few_screens() {
    assert!(LARGE.actions.len() > 5_000);
    let text = plan_text(&LARGE, FOLDED, false);
    for site in text.split("\nSite ").skip(1) {
        let lines = site.lines().count();
        assert!(lines <= MOST_LINES, "{lines} lines:\n{site}");
    }
    insta::assert_snapshot!("large-text", text);
}

#[test]
fn a_summary_of_five_thousand_actions_is_a_small_table() {
    insta::assert_snapshot!("large-summary", plan_summary_text(&LARGE, FOLDED));
}

#[test]
fn markdown_of_five_thousand_actions_fits_into_a_comment() {
    let text = plan_markdown(&LARGE, FOLDED);
    assert!(text.len() < 65_000, "{}", text.len());
    assert!(!text.contains("Left out"), "folded, all of it fits");
}

#[test]
fn in_full_every_action_is_named() {
    let text = plan_text(&LARGE, FULL, false);
    let named: BTreeSet<&str> = text
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split(' ').nth(4))
        .collect();
    let resources: BTreeSet<String> =
        LARGE.actions.iter().map(|action| action.resource.to_string()).collect();
    assert_eq!(named, resources.iter().map(String::as_str).collect());
}

#[test]
fn markdown_in_full_is_cut_and_says_what_is_left_out() {
    let text = plan_markdown(&LARGE, FULL);
    assert!(text.len() <= 65_000 && text.len() > 60_000, "{}", text.len());
    let told = text.lines().filter(|line| line.starts_with("`+` **") || line.starts_with("`?` **"));
    let told = told.count() + text.lines().filter(|line| line.starts_with("`>` **")).count();
    // What changes something that is there is left out last.
    assert_eq!(text.lines().filter(|line| line.starts_with("`~` **")).count(), 4);
    let left = format!("** {} actions, and what", LARGE.actions.len() - told - 4);
    assert!(text.contains(&left), "{left}: {}", &text[text.len() - 300..]);
}
