//! What was done is undone: whatever was there before is there again, apart from what only grows.

use std::collections::{BTreeMap, BTreeSet};

use headwater::{
    adopt::{Beside, Done, adopt, undo},
    model::{Declared, Facts, Name, Observed, PRUNE, Resource},
    plan::{SavedPlan, declared, moved_facts},
};
use proptest::prelude::*;
use serde_json::Value;

use super::{
    contoso::hierarchy,
    convergence::{changes, wanted_documents},
    generated::{self, pieces},
    properties::cases,
    world::{Choice, World},
};

const NONE: &BTreeMap<Name, String> = &BTreeMap::new();

fn undoing<'a>(
    before: &'a Observed,
    after: &'a Observed,
    documents: &'a Declared,
    world: &World,
) -> SavedPlan<'a> {
    undo(&Done { before, after, documents, remote: NONE, now: world.now }).unwrap()
}

/// The site systems whose points fetch packages on demand: what they hold stays.
fn on_demand(observed: &Observed) -> BTreeSet<Name> {
    let systems = observed.present().filter(|(_, state)| {
        state.distribution_point.as_ref().is_some_and(|it| it.settings.fetches_on_demand())
    });
    systems.map(|(name, _)| name.clone()).collect()
}

/// Facts without what only grows, and without what follows from that.
fn comparable(observed: &Observed, on_demand: &BTreeSet<Name>) -> Value {
    let mut facts = serde_json::to_value(Facts::of(observed)).unwrap();
    for system in facts["siteSystems"].as_object_mut().unwrap().values_mut() {
        for (part, fields) in [
            ("siteServer", &["catalogVersion", "announced"][..]),
            ("updatePoint", &["catalogVersion", "revisions", "lastSynchronization"]),
        ] {
            if let Some(part) = system[part].as_object_mut() {
                part.retain(|field, _| !fields.contains(&field.as_str()));
            }
        }
    }
    let libraries = &observed.libraries;
    let mut held = BTreeSet::new();
    for (id, _) in libraries.packages() {
        for system in libraries.systems().iter().filter(|it| !on_demand.contains(*it)) {
            held.extend(libraries.held(system, id).map(|held| format!("{id} {system} {held:?}")));
        }
    }
    facts["libraries"] = serde_json::json!(held);
    facts
}

/// Facts without the policies of clients that had none before, and without consoles: those are not
/// taken back.
fn without_what_stays(mut facts: Value, before: &Value) -> Value {
    for (name, system) in facts["siteSystems"].as_object_mut().unwrap() {
        if before["siteSystems"][name]["administrationConsole"] == false {
            system["administrationConsole"] = false.into();
        }
        if before["siteSystems"][name]["siteServer"]["clientPolicy"].is_null()
            && let Some(server) = system["siteServer"].as_object_mut()
        {
            server.remove("clientPolicy");
        }
    }
    facts
}

/// The documents of a world that has converged, and what becomes of it by others.
fn changed(from: &Declared, to: &Declared, order: u64) -> (World, Observed) {
    let mut world = World::new();
    world.converge(&hierarchy(from), Choice::Any(order));
    let before = world.observed();
    world.converge(&hierarchy(to), Choice::Any(order));
    (world, before)
}

/// The documents without what is told to stay when its document is gone: that stays after an undo
/// too, and the plan says so.
fn nothing_kept(mut documents: Declared) -> Declared {
    fn forget<Spec>(all: &mut BTreeMap<Name, Resource<Spec>>) {
        for resource in all.values_mut() {
            resource.metadata.annotations.remove(PRUNE);
        }
    }
    forget(&mut documents.sites);
    forget(&mut documents.site_systems);
    forget(&mut documents.software_update_points);
    forget(&mut documents.distribution_points);
    documents
}

/// What was before is there again after its way back, apart from what is told not to come back.
fn assert_undone(from: &Declared, to: &Declared, order: u64) -> Result<(), TestCaseError> {
    let (mut world, before) = changed(from, to, order);
    // What refers to something that is not there keeps that, once it has come.
    let described = adopt(&before, Beside { remote: NONE, documents: None });
    prop_assume!(described.notes.is_empty());
    let after = world.observed();
    let undo = undoing(&before, &after, to, &world);
    let read = SavedPlan::read(undo.to_json().as_bytes()).unwrap();
    prop_assert_eq!(&read, &undo);
    let hierarchy = hierarchy(&declared(&read.basis.documents).unwrap());
    world.carry_out(&hierarchy, &read.plan, Choice::Any(order));
    // A role that takes the place of another one keeps the content that it finds: what of that is
    // not wanted is seen, and planned away, when it is there.
    if read.plan.actions.iter().any(|it| it.reason.starts_with("it takes the place of")) {
        world.converge(&hierarchy, Choice::Any(order));
    }
    let moved = moved_facts(&Facts::of(&before), &Facts::of(&world.observed()));
    let fetching = on_demand(&before);
    let first = comparable(&before, &fetching);
    let last = comparable(&world.observed(), &fetching);
    prop_assert_eq!(without_what_stays(last, &first), first, "{:#?}", moved);
    Ok(())
}

proptest! {
    #[test]
    fn undo_after_apply_gives_the_first_observed_state(
        from in changes(),
        to in changes(),
        order in any::<u64>(),
    ) {
        assert_undone(&wanted_documents(&from), &wanted_documents(&to), order)?;
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_way_back_leads_from_any_hierarchy_to_any_other(
        from in pieces(),
        to in pieces(),
        order in any::<u64>(),
    ) {
        let to = nothing_kept(generated::declared(&to));
        assert_undone(&generated::declared(&from), &to, order)?;
    }

    #[test]
    fn the_first_hierarchy_is_undone_to_nothing(to in pieces(), order in any::<u64>()) {
        let to = nothing_kept(generated::declared(&to));
        assert_undone(&Declared::default(), &to, order)?;
    }
}
