use crate::{
    model::UpdateIdentity,
    wire::{
        update_document::UpdateType,
        updates::{CatalogFindings, FoundUpdate},
    },
};

use super::*;

fn identity() -> UpdateIdentity {
    UpdateIdentity {
        update_id: "ff36f0b5-dded-4780-8664-cd78af8b62c1".parse().unwrap(),
        revision: 200,
    }
}

fn update() -> FoundUpdate {
    FoundUpdate {
        identity: identity(),
        update_type: UpdateType::Software,
        category_type: None,
        title: "Security\nIntelligence \u{1b}[31mUpdate".to_owned(),
        localized_titles: Vec::new(),
        created_at: Some("2026-10-04T12:00:58Z".parse().unwrap()),
        severity: None,
        articles: vec!["KB2267602".to_owned()],
        products: vec!["Defender".to_owned()],
        classification: Some("Definition Updates".to_owned()),
        expired: false,
        superseded: true,
    }
}

#[test]
fn a_list_is_a_line_for_each_update_and_says_where_it_ends() {
    let point = || "cen-active".parse().unwrap();
    insta::assert_snapshot!(updates_text(&ListedUpdates::of(point(), vec![update()], true)), @r"
    CREATED     KIND                ARTICLES   TITLE                                                ID
    2026-10-04  Definition Updates  KB2267602  Security Intelligence \u{1b}[31mUpdate (superseded)  ff36f0b5-dded-4780-8664-cd78af8b62c1.200
    1 update; there may be more: --limit, or narrow it down.
    ");
    insta::assert_snapshot!(updates_text(&ListedUpdates::of(point(), Vec::new(), false)), @r"
    No update of `cen-active` is like that.
    ");
}

#[test]
fn a_check_names_what_is_damaged_and_what_to_do() {
    let text = |findings: CatalogFindings| {
        catalog_check_text(&CheckedCatalog::of("cen-active".parse().unwrap(), findings))
    };
    let whole = CatalogFindings { documents: 1, ..CatalogFindings::default() };
    insta::assert_snapshot!(text(whole.clone()), @r"
    `cen-active`: 1 document checked, all as they should be.
    ");
    let damaged = CatalogFindings { damaged: vec![identity()], ..whole.clone() };
    insta::assert_snapshot!(text(damaged.clone()), @r"
    ff36f0b5-dded-4780-8664-cd78af8b62c1.200: damaged, never served
    `cen-active`: 1 document checked, 1 damaged.
    Fetch them again with --repair.
    ");
    let repaired = CatalogFindings { repaired: vec![identity()], ..damaged.clone() };
    insta::assert_snapshot!(text(repaired), @r"
    ff36f0b5-dded-4780-8664-cd78af8b62c1.200: damaged, and fetched again
    `cen-active`: 1 document checked, 1 damaged.
    ");
    let not = CatalogFindings { why_not: Some("nobody answers".to_owned()), ..damaged };
    insta::assert_snapshot!(text(not), @r"
    ff36f0b5-dded-4780-8664-cd78af8b62c1.200: damaged, never served
    not repaired: nobody answers
    `cen-active`: 1 document checked, 1 damaged.
    ");
    let file = CatalogFindings { file: vec!["Page 7: never used".to_owned()], ..whole };
    insta::assert_snapshot!(text(file), @r"
    the file: Page 7: never used
    `cen-active`: 1 document checked, the file is damaged.
    Stop the site system, move `catalog.db` away, and what it held is synchronized again.
    ");
}
