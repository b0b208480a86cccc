//! Packages whose content their site makes, in plans: of the files of updates, and the offline catalog
//! (SYNC-11).

use std::collections::BTreeMap;

use headwater::{
    model::{
        Declared, Digest, Facts, Hierarchy, Package, PackageFilesState, PackageId, PackageSource,
        ProducedCatalog, TakenSource, TakenUpdates, UpdatePointState,
    },
    plan::{ActionKind, Plan},
};
use jiff::SignedDuration;

use super::{
    contoso::{contoso, name},
    world::{Choice, World, ids, of_kind},
};
use headwater::model::Name;

const TAKE: &str = "DistributeContent:Package/update-catalog@CEN";
const TAKE_ANEW: &str = "UpdateContent:Package/update-catalog@CEN";
const SYNCHRONIZE: &str = "Synchronize:SoftwareUpdatePoint/cen-active";

impl World {
    /// What an update point tells of the files of updates of packages: they depend on its catalog.
    pub(super) fn package_files(
        &self,
        system: &Name,
        point: &UpdatePointState,
    ) -> BTreeMap<PackageId, PackageFilesState> {
        let catalog = self.catalogs.get(system).map(|(revisions, _)| revisions);
        let known = point.settings.packages.iter().map(|(id, selection)| {
            let text = format!("{catalog:?} {selection:?}");
            let missing = u64::from(self.files_to_come.contains(system));
            let files = if catalog.is_some() { 3 } else { 0 };
            let digest = Digest::of(text.as_bytes());
            let (outdated, hindrance) = (false, None);
            let state =
                PackageFilesState { digest, files, bytes: 30, missing, outdated, hindrance };
            (id.clone(), state)
        });
        known.collect()
    }

    /// What a site server takes in as a package, and what its content depends on.
    pub(super) fn take(&self, hierarchy: &Hierarchy, package: &Package) -> (TakenSource, String) {
        let PackageSource { path, updates, .. } = &package.source;
        if let Some(path) = path {
            return (TakenSource::Path(path.clone()), path.clone());
        }
        let active = hierarchy.sites[&package.site].active_point.as_ref().unwrap();
        let system = &hierarchy.update_points[active].site_system;
        let point = self.systems[system].update_point.as_ref().unwrap();
        let Some(selection) = updates.clone() else {
            let catalog = &self.catalogs[system].0;
            let produced = ProducedCatalog { at: Some(self.now) };
            return (TakenSource::LegacyCatalog(produced), format!("{catalog:?}"));
        };
        assert_eq!(point.settings.packages.get(&package.id), Some(&selection));
        let found = &self.package_files(system, point)[&package.id];
        assert_eq!(found.missing, 0, "files of {} are still to come", package.id);
        let files = Some(found.digest);
        (TakenSource::Updates(TakenUpdates { selection, files }), found.digest.to_string())
    }
}

fn of(change: impl FnOnce(&mut PackageSource), also: impl FnOnce(&mut Declared)) -> Hierarchy {
    contoso(|it| {
        let package = it.packages.get_mut(&name("update-catalog")).unwrap();
        package.spec.source = PackageSource::default();
        change(&mut package.spec.source);
        also(it);
    })
}

fn of_updates(product: &str) -> Hierarchy {
    let selection = serde_json::json!({"products": [product]});
    of(|it| it.updates = serde_json::from_value(selection).unwrap(), |_| {})
}

fn of_catalog() -> Hierarchy {
    let enable = |it: &mut Declared| {
        it.sites.get_mut(&name("cen")).unwrap().spec.legacy_catalog.enabled = true;
    };
    of(|it| it.legacy_catalog = true, enable)
}

fn converged(hierarchy: &Hierarchy) -> World {
    let mut world = World::new();
    world.converge(hierarchy, Choice::First);
    world
}

fn action<'a>(plan: &'a Plan, id: &str) -> &'a headwater::plan::Action {
    plan.actions
        .iter()
        .find(|action| action.id.as_str() == id)
        .unwrap_or_else(|| panic!("{:?}", ids(plan)))
}

/// Something new appears where the top synchronizes from.
fn publish(world: &mut World, hierarchy: &Hierarchy) {
    let point = &hierarchy.update_points[&name("cen-active")];
    let source = &point.settings.source;
    let place = source.file.clone().or(source.url.clone());
    let place = place.unwrap_or_else(|| "https://update.example".to_owned());
    let mut revisions = world.outside(&place);
    revisions.insert(424_242);
    world.elsewhere.insert(place, revisions);
    world.now += SignedDuration::from_hours(24 * 8);
}

#[test]
fn files_are_taken_in_once_they_are_there_and_again_when_they_are_others() {
    let hierarchy = of_updates("Windows 11");
    let mut world = World::new();
    world.files_to_come.insert(name("cen-wsus"));
    world.converge(&hierarchy, Choice::First);
    let plan = world.plan(&hierarchy);
    assert_eq!(ids(&plan), [""; 0]);
    assert!(!plan.complete);
    let waits = plan.waiting.iter().find(|it| it.resource.name == name("update-catalog")).unwrap();
    assert!(waits.on.contains("`cen-active`") && !waits.chosen, "{}", waits.on);

    world.files_to_come.clear();
    let plan = world.plan(&hierarchy);
    assert_eq!(action(&plan, TAKE).targets, [""; 0].map(name));
    assert!(of_kind(&plan, ActionKind::DistributeContent).len() > 1, "and sent at once");
    world.carry_out(&hierarchy, &plan, Choice::Last);
    assert_eq!(ids(&world.plan(&hierarchy)), [""; 0]);

    publish(&mut world, &hierarchy);
    while ids(&world.plan(&hierarchy)).iter().any(|id| !id.contains("Package/")) {
        let plan = world.plan(&hierarchy);
        world.carry_out(&hierarchy, &plan, Choice::First);
    }
    let plan = world.plan(&hierarchy);
    assert!(action(&plan, TAKE_ANEW).reason.starts_with("its updates have other files now"));
    assert!(of_kind(&plan, ActionKind::UpdateContent).len() > 1, "and sent at once");
    // What is missing again is no reason to touch what is there.
    world.files_to_come.insert(name("cen-wsus"));
    let plan = world.plan(&hierarchy);
    assert_eq!(ids(&plan), [""; 0]);
    world.files_to_come.clear();
    world.converge(&hierarchy, Choice::First);
}

#[test]
fn another_selection_is_told_before_its_files_are_believed() {
    let mut world = converged(&of_updates("Windows 11"));
    let hierarchy = of_updates("Windows Server 2022");
    let plan = world.plan(&hierarchy);
    assert_eq!(ids(&plan)[0], "ConfigureSoftwareUpdatePoint:SoftwareUpdatePoint/cen-active");
    assert!(of_kind(&plan, ActionKind::UpdateContent).is_empty(), "{:?}", ids(&plan));
    assert!(plan.actions[0].diff.iter().any(|it| it.path.starts_with("packages")), "{plan:#?}");
    world.carry_out(&hierarchy, &plan, Choice::First);
    let plan = world.plan(&hierarchy);
    assert_eq!(plan.actions[0].id.as_str(), TAKE_ANEW);
}

#[test]
fn files_that_come_are_facts_only_once_they_are_there() {
    let hierarchy = of_updates("Windows 11");
    let world = converged(&hierarchy);
    let digest = |change: &dyn Fn(&mut PackageFilesState)| {
        let mut observed = world.observed();
        let system = observed.site_systems.get_mut(&name("cen-wsus")).unwrap();
        let headwater::model::Known::Present(system) = system else { panic!() };
        let files = system.update_point.as_mut().unwrap().packages.values_mut().next().unwrap();
        change(files);
        Facts::of(&observed).digest()
    };
    let whole = digest(&|_| {});
    assert_ne!(digest(&|it| it.missing = 1), whole);
    assert_eq!(digest(&|it| it.missing = 1), digest(&|it| it.missing = 2));
    assert_ne!(digest(&|it| it.digest = Digest::of(b"others")), whole);
    assert_ne!(digest(&|it| it.outdated = true), whole);
    assert_eq!(digest(&|it| it.bytes = 7), whole);
}

#[test]
fn the_offline_catalog_is_produced_every_seven_days() {
    let hierarchy = of_catalog();
    let mut world = converged(&hierarchy);
    let digest = |world: &World| {
        let server = world.systems[&name("cen-srv")].site_server.as_ref().unwrap();
        let id: PackageId = hierarchy.packages[&name("update-catalog")].id.clone();
        server.packages[&id].digest
    };
    let first = digest(&world);
    world.now += SignedDuration::from_hours(24 * 7 - 2);
    let takes = |plan: &Plan| ids(plan).contains(&TAKE_ANEW);
    assert!(!takes(&world.plan(&hierarchy)));
    world.now += SignedDuration::from_hours(3);
    let plan = world.plan(&hierarchy);
    let action = action(&plan, TAKE_ANEW);
    assert!(action.reason.contains("is due every 7d"), "{}", action.reason);
    // What the same plan synchronizes goes into it.
    let synchronized = ids(&plan).contains(&SYNCHRONIZE);
    assert_eq!(action.after.iter().any(|it| it.as_str() == SYNCHRONIZE), synchronized);
    world.converge(&hierarchy, Choice::First);
    assert_eq!(digest(&world), first, "the catalog is the same");
    assert!(!takes(&world.plan(&hierarchy)));

    publish(&mut world, &hierarchy);
    world.converge(&hierarchy, Choice::First);
    assert_ne!(digest(&world), first);
    // One that was produced by a clock that was wrong is produced again.
    world.now -= SignedDuration::from_hours(24);
    assert!(takes(&world.plan(&hierarchy)));
}
