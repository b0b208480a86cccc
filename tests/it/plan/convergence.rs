//! Whatever there is and whatever is wanted, a few plans lead from the one to the other.

use headwater::{
    model::{
        Declared, DistributionPointSpec, Hierarchy, Listener, Name, PullSelection, PullSource,
        PullSpec,
    },
    plan::Plan,
};
use proptest::{prelude::*, sample::Index};

use super::{
    contoso::{declared, hierarchy, name, port_settings, remove_site, suspend, valid},
    world::{Choice, World, ids},
};

/// A change of what is declared.
#[derive(Debug, Clone)]
pub(super) enum Change {
    RemoveSite(&'static str),
    Reparent(&'static str),
    Port(&'static str, u16),
    Version(Index, u32),
    RemovePackage(Index),
    Targets(Index, Vec<Index>),
    Sources(Index, Vec<Index>),
    SwitchPull(Index),
    Prestaged(Index),
    OnDemand(Index),
    MoveDistributionPoint(Index, Index),
    MoveUpdatePoint(Index, Index),
    RemoveUpdatePoint(Index),
    RemoveDistributionPoint(Index),
    SiteServer(Index, Index),
    File(Index),
    SuspendUpdatePoint(Index),
    SuspendDistributionPoint(Index),
    SuspendSystem(Index),
}

pub(super) fn changes() -> impl Strategy<Value = Vec<Change>> {
    let some = any::<Index>;
    let several = || prop::collection::vec(any::<Index>(), 0..4);
    let site = prop::sample::select(vec!["ams", "lis", "sea"]);
    let change = prop_oneof![
        site.prop_map(Change::RemoveSite),
        prop::sample::select(vec!["cen", "sea", "ams"]).prop_map(Change::Reparent),
        (prop::sample::select(vec!["content", "update-services"]), 8_600_u16..8_604)
            .prop_map(|(settings, port)| Change::Port(settings, port)),
        (some(), 1_u32..4).prop_map(|(it, version)| Change::Version(it, version)),
        some().prop_map(Change::RemovePackage),
        (some(), several()).prop_map(|(it, points)| Change::Targets(it, points)),
        (some(), several()).prop_map(|(it, points)| Change::Sources(it, points)),
        some().prop_map(Change::SwitchPull),
        some().prop_map(Change::Prestaged),
        some().prop_map(Change::OnDemand),
        (some(), some()).prop_map(|(it, to)| Change::MoveDistributionPoint(it, to)),
        (some(), some()).prop_map(|(it, to)| Change::MoveUpdatePoint(it, to)),
        some().prop_map(Change::RemoveUpdatePoint),
        some().prop_map(Change::RemoveDistributionPoint),
        (some(), some()).prop_map(|(it, to)| Change::SiteServer(it, to)),
        some().prop_map(Change::File),
        some().prop_map(Change::SuspendUpdatePoint),
        some().prop_map(Change::SuspendDistributionPoint),
        some().prop_map(Change::SuspendSystem),
    ];
    prop::collection::vec(change, 0..7)
}

/// The example after those changes that leave it valid.
fn wanted(changes: &[Change]) -> Hierarchy {
    hierarchy(&wanted_documents(changes))
}

/// The documents of the example after those changes that leave it valid.
pub(super) fn wanted_documents(changes: &[Change]) -> Declared {
    let mut it = declared();
    for change in changes {
        let mut next = it.clone();
        if make(&mut next, change).is_some() && valid(&next) {
            it = next;
        }
    }
    it
}

fn pick<Value>(it: &std::collections::BTreeMap<Name, Value>, index: Index) -> Option<Name> {
    let names: Vec<&Name> = it.keys().collect();
    (!names.is_empty()).then(|| (*index.get(&names)).clone())
}

fn point(it: &mut Declared, index: Index) -> Option<&mut DistributionPointSpec> {
    let point = pick(&it.distribution_points, index)?;
    Some(&mut it.distribution_points.get_mut(&point)?.spec)
}

fn make(it: &mut Declared, change: &Change) -> Option<()> {
    match change {
        Change::RemoveSite(site) => {
            if *site == "ams" {
                it.sites.get_mut(&name("lis"))?.spec.parent = Some(name("sea"));
            }
            remove_site(it, site);
            let sites = it.sites.keys().map(|site| site.as_str().to_ascii_uppercase());
            let sites: Vec<String> = sites.collect();
            it.packages.retain(|_, package| {
                sites.iter().any(|site| package.spec.package_id.site_code() == site)
            });
        }
        Change::Reparent(to) => it.sites.get_mut(&name("lis"))?.spec.parent = Some(name(to)),
        Change::Port(settings, port) => port_settings(it, settings, *port),
        Change::Version(index, version) => {
            let package = pick(&it.packages, *index)?;
            it.packages.get_mut(&package)?.spec.source_version = *version;
        }
        Change::RemovePackage(index) => {
            let package = pick(&it.packages, *index)?;
            it.packages.remove(&package);
        }
        Change::Targets(index, points) => {
            let points = points.iter().filter_map(|point| pick(&it.distribution_points, *point));
            let points: Vec<Name> = points.collect();
            let package = pick(&it.packages, *index)?;
            let targets = &mut it.packages.get_mut(&package)?.spec.distribute_to;
            targets.groups.clear();
            targets.distribution_points = points;
            targets.distribution_points.dedup();
        }
        Change::Sources(index, points) => {
            let sources = points.iter().filter_map(|point| pick(&it.distribution_points, *point));
            let sources: Vec<PullSource> = sources
                .map(|distribution_point| PullSource { distribution_point, priority: 1 })
                .collect();
            let point = pick(&it.distribution_points, *index)?;
            let pull = (!sources.is_empty()).then_some(PullSpec {
                enabled: true,
                sources,
                selection: PullSelection::default(),
                cut_through: false,
            });
            it.distribution_points.get_mut(&point)?.spec.pull = pull;
        }
        Change::SwitchPull(index) => {
            let point = pick(&it.distribution_points, *index)?;
            let pull = it.distribution_points.get_mut(&point)?.spec.pull.as_mut()?;
            pull.enabled = !pull.enabled;
        }
        Change::Prestaged(index) => point(it, *index)?.prestaged = true,
        Change::OnDemand(index) => {
            let point = point(it, *index)?;
            point.on_demand = !point.on_demand;
        }
        Change::MoveDistributionPoint(index, to) => {
            let (point, to) =
                (pick(&it.distribution_points, *index)?, pick(&it.site_systems, *to)?);
            it.distribution_points.get_mut(&point)?.spec.site_system = to;
        }
        Change::MoveUpdatePoint(index, to) => {
            let to = pick(&it.site_systems, *to)?;
            let point = pick(&it.software_update_points, *index)?;
            it.site_systems.get_mut(&to)?.spec.software.wsus =
                Some(headwater::model::WsusVersion::V10_0);
            it.software_update_points.get_mut(&point)?.spec.site_system = to;
        }
        Change::RemoveUpdatePoint(index) => {
            let point = pick(&it.software_update_points, *index)?;
            it.software_update_points.remove(&point);
        }
        Change::RemoveDistributionPoint(index) => {
            let point = pick(&it.distribution_points, *index)?;
            super::contoso::remove_distribution_point(it, point.as_str());
        }
        Change::SiteServer(index, to) => {
            let (site, to) = (pick(&it.sites, *index)?, pick(&it.site_systems, *to)?);
            (it.site_systems[&to].spec.site == site).then_some(())?;
            it.sites.get_mut(&site)?.spec.site_server = to;
        }
        Change::File(index) => {
            let point = it.software_update_points.get_mut(&name("cen-active"))?;
            let file = index.get(&["one.cab", "two.cab"]);
            point.spec.source.as_mut()?.file = Some((*file).to_owned());
        }
        Change::SuspendUpdatePoint(index) => {
            let point = pick(&it.software_update_points, *index)?;
            suspend(it.software_update_points.get_mut(&point));
        }
        Change::SuspendDistributionPoint(index) => {
            let point = pick(&it.distribution_points, *index)?;
            suspend(it.distribution_points.get_mut(&point));
        }
        Change::SuspendSystem(index) => {
            let system = pick(&it.site_systems, *index)?;
            suspend(it.site_systems.get_mut(&system));
        }
    }
    Some(())
}

/// Something breaks, or a client asks for something.
#[derive(Debug, Clone)]
pub(super) enum Damage {
    Ask(Index, Index),
    LoseSystem(Index),
    LoseRoles(Index),
    LoseDatabase(Index),
    LosePolicy(Index),
    Files(Index, Index),
    SiteFiles(Index),
    ClosePorts(Index),
}

pub(super) fn damages() -> impl Strategy<Value = Vec<Damage>> {
    let some = any::<Index>;
    let damage = prop_oneof![
        (some(), some()).prop_map(|(point, package)| Damage::Ask(point, package)),
        some().prop_map(Damage::LoseSystem),
        some().prop_map(Damage::LoseRoles),
        some().prop_map(Damage::LoseDatabase),
        some().prop_map(Damage::LosePolicy),
        (some(), some()).prop_map(|(point, package)| Damage::Files(point, package)),
        some().prop_map(Damage::SiteFiles),
        some().prop_map(Damage::ClosePorts),
    ];
    prop::collection::vec(damage, 0..5)
}

pub(super) fn damage(world: &mut World, damage: &Damage) -> Option<()> {
    let (Damage::Ask(index, _)
    | Damage::LoseSystem(index)
    | Damage::LoseRoles(index)
    | Damage::LoseDatabase(index)
    | Damage::LosePolicy(index)
    | Damage::Files(index, _)
    | Damage::SiteFiles(index)
    | Damage::ClosePorts(index)) = damage;
    let system = pick(&world.systems, *index)?;
    let state = world.systems.get_mut(&system)?;
    match damage {
        Damage::Ask(_, package) => {
            let on_demand = &mut state.distribution_point.as_mut()?.on_demand;
            let ids: Vec<_> = on_demand.keys().cloned().collect();
            let id = (!ids.is_empty()).then(|| package.get(&ids))?;
            on_demand.get_mut(id)?.requested = Some(world.now);
        }
        Damage::LoseSystem(_) => {
            let site = state.settings.site.clone();
            if state.site_server.is_some() {
                world.databases.remove(&site);
            }
            world.systems.remove(&system);
            world.catalogs.remove(&system);
        }
        Damage::LoseRoles(_) => {
            state.update_point = None;
            state.update_services = None;
            state.distribution_point = None;
            world.catalogs.remove(&system);
        }
        Damage::LoseDatabase(_) => {
            let site = state.settings.site.clone();
            world.databases.remove(&site);
        }
        Damage::LosePolicy(_) => state.site_server.as_mut()?.client_policy = None,
        Damage::Files(_, package) => {
            let packages = &mut state.distribution_point.as_mut()?.packages;
            let ids: Vec<_> = packages.keys().cloned().collect();
            let id = (!ids.is_empty()).then(|| package.get(&ids))?;
            packages.get_mut(id)?.damaged = 1;
        }
        Damage::SiteFiles(_) => {
            state.site_server.as_mut()?.packages.values_mut().next()?.damaged = 1;
        }
        Damage::ClosePorts(_) => {
            let closed = Listener::Closed("taken".to_owned());
            state.update_point.as_mut()?.listener = closed;
        }
    }
    Some(())
}

/// Nothing is left to do, or it is left on purpose or with a reason that somebody is told.
fn assert_settled(plan: &Plan) {
    assert!(ids(plan).is_empty(), "{:#?}", ids(plan));
    assert!(plan.complete || !plan.diagnostics.is_empty(), "{:#?}", plan.waiting);
}

proptest! {
    #[test]
    fn any_change_and_any_damage_converge(
        before in changes(),
        after in changes(),
        damages in damages(),
        order in any::<u64>(),
    ) {
        let mut world = World::new();
        world.converge(&wanted(&before), Choice::Any(order));
        for it in &damages {
            damage(&mut world, it);
        }
        let hierarchy = wanted(&after);
        world.converge(&hierarchy, Choice::Any(order));
        assert_settled(&world.plan(&hierarchy));
    }

    #[test]
    fn what_is_unknown_is_left_alone_until_it_answers(
        before in changes(),
        after in changes(),
        unknown in prop::collection::vec(any::<Index>(), 1..4),
        order in any::<u64>(),
    ) {
        let mut world = World::new();
        world.converge(&wanted(&before), Choice::Any(order));
        let hierarchy = wanted(&after);
        world.converge_without(&unknown, &hierarchy, Choice::Any(order));
        prop_assert!(!world.plan(&hierarchy).complete || world.unknown.is_empty()
            || world.unknown.iter().all(|name| suspended(&hierarchy, name)));
        world.unknown.clear();
        world.converge(&hierarchy, Choice::Any(order));
        assert_settled(&world.plan(&hierarchy));
    }
}

fn suspended(hierarchy: &Hierarchy, system: &Name) -> bool {
    hierarchy.site_systems.get(system).is_some_and(|it| it.suspended)
}
