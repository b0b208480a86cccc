//! The Contoso example from nothing.

use headwater::{
    manifest::load,
    model::{Hierarchy, Observed},
    plan::{ActionKind, Inputs, Plan, plan},
};

use super::{
    contoso::{contoso, loaded, texts},
    world::{Choice, World, ids},
};

/// An action on a line, and below it those that it comes after.
fn outline(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for action in &plan.actions {
        lines.push(action.id.to_string());
        lines.extend(action.after.iter().map(|id| format!("    after {id}")));
    }
    lines.join("\n")
}

#[test]
fn everything_is_made_from_the_top_down() {
    let plan = World::new().plan(&contoso(|_| ()));
    assert!(plan.complete && plan.diagnostics.is_empty(), "{plan:#?}");
    insta::assert_snapshot!("contoso-from-nothing", outline(&plan));
}

#[test]
fn kinds_come_in_the_order_of_rec_4() {
    let plan = World::new().plan(&contoso(|_| ()));
    let stage = |kind: ActionKind| match kind {
        ActionKind::CreateSiteSystem => 0,
        ActionKind::InstallAdministrationConsole
        | ActionKind::InstallUpdateServices
        | ActionKind::ConfigureSsl
        | ActionKind::AddSoftwareUpdatePoint
        | ActionKind::VerifyPorts => 1,
        ActionKind::ImportUpdates | ActionKind::Synchronize | ActionKind::PublishClientPolicy => 2,
        ActionKind::AddDistributionPoint => 3,
        ActionKind::DistributeContent => 4,
        other => panic!("{other} is not expected from nothing"),
    };
    let stages: Vec<_> = plan.actions.iter().map(|action| stage(action.kind)).collect();
    assert!(stages.is_sorted(), "{stages:?}");
}

#[test]
fn one_plan_is_enough_in_whatever_order_its_actions_may_begin() {
    let hierarchy = contoso(|_| ());
    let mut worlds = Vec::new();
    for choice in [Choice::First, Choice::Last].into_iter().chain((0..20).map(Choice::Any)) {
        let mut world = World::new();
        let rounds = world.converge(&hierarchy, choice);
        assert_eq!(rounds, 1, "{choice:?}");
        let plan = world.plan(&hierarchy);
        assert_eq!((ids(&plan), plan.complete), (vec![], true), "{choice:?}");
        assert!(plan.waiting.is_empty() && plan.diagnostics.is_empty());
        worlds.push(world);
    }
    let versions = |world: &World| -> Vec<_> {
        let observed = world.observed();
        observed.present().map(|(_, it)| it.update_point.as_ref()?.catalog_version).collect()
    };
    assert!(worlds.iter().all(|world| versions(world) == versions(&worlds[0])));
}

#[test]
fn the_same_inputs_give_the_same_bytes_whatever_the_order_of_files() {
    let mut plans = Vec::new();
    for turn in 0..texts().len() {
        let mut texts = texts();
        texts.rotate_left(turn);
        let loaded = load(texts);
        let hierarchy = Hierarchy::resolve(&loaded.declared).unwrap();
        let plan = plan(Inputs {
            hierarchy: &hierarchy,
            manifest_digest: loaded.digest,
            observed: &Observed::default(),
            now: World::new().now,
        });
        plans.push(serde_json::to_string(&plan).unwrap());
    }
    assert!(plans.iter().all(|plan| *plan == plans[0]));
    assert!(plans[0].contains(&loaded().digest.to_string()));
}
