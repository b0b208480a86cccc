//! Whatever drifts, the plan says which field, what is wanted and where that is written, and what was
//! found and where.

use headwater::{
    model::{Declared, Kind, Ports, ResourceId},
    plan::{Action, ActionKind, FieldChange, Plan},
    role::controller::locate,
};
use proptest::prelude::*;

use super::{
    contoso::{contoso, hierarchy, loaded, name},
    convergence::{Change, Damage, changes, damage, damages, wanted_documents},
    world::{Choice, World},
};

/// The plan from one state of the example to another one, with the places of what is wanted.
fn explained(before: &[Change], damages: &[Damage], after: &[Change]) -> (Plan, World, Declared) {
    let mut world = World::new();
    world.converge(&hierarchy(&wanted_documents(before)), Choice::First);
    for it in damages {
        damage(&mut world, it);
    }
    let mut loaded = loaded();
    loaded.declared = wanted_documents(after);
    let wanted = hierarchy(&loaded.declared);
    let mut plan = world.plan(&wanted);
    locate(&mut plan, &loaded.declared, &loaded.source_map, &wanted);
    (plan, world, loaded.declared)
}

fn is_declared(declared: &Declared, resource: &ResourceId) -> bool {
    declared.names(resource.kind).any(|name| *name == resource.name)
}

/// Whether what an action changes is there to be looked at.
fn is_there(world: &World, action: &Action, declared: &Declared) -> bool {
    match action.kind {
        // They look, or begin for reasons of their own: a schedule, an upstream that synchronizes.
        ActionKind::VerifyPorts
        | ActionKind::Synchronize
        | ActionKind::ImportUpdates
        | ActionKind::PublishLocalUpdate
        | ActionKind::ExpireLocalUpdate
        // These may be the first ones.
        | ActionKind::ConfigureSsl
        | ActionKind::AddSoftwareUpdatePoint
        | ActionKind::AddDistributionPoint
        | ActionKind::PublishClientPolicy => false,
        _ if action.resource.kind != Kind::Package => {
            action.targets.iter().any(|system| world.systems.contains_key(system))
        }
        _ if action.targets.is_empty() => {
            let mut sites = declared.sites.values();
            let site = sites.find(|site| site.spec.site_code == action.site);
            let server = site.and_then(|site| world.systems.get(&site.spec.site_server));
            server.is_some_and(|server| server.site_server.is_some())
        }
        _ => action.targets.iter().any(|point| {
            let declared = declared.distribution_points.get(point);
            let state = declared.and_then(|it| world.systems.get(&it.spec.site_system));
            let state = state.and_then(|it| it.distribution_point.as_ref());
            state.is_some_and(|state| state.name == *point)
        }),
    }
}

proptest! {
    #[test]
    fn every_change_says_where_it_is_written_and_where_it_was_found(
        before in changes(),
        damages in damages(),
        after in changes(),
    ) {
        let (plan, world, declared) = explained(&before, &damages, &after);
        for action in &plan.actions {
            for change in &action.diff {
                if is_declared(&declared, &action.resource) {
                    prop_assert!(!change.written.is_empty(), "{}: {change:?}", action.id);
                }
                prop_assert_ne!(&change.before, &change.after, "{}", action.id);
                if !change.before.is_null() {
                    prop_assert!(change.found.is_some(), "{}: {change:?}", action.id);
                }
                if let Some(found) = &change.found {
                    prop_assert!(world.systems.contains_key(&found.site_system), "{}", action.id);
                }
            }
            let mut paths: Vec<_> = action.diff.iter().map(|it| &it.path).collect();
            let all = paths.len();
            paths.sort();
            paths.dedup();
            prop_assert_eq!(paths.len(), all, "{}: a field changes once", action.id);
            let explained = action.diff.iter().any(|change| change.found.is_some());
            prop_assert!(explained || !is_there(&world, action, &declared), "{action:?}");
        }
    }
}

fn only<'a>(plan: &'a Plan, kind: ActionKind, resource: &str) -> &'a [FieldChange] {
    let of = |it: &&Action| it.kind == kind && it.resource.to_string() == resource;
    let found: Vec<_> = plan.actions.iter().filter(of).collect();
    assert_eq!(found.len(), 1, "{kind} {resource}: {:?}", plan.actions);
    &found[0].diff
}

/// Where the values of an action are, a line for each change.
fn lines(changes: &[FieldChange]) -> String {
    let line = |it: &FieldChange| {
        let written = it.written.iter().map(|it| format!("{}:{}:{}", it.file, it.line, it.column));
        let written: Vec<String> = written.collect();
        let found =
            it.found.as_ref().map(|it| format!("{} {} {:?}", it.site_system, it.at, it.since));
        format!("{}: {} {:?}\n", it.path, written.join(" "), found)
    };
    changes.iter().map(line).collect()
}

#[test]
fn times_are_told_and_change_nothing_else() {
    let wanted = contoso(|_| {});
    let mut world = World::of(&wanted);
    let quiet = world.plan(&wanted);
    let state = world.systems.get_mut(&name("sea-wsus")).unwrap();
    state.since.update_point.settings = Some("2026-11-20T08:38:00Z".parse().unwrap());
    let told = world.plan(&wanted);
    assert_eq!(told.observed_digest, quiet.observed_digest, "times are no facts");
    assert_eq!(told, quiet);

    let state = world.systems.get_mut(&name("sea-wsus")).unwrap();
    state.update_point.as_mut().unwrap().settings.ports = Ports::CUSTOM;
    let mut plan = world.plan(&wanted);
    let loaded = loaded();
    locate(&mut plan, &loaded.declared, &loaded.source_map, &wanted);
    let (kind, point) =
        (ActionKind::ConfigureSoftwareUpdatePoint, "SoftwareUpdatePoint/sea-active");
    insta::assert_snapshot!(lines(only(&plan, kind, point)));
}
