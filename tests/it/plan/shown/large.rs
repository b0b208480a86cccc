//! A plan of thousands of actions can be read.

use std::{collections::BTreeSet, sync::LazyLock};

use headwater::{
    plan::{ActionKind, Plan},
    view::{PlanView, plan_markdown, plan_summary_text, plan_text},
};

use super::plans::{large, many_sites};

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
fn sites_in_which_the_same_is_done_are_told_once_after_a_summary() {
    let plan = many_sites(60);
    let text = plan_text(&plan, FOLDED, false);
    assert!(text.starts_with("SITE "), "{text}");
    assert!(text.lines().count() < 250, "{}", text.lines().count());
    let told = "Sites S01 … S59: as in site S00, in 59 more sites, each with its own names; \
                `--full` or `--site CODE` shows them\n";
    assert!(text.contains(told), "{text}");
    let full = plan_text(&plan, FULL, false);
    for site in 0..60 {
        assert!(full.contains(&format!("Site S{site:02}: ")));
    }
}

#[test]
fn a_site_with_another_value_is_told_and_not_said_to_be_alike() {
    let mut plan = many_sites(60);
    let of_site = plan.actions.iter_mut().filter(|action| action.site.as_str() == "S30");
    let mut ports = of_site.flat_map(|it| &mut it.diff).filter(|it| it.path == "ports.http");
    ports.next().unwrap().after = 8089.into();
    let text = plan_text(&plan, FOLDED, false);
    assert!(text.contains("\nSite S30: "), "{text}");
    assert!(text.contains("http: 8089"), "{text}");
    let told = "Sites S01 … S29, S31 … S59: as in site S00, in 58 more sites, ";
    assert!(text.contains(told), "{text}");
}

#[test]
fn sites_in_which_something_goes_are_in_the_table_and_in_the_text() {
    let mut plan = many_sites(99);
    let last = plan.actions.len() - 1;
    plan.actions[last].kind = ActionKind::RemoveContent;
    let site = plan.actions[last].site.clone();
    let markdown = plan_markdown(&plan, FOLDED);
    let row = markdown.lines().filter(|line| line.starts_with("| ")).nth(1).unwrap();
    assert!(row.starts_with(&format!("| {site} | ")), "{row}");
    assert!(markdown.contains("And 39 more sites.\n"), "{markdown}");
    assert!(plan_text(&plan, FOLDED, false).contains(&format!("\nSite {site}: ")));
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
    assert_eq!(text.lines().filter(|line| line.starts_with("`~` **")).count(), 7);
    let cut = text.lines().filter(|line| line.ends_with(" actions shown</summary>"));
    assert!(cut.count() > 0, "a section that is cut says so");
    let left = format!("** {} actions, and what", LARGE.actions.len() - told - 7);
    assert!(text.contains(&left), "{left}: {}", &text[text.len() - 300..]);
}
