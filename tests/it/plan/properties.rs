//! What holds for every hierarchy, of whatever shape. The order of REC-4 is asserted of each plan
//! that the world makes (`order.rs`).

use headwater::{
    manifest::{Loaded, SourceText, load},
    model::{Hierarchy, Known, Name, Observed, SiteSystemState, SiteType, UpdatePointRole},
    plan::{Inputs, Plan, plan},
    view::{PlanView, plan_json},
};
use proptest::{
    prelude::*,
    sample::Index,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

use super::{
    generated::{declared, documents, generated, pieces},
    world::{Choice, World, ids},
};

/// Nothing is left to do, or it is left on purpose or with a reason that somebody is told.
fn assert_settled(plan: &Plan) {
    assert!(ids(plan).is_empty(), "{:#?}", ids(plan));
    assert!(plan.complete || !plan.diagnostics.is_empty(), "{:#?}", plan.waiting);
}

/// The documents one by one or many in a file, in an order that a number decides.
fn shuffled(documents: &[String], mut number: u64) -> Loaded {
    let mut left = documents.to_vec();
    let mut texts: Vec<SourceText> = Vec::new();
    while !left.is_empty() {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let chosen = usize::try_from(number >> 33).unwrap();
        let document = left.remove(chosen % left.len());
        match texts.last_mut() {
            Some(file) if chosen % 3 > 0 => {
                file.text += "\n---\n";
                file.text += &document;
            }
            _ => texts.push(SourceText {
                name: format!("{}.yaml", texts.len()),
                directory: std::path::Path::new("/generated").into(),
                text: document,
            }),
        }
    }
    load(texts)
}

/// How many of each are tried: enough to find what a change breaks, in a few seconds;
/// `PROPTEST_CASES` for a longer look.
pub(super) fn cases() -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { cases: asked.unwrap_or(96), ..Config::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn any_hierarchy_is_reached_from_nothing_by_one_plan(
        pieces in pieces(),
        order in any::<u64>(),
    ) {
        let hierarchy = generated(&pieces);
        let mut world = World::new();
        prop_assert!(world.converge(&hierarchy, Choice::Any(order)) <= 1);
        assert_settled(&world.plan(&hierarchy));
    }

    #[test]
    fn any_hierarchy_is_reached_from_any_other(
        before in pieces(),
        after in pieces(),
        unknown in prop::collection::vec(any::<Index>(), 0..3),
        order in any::<u64>(),
    ) {
        let mut world = World::new();
        world.converge(&generated(&before), Choice::Any(order));
        let hierarchy = generated(&after);
        // Some do not answer at first: what can be done is done, and nothing to them.
        world.converge_without(&unknown, &hierarchy, Choice::Any(order));
        world.unknown.clear();
        world.converge(&hierarchy, Choice::Any(order));
        assert_settled(&world.plan(&hierarchy));
    }

    #[test]
    fn the_same_inputs_give_the_same_bytes_in_whatever_order_they_come(
        before in pieces(),
        after in pieces(),
        order in any::<u64>(),
    ) {
        let mut world = World::new();
        world.converge(&generated(&before), Choice::First);
        let reports: Vec<(Name, SiteSystemState)> = world.systems.clone().into_iter().collect();
        let observed = |reports: &mut dyn Iterator<Item = &(Name, SiteSystemState)>| -> Observed {
            reports.map(|(name, it)| (name.clone(), Known::Present(it.clone()))).collect()
        };
        let documents = documents(&declared(&after));
        let bytes = |loaded: &Loaded, observed: &Observed| {
            assert!(loaded.problems.is_empty(), "{:?}", loaded.problems);
            let hierarchy = Hierarchy::resolve(&loaded.declared).unwrap();
            let (manifest_digest, now) = (loaded.digest, world.now);
            let inputs = Inputs { hierarchy: &hierarchy, manifest_digest, observed, now };
            plan_json(&plan(inputs), PlanView::default())
        };
        let one = bytes(&shuffled(&documents, 0), &observed(&mut reports.iter()));
        let other = bytes(&shuffled(&documents, order), &observed(&mut reports.iter().rev()));
        prop_assert_eq!(one, other);
    }
}

/// A generator that makes nothing of what matters would prove nothing.
#[test]
fn generated_hierarchies_have_everything_that_matters() {
    let mut runner = TestRunner::deterministic();
    let hierarchies: Vec<Hierarchy> =
        (0..200).map(|_| generated(&pieces().new_tree(&mut runner).unwrap().current())).collect();
    let with = |holds: &dyn Fn(&Hierarchy) -> bool| {
        hierarchies.iter().filter(|hierarchy| holds(hierarchy)).count()
    };
    let pulls_twice = |it: &Hierarchy| {
        let mut sources = it.distribution_points.values().flat_map(|it| it.settings.pulls_from());
        sources.any(|source| it.distribution_points[&source.distribution_point].settings.pulls())
    };
    for (what, count) in [
        ("three levels of sites", with(&|it| it.sites.values().any(|site| site.depth > 1))),
        (
            "a secondary site",
            with(&|it| it.sites.values().any(|it| it.settings.r#type == SiteType::Secondary)),
        ),
        (
            "an Internet-based point",
            with(&|it| {
                let mut points = it.update_points.values();
                points.any(|it| it.settings.role == UpdatePointRole::InternetBased)
            }),
        ),
        ("SSL", with(&|it| it.update_points.values().any(|it| it.settings.ssl))),
        ("a chain of pulls", with(&pulls_twice)),
        (
            "prestaged content",
            with(&|it| it.distribution_points.values().any(|it| it.settings.prestaged)),
        ),
        (
            "a package on several distribution points",
            with(&|it| it.packages.values().any(|it| it.distribute_to.len() > 2)),
        ),
        ("a suspended point", with(&|it| it.distribution_points.values().any(|it| it.suspended))),
        ("something that is kept", with(&|it| it.site_systems.values().any(|it| it.settings.keep))),
    ] {
        println!("{what}: {count} of {}", hierarchies.len());
        assert!(count >= 5, "{what}: {count}");
    }
}
