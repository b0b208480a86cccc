//! Hierarchies with many placements. `benches/plan.rs` has the size that TOP-4 tells of, and the
//! time it takes.

use headwater::{
    model::{Hierarchy, Name, PackageId, PackagesById},
    plan::{Inputs, Plan, plan},
};

use super::{
    contoso::{contoso, manifest_digest, name, names},
    world::{Choice, World, ids},
};

const POINTS: usize = 200;
const PACKAGES: usize = 30;

/// The example with many more distribution points, and many more packages on all of Amsterdam's.
fn large() -> Hierarchy {
    contoso(|it| {
        let (system, point) =
            (it.site_systems[&name("ams-dp1")].clone(), &it.distribution_points[&name("ams-dp2")]);
        let point = point.clone();
        let group = it.distribution_point_groups.get_mut(&name("amsterdam")).unwrap();
        for number in 0..POINTS {
            let called = name(&format!("many-{number}"));
            let mut system = system.clone();
            system.metadata.name = called.clone();
            system.spec.address = format!("{called}.contoso.example").parse().unwrap();
            it.site_systems.insert(called.clone(), system);
            let mut point = point.clone();
            point.metadata.name = called.clone();
            point.spec.site_system = called.clone();
            it.distribution_points.insert(called.clone(), point);
            group.spec.members.push(called);
        }
        let package = it.packages[&name("printer-definitions")].clone();
        for number in 0..PACKAGES {
            let mut package = package.clone();
            package.metadata.name = name(&format!("package-{number}"));
            package.spec.package_id = format!("AMS{:05}", number + 2).parse().unwrap();
            it.packages.insert(package.metadata.name.clone(), package);
        }
    })
}

/// A world in which the large hierarchy is as wanted.
fn converged(hierarchy: &Hierarchy) -> World {
    let mut world = World::new();
    let first = world.plan(hierarchy);
    assert_eq!(first.summary.create, 9 + 2 * (POINTS + 4) + 10);
    world.carry_out_listed(hierarchy, &first);
    world
}

fn planned(world: &World, hierarchy: &Hierarchy) -> Plan {
    let (observed, manifest_digest) = (world.observed(), manifest_digest());
    plan(Inputs { hierarchy, manifest_digest, observed: &observed, now: world.now })
}

#[test]
fn a_large_hierarchy_has_nothing_left_to_do_when_it_is_as_wanted() {
    let hierarchy = large();
    let next = planned(&converged(&hierarchy), &hierarchy);
    assert_eq!((ids(&next), next.complete), (vec![], true));
}

#[test]
fn only_what_lacks_is_brought_and_only_what_is_too_much_is_removed() {
    let hierarchy = large();
    let mut world = converged(&hierarchy);
    // Lost, in part, of another version, and one that nobody wants.
    let mut library = |system: &str, change: &dyn Fn(&mut PackagesById)| {
        change(&mut world.system(&name(system)).distribution_point.as_mut().unwrap().packages);
    };
    let id = |number: usize| -> PackageId { format!("AMS{number:05}").parse().unwrap() };
    library("many-7", &|it| drop(it.remove(&id(9))));
    library("many-8", &|it| drop(it.remove(&id(9))));
    library("many-8", &|it| it.get_mut(&id(10)).unwrap().damaged = 2);
    library("many-9", &|it| it.get_mut(&id(10)).unwrap().version = 0);
    library("many-9", &|it| {
        let extra = it[&id(11)].clone();
        it.insert("AMS99999".parse().unwrap(), extra);
    });
    let next = planned(&world, &hierarchy);
    let done: Vec<(&str, Vec<Name>)> =
        next.actions.iter().map(|it| (it.id.as_str(), it.targets.clone())).collect();
    assert_eq!(
        done,
        [
            ("DistributeContent:Package/package-7@AMS.1", names(&["many-7", "many-8"])),
            ("UpdateContent:Package/package-8@AMS.1", names(&["many-9"])),
            ("DistributeContent:Package/package-8@AMS.1.repair", names(&["many-8"])),
            ("RemoveContent:Package/ams99999@AMS.many-9", names(&["many-9"])),
        ]
    );
    assert_eq!(world.converge(&hierarchy, Choice::Last), 1);
}

#[test]
fn placements_are_not_held_pair_by_pair() {
    let hierarchy = large();
    let observed = converged(&hierarchy).observed();
    let placements = observed.libraries.placements();
    assert_eq!(placements, (POINTS + 4) * (PACKAGES + 2));
    // A digest for each pair would be more than this already.
    let written = serde_json::to_string(&observed.libraries).unwrap();
    assert!(written.len() < 10 * placements, "{} bytes", written.len());
    let first = &hierarchy.packages[&name("package-0")].distribute_to;
    assert_eq!(first.len(), POINTS + 4);
    for package in hierarchy.packages.values() {
        let shared = std::sync::Arc::ptr_eq(first.numbers(), package.distribute_to.numbers());
        assert!(shared, "{} has a set of its own", package.id);
    }
}
