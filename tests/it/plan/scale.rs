//! Hierarchies of the size that TOP-4 tells of.

use headwater::plan::{Inputs, plan};

use super::{
    contoso::{contoso, manifest_digest, name},
    world::{World, ids},
};

/// How many distribution points and packages; `HEADWATER_SCALE=5000,1000` for a look at the time.
fn size() -> (usize, usize) {
    let asked = std::env::var("HEADWATER_SCALE").unwrap_or_default();
    let mut numbers = asked.split(',').filter_map(|number| number.parse().ok());
    (numbers.next().unwrap_or(200), numbers.next().unwrap_or(30))
}

#[test]
fn a_large_hierarchy_has_nothing_left_to_do_when_it_is_as_wanted() {
    let (points, packages) = size();
    let hierarchy = contoso(|it| {
        let (system, point) =
            (it.site_systems[&name("ams-dp1")].clone(), &it.distribution_points[&name("ams-dp2")]);
        let point = point.clone();
        let group = it.distribution_point_groups.get_mut(&name("amsterdam")).unwrap();
        for number in 0..points {
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
        for number in 0..packages {
            let mut package = package.clone();
            package.metadata.name = name(&format!("package-{number}"));
            package.spec.package_id = format!("AMS{:05}", number + 2).parse().unwrap();
            it.packages.insert(package.metadata.name.clone(), package);
        }
    });
    let mut world = World::new();
    let first = world.plan(&hierarchy);
    assert_eq!(first.summary.create, 9 + 2 * (points + 4) + 10);
    world.carry_out_listed(&hierarchy, &first);
    let observed = world.observed();
    let begun = std::time::Instant::now();
    let manifest_digest = manifest_digest();
    let next = plan(Inputs {
        hierarchy: &hierarchy,
        manifest_digest,
        observed: &observed,
        now: world.now,
    });
    println!("{points} distribution points, {packages} packages: {:?}", begun.elapsed());
    assert_eq!((ids(&next), next.complete), (vec![], true));
}
