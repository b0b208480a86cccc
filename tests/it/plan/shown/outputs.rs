//! Plans in all forms, as snapshots.

use headwater::{
    model::SiteCode,
    plan::Plan,
    view::{
        PlanFilter, PlanView, ShownKind, plan_json, plan_markdown, plan_summary_json,
        plan_summary_markdown, plan_summary_text, plan_text,
    },
};
use insta::{assert_snapshot, with_settings};

use super::plans::{first_run, mixed, port_change, removal, waiting};

const WHOLE: PlanView<'static> = PlanView { filter: None, hierarchy: None, full: false };

/// Digests change whenever anything does: they are not looked at.
fn without_digests(text: &str) -> String {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_hexdigit).count();
    let mut parts = text.split("sha256:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "sha256:…" + &part[digits(part)..])
}

fn filter(sites: &[&str], kinds: &[&str]) -> PlanFilter {
    let site = |code: &&str| -> SiteCode { code.parse().unwrap() };
    let kind = |word: &&str| -> ShownKind { word.parse().unwrap() };
    PlanFilter { sites: sites.iter().map(site).collect(), kinds: kinds.iter().map(kind).collect() }
}

fn plans() -> [(&'static str, Plan); 5] {
    [
        ("first-run", first_run()),
        ("port-change", port_change()),
        ("removal", removal()),
        ("waiting", waiting()),
        ("mixed", mixed().0),
    ]
}

#[test]
fn text_tells_each_action_with_its_reason_and_what_changes() {
    for (name, plan) in plans() {
        with_settings!({snapshot_suffix => name}, {
            assert_snapshot!("text", plan_text(&plan, WHOLE, false));
        });
    }
}

#[test]
fn colours_let_the_words_stand_out_that_change() {
    for (name, plan) in
        plans().into_iter().filter(|(name, _)| ["port-change", "mixed"].contains(name))
    {
        let coloured = plan_text(&plan, WHOLE, true);
        let bare = anstream::adapter::strip_str(&coloured).to_string();
        assert_eq!(bare, plan_text(&plan, WHOLE, false), "colours carry nothing of their own");
        with_settings!({snapshot_suffix => name}, {
            assert_snapshot!("coloured", coloured.replace('\u{1b}', "␛"));
        });
    }
}

#[test]
fn markdown_is_a_comment_with_a_section_for_each_site() {
    for (name, plan) in plans() {
        with_settings!({snapshot_suffix => name}, {
            assert_snapshot!("markdown", plan_markdown(&plan, WHOLE));
        });
    }
}

#[test]
fn json_has_the_fields_that_programs_rely_on() {
    // The others are long, and have nothing that these do not have.
    for (name, plan) in
        plans().into_iter().filter(|(name, _)| ["port-change", "removal", "mixed"].contains(name))
    {
        with_settings!({snapshot_suffix => name}, {
            assert_snapshot!("json", without_digests(&plan_json(&plan, WHOLE)));
        });
    }
}

#[test]
fn a_summary_counts_by_site_and_by_kind() {
    for (name, plan) in plans() {
        with_settings!({snapshot_suffix => name}, {
            assert_snapshot!("summary", plan_summary_text(&plan, WHOLE));
        });
    }
    let (plan, _) = mixed();
    assert_snapshot!("summary-as-markdown", plan_summary_markdown(&plan, WHOLE));
    assert_snapshot!("summary-as-json", plan_summary_json(&plan, WHOLE));
}

#[test]
fn a_filtered_plan_says_how_much_of_it_is_shown() {
    let (plan, hierarchy) = mixed();
    let ams = filter(&["AMS"], &["DistributionPoint", "CreateSiteSystem"]);
    let view = PlanView { filter: Some(&ams), hierarchy: Some(&hierarchy), full: false };
    assert_snapshot!("filtered", plan_text(&plan, view, false));
    assert_snapshot!("filtered-markdown", plan_markdown(&plan, view));
    let nothing = filter(&["LIS"], &["RemoveSiteSystem"]);
    let view = PlanView { filter: Some(&nothing), ..view };
    assert_snapshot!(
        plan_text(&plan, view, false),
        @"Plan: 13 actions: 1 to create, 5 to change, 1 to remove, 2 to verify, 0 to synchronize, 4 to distribute. 2 resources wait. 0 of 13 actions are shown."
    );
}

#[test]
fn what_waits_belongs_to_a_site_as_far_as_that_is_known() {
    let (plan, hierarchy) = mixed();
    let waits = |site: &str, hierarchy| {
        let filter = filter(&[site], &[]);
        let view = PlanView { filter: Some(&filter), hierarchy, full: false };
        plan_text(&plan, view, false).matches("waits ").count()
    };
    assert_eq!([waits("LIS", Some(&hierarchy)), waits("AMS", Some(&hierarchy))], [2, 0]);
    assert_eq!(waits("AMS", None), 2, "unknown is not absent");
}
