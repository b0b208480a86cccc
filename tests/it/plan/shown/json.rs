//! A plan as JSON: valid, the same for the same inputs, and read back.

use headwater::{
    manifest::load,
    model::{Hierarchy, Observed},
    plan::{Inputs, Plan, plan, read_plan},
    view::{PlanFilter, PlanView, plan_json},
};
use proptest::prelude::*;
use serde_json::Value;

use super::plans::{first_run, mixed, port_change, removal, waiting};
use crate::{
    plan::{contoso::texts, world::World},
    plan_schema::assert_valid,
};

const WHOLE: PlanView<'static> = PlanView { filter: None, hierarchy: None, full: false };

fn plans() -> [Plan; 5] {
    [first_run(), port_change(), removal(), waiting(), mixed().0]
}

#[test]
fn a_plan_is_valid_and_reads_back_as_it_was() {
    for plan in plans() {
        let text = plan_json(&plan, WHOLE);
        assert_valid(&serde_json::from_str(&text).unwrap());
        let read = read_plan(&text).unwrap();
        assert_eq!(read, plan);
        assert_eq!(plan_json(&read, WHOLE), text);
    }
}

#[test]
fn a_part_of_a_plan_is_valid_and_says_that_it_is_a_part() {
    let (plan, hierarchy) = mixed();
    let filter = PlanFilter {
        sites: vec!["AMS".parse().unwrap()],
        kinds: vec!["DistributionPoint".parse().unwrap(), "CreateSiteSystem".parse().unwrap()],
    };
    let view = PlanView { filter: Some(&filter), hierarchy: Some(&hierarchy), full: false };
    let text = plan_json(&plan, view);
    let part: Value = serde_json::from_str(&text).unwrap();
    assert_valid(&part);
    let whole: Value = serde_json::from_str(&plan_json(&plan, WHOLE)).unwrap();
    for (field, value) in whole.as_object().unwrap() {
        if !["actions", "waiting", "diagnostics"].contains(&field.as_str()) {
            assert_eq!(part[field], *value, "{field} is about the whole plan");
        }
    }
    let ids = |plan: &Value| -> Vec<Value> {
        plan["actions"].as_array().unwrap().iter().map(|it| it["id"].clone()).collect()
    };
    assert_eq!(
        ids(&part),
        [
            "CreateSiteSystem:SiteSystem/ams-dp4",
            "ConfigureDistributionPoint:DistributionPoint/ams-dp1",
            "EnablePull:DistributionPoint/ams-dp2",
            "RemoveDistributionPoint:DistributionPoint/ams-dp3@ams-dp3",
        ]
    );
    assert_eq!(part["filter"]["actions"], ids(&whole).len());
    assert!(read_plan(&text).unwrap_err().to_string().starts_with("it is a part of a plan"));
}

#[test]
fn what_is_no_plan_is_not_valid() {
    let whole: Value = serde_json::from_str(&plan_json(&port_change(), WHOLE)).unwrap();
    for (pointer, wrong) in [
        ("/formatVersion", "2.0"),
        ("/manifestDigest", "sha256:12"),
        ("/actions/0/kind", "Reboot"),
        ("/actions/0/resource", "Server/a"),
        ("/actions/0/site", "Seattle"),
        ("/actions/0/requirement", "because"),
    ] {
        let mut plan = whole.clone();
        *plan.pointer_mut(pointer).unwrap() = Value::from(wrong);
        let valid = std::panic::catch_unwind(|| assert_valid(&plan)).is_ok();
        assert!(!valid, "{pointer}");
        assert!(
            read_plan(&plan.to_string()).is_err() || pointer.ends_with("requirement"),
            "{pointer}"
        );
    }
}

/// The documents of the example in any order, in any distribution over files.
fn shuffled() -> impl Strategy<Value = Vec<String>> {
    let documents: Vec<String> =
        texts().iter().flat_map(|it| it.text.split("\n---\n")).map(str::to_owned).collect();
    (Just(documents).prop_shuffle(), 1..8_usize).prop_map(|(documents, in_file)| {
        documents.chunks(in_file).map(|documents| documents.join("\n---\n")).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_of_documents_makes_no_difference(files in shuffled()) {
        let mut texts = texts();
        let directory = texts.remove(0).directory;
        let texts = files.into_iter().enumerate().map(|(number, text)| {
            let name = format!("{number}.yaml");
            headwater::manifest::SourceText { name, directory: directory.clone(), text: text + "\n" }
        });
        let loaded = load(texts.collect());
        prop_assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
        let made = |loaded: &headwater::manifest::Loaded| {
            let hierarchy = Hierarchy::resolve(&loaded.declared).unwrap();
            let observed = &Observed::default();
            let now = World::new().now;
            let manifest_digest = loaded.digest;
            plan_json(&plan(Inputs { hierarchy: &hierarchy, manifest_digest, observed, now }), WHOLE)
        };
        let ordered = load(self::texts().into_iter().map(|mut text| {
            text.directory = directory.clone();
            text
        }).collect());
        prop_assert_eq!(made(&loaded), made(&ordered));
    }
}
