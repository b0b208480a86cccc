//! The world at its beginning: what there is, what the plan wants, and what goes wrong later.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;

use super::{
    actions::{Actions, Work},
    content::{PackagePlace, Places, PointPlace},
    events::{Event, Events},
    faults::Trouble,
    job::Jobs,
    pushing::Sending,
    run::World,
    synchronizing::{SiteSync, UpdatePlace, Upstream},
    tally::Tally,
    turns::{Turns, depths},
    windows::Windows,
};
use crate::{
    engine::{SyncManager, source_selection::SourceHealth},
    model::{
        Hierarchy, Name, Observed, PackageId, PullSelection, SiteCode, SourceType,
        SynchronizationOrder,
    },
    plan::{ActionKind, Plan},
    simulate::{
        at::At,
        ground::Ground,
        network::Network,
        numbers::{float, short},
        outcome::Spread,
        policy::Rules,
        random::Random,
        scenario::Scenario,
    },
};

/// What a world is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Making<'a, 'world> {
    pub(crate) hierarchy: &'a Hierarchy,
    /// The same with its maintenance windows.
    pub(crate) windows: &'world Hierarchy,
    pub(crate) observed: &'a Observed,
    pub(crate) plan: &'a Plan,
    pub(crate) scenario: &'world Scenario,
    /// The bytes of each package, by its ID.
    pub(crate) sizes: &'a BTreeMap<PackageId, u64>,
    /// When packages are released that are not there from the beginning.
    pub(crate) releases: &'a BTreeMap<PackageId, At>,
    pub(crate) rules: Rules,
    pub(crate) begin: Timestamp,
    pub(crate) end: At,
    pub(crate) seed: u64,
}

impl<'world> World<'world> {
    /// The plan is not needed any more when the world is made of it.
    pub(crate) fn new(making: Making<'_, 'world>) -> Self {
        let Making { hierarchy, observed, plan, scenario, .. } = making;
        let mut network = Network::default();
        let ground = Ground::new(hierarchy, scenario, &mut network);
        let mut points = points(hierarchy, &ground);
        let mut packages = packages(making, &ground, points.len());
        let package_numbers: BTreeMap<Name, u32> =
            packages.iter().enumerate().map(|(at, it)| (it.name.clone(), short(at))).collect();
        let point_numbers: BTreeMap<Name, u32> =
            points.iter().enumerate().map(|(at, it)| (it.name.clone(), short(at))).collect();
        let mut actions = Actions::of(plan, &package_numbers, &point_numbers, making.rules.at_once);
        if !making.rules.planned {
            actions = Actions::at_once(actions);
        }
        let mut open = 0;
        for action in &actions.all {
            if let Work::Bring(package, places) = &action.work {
                packages[*package as usize].wanted += places.len();
                open += places.len();
                for place in places {
                    points[*place as usize].wanted += 1;
                }
            }
        }
        hold(observed, hierarchy, &points, &mut packages, &actions);
        let later: Vec<bool> = packages.iter().map(|it| it.released > At::BEGIN).collect();
        actions.follow(|place| points[place as usize].pulls);
        actions.get_ready(&later);
        let mut events = Events::default();
        for (number, package) in packages.iter().enumerate() {
            if package.released > At::BEGIN {
                let event = Event::Release { package: short(number) };
                events.add(package.released, event);
            }
        }
        let by_id: BTreeMap<&PackageId, u32> =
            packages.iter().enumerate().map(|(at, it)| (&it.id, short(at))).collect();
        let trouble = Trouble::of(
            scenario,
            &ground,
            |name| point_numbers.get(name).copied(),
            |id| by_id.get(id).copied(),
            &mut events,
        );
        for (number, line) in ground.lines.iter().enumerate() {
            if !line.hours.is_empty() {
                events.add(At::BEGIN, Event::LineHour { line: short(number) });
            }
        }
        let sending = hierarchy.sites.values();
        let sending = sending.map(|site| Sending::new(site.distribution.clone())).collect();
        let top = hierarchy.sites.values().find(|site| site.parent.is_none());
        let controller = top.and_then(|site| ground.machine(&site.site_server)).unwrap_or_default();
        let tally = Tally::new(controller, plan.waiting.clone());
        let skew = ground.machines.get(controller as usize).map(|it| it.skew).unwrap_or_default();
        // They are about what a plan does.
        let windows = Some(making.windows).filter(|_| making.rules.planned);
        let windows = windows.and_then(|it| Windows::of(it, plan, making.begin, skew));
        let mut world = Self {
            scenario,
            rules: making.rules,
            begin: making.begin,
            end: making.end,
            now: At::BEGIN,
            events,
            turns: Turns::new(&points),
            syncs: ground.sites.iter().map(|_| None).collect(),
            ground,
            network,
            owners: Vec::new(),
            points,
            packages,
            spare: Vec::new(),
            jobs: Jobs::default(),
            actions,
            windows,
            sending,
            trouble,
            tally,
            random: Random::new(making.seed),
            stamps: 0,
            woken: VecDeque::new(),
            freed: VecDeque::new(),
            happened: VecDeque::new(),
            sends: VecDeque::new(),
            open,
        };
        world.begin_syncs(hierarchy, observed, plan);
        world
    }

    fn begin_syncs(&mut self, hierarchy: &Hierarchy, observed: &Observed, plan: &Plan) {
        let kinds = [ActionKind::Synchronize, ActionKind::ImportUpdates];
        let wanted = plan.actions.iter().filter(|action| kinds.contains(&action.kind));
        let wanted: BTreeSet<&Name> = wanted.map(|action| &action.resource.name).collect();
        for (number, code) in self.ground.sites.clone().iter().enumerate() {
            let sync = site_sync(hierarchy, observed, &self.ground, code, &wanted);
            if sync.as_ref().is_some_and(|sync| sync.wanted) {
                self.open += 1;
            }
            let catalog = float(self.scenario.catalogs.first.bytes());
            self.syncs[number] = sync.map(|mut sync| {
                // What was synchronized before has the catalog of that time.
                let all = sync.internet_based.iter_mut().chain([&mut sync.active]);
                for point in all {
                    point.has *= catalog;
                }
                sync.database *= catalog;
                sync
            });
        }
        for site in 0..short(self.syncs.len()) {
            let Some(it) = &self.syncs[site as usize] else { continue };
            let (parent, missing) = (it.parent, it.wanted);
            let above = parent.and_then(|parent| self.syncs[parent as usize].as_ref());
            match (parent, above) {
                (None, _) if missing => {
                    let windows = self.windows.as_mut();
                    let first = windows.map_or(At::BEGIN, |windows| {
                        windows.first_synchronization(&it.active.name)
                    });
                    self.events.add(first, Event::SyncDue { site });
                }
                (None, _) => self.schedule(site),
                // Its parent is up to date, and it is not.
                (Some(parent), Some(above)) if missing && !above.wanted => {
                    let event = Event::SyncPass { site: parent, child: site };
                    self.events.add(At::BEGIN, event);
                }
                (Some(_), _) => {}
            }
        }
    }
}

fn points(hierarchy: &Hierarchy, ground: &Ground) -> Vec<PointPlace> {
    let numbers: BTreeMap<&Name, u32> =
        hierarchy.distribution_points.keys().enumerate().map(|(at, it)| (it, short(at))).collect();
    let mut points: Vec<PointPlace> = hierarchy
        .distribution_points
        .iter()
        .map(|(name, point)| {
            let settings = &point.settings;
            let sources: Vec<_> = settings.pulls_from().cloned().collect();
            let places = sources.iter().filter_map(|it| numbers.get(&it.distribution_point));
            let adaptive = settings
                .pull
                .as_ref()
                .is_some_and(|pull| pull.selection == PullSelection::Adaptive);
            let site = hierarchy.sites.get(&settings.site);
            PointPlace {
                name: name.clone(),
                machine: ground.machine(&point.site_system).unwrap_or_default(),
                site: ground.site(&settings.site).unwrap_or_default(),
                pulls: settings.pulls(),
                cuts_through: settings.cuts_through(),
                source_places: places.copied().collect(),
                sources,
                depth: 0,
                transfers: site.map(|site| site.transfers.clone()).unwrap_or_default(),
                settings: settings.clone(),
                health: adaptive.then(SourceHealth::default),
                unfinished: 0,
                spare: Vec::new(),
                took: Vec::new(),
                wanted: 0,
                last: At::BEGIN,
            }
        })
        .collect();
    let sources: Vec<Vec<u32>> = points.iter().map(|it| it.source_places.clone()).collect();
    for (point, depth) in points.iter_mut().zip(depths(&sources)) {
        point.depth = depth;
    }
    points
}

fn packages(making: Making<'_, '_>, ground: &Ground, points: usize) -> Vec<PackagePlace> {
    let Making { hierarchy, scenario, sizes, releases, .. } = making;
    let place = |(name, package): (&Name, &crate::model::Package)| {
        let bytes = sizes.get(&package.id).copied();
        let server = hierarchy.sites.get(&package.site).map(|site| &site.site_server);
        PackagePlace {
            name: name.clone(),
            id: package.id.clone(),
            bytes: float(bytes.unwrap_or(scenario.defaults.package.bytes())),
            priority: package.priority,
            server: server.and_then(|it| ground.machine(it)).unwrap_or_default(),
            site: ground.site(&package.site).unwrap_or_default(),
            released: releases.get(&package.id).copied().unwrap_or(At::BEGIN),
            holders: Places::of(points),
            wanted: 0,
            done: 0,
            jobs: Vec::new(),
            records: Vec::new(),
            watchers: Vec::new(),
            last: At::BEGIN,
            spread: Spread::default(),
            taken: At::BEGIN,
        }
    };
    hierarchy.packages.iter().map(place).collect()
}

/// What distribution points hold already: what was seen there, as far as the plan does not bring it.
fn hold(
    observed: &Observed,
    hierarchy: &Hierarchy,
    points: &[PointPlace],
    packages: &mut [PackagePlace],
    actions: &Actions,
) {
    let mut brought: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for action in &actions.all {
        if let Work::Bring(package, places) = &action.work {
            brought.entry(*package).or_default().extend(places);
        }
    }
    let systems: Vec<Option<u32>> = points
        .iter()
        .map(|point| {
            let point = hierarchy.distribution_points.get(&point.name)?;
            observed.libraries.number(&point.site_system)
        })
        .collect();
    for (number, package) in packages.iter_mut().enumerate() {
        let contents = observed.libraries.contents(&package.id);
        let coming = brought.get(&short(number));
        for (place, system) in systems.iter().enumerate() {
            let Some(system) = system else { continue };
            let holds = contents.iter().any(|content| content.whole.contains(*system));
            if holds && !coming.is_some_and(|it| it.contains(&short(place))) {
                package.holders.add(short(place));
            }
        }
    }
}

/// The synchronization of a site. How much its points have is 1 for the whole catalog here.
fn site_sync(
    hierarchy: &Hierarchy,
    observed: &Observed,
    ground: &Ground,
    code: &SiteCode,
    wanted: &BTreeSet<&Name>,
) -> Option<SiteSync> {
    let site = hierarchy.sites.get(code)?;
    let server = ground.machine(&site.site_server)?;
    let place = |name: &Name| {
        let point = hierarchy.update_points.get(name)?;
        let upstream = match hierarchy.upstream(point) {
            Some((_, above)) => Upstream::Site(ground.site(&above.settings.site)?),
            None => match point.settings.source.r#type {
                SourceType::Import => Upstream::File,
                SourceType::None => Upstream::Nothing,
                _ => Upstream::Outside,
            },
        };
        let machine = ground.machine(&point.site_system)?;
        let seen = observed.update_point(name).is_some_and(|(_, it)| it.catalog_version.is_some());
        let has = if seen { 1.0 } else { 0.0 };
        Some(UpdatePlace { name: name.clone(), machine, upstream, has })
    };
    let active = site.active_point.as_ref()?;
    let with_point = hierarchy.children(code).filter(|(_, child)| child.active_point.is_some());
    let children: Vec<(SiteCode, bool)> = with_point
        .map(|(code, child)| {
            let point = child.active_point.as_ref();
            let flows = child.synchronization == SynchronizationOrder::Pipelined
                && point.is_some_and(|point| wanted.contains(point));
            (code.clone(), flows)
        })
        .collect();
    let all = children.iter().map(|(code, _)| code.clone()).collect();
    let mut manager = SyncManager::new(
        site.parent.is_none(),
        active.clone(),
        site.internet_based_point.clone(),
        all,
    );
    manager.let_flow_to(children.into_iter().filter(|it| it.1).map(|it| it.0).collect());
    let mut sync = SiteSync::new(manager, place(active)?, server);
    sync.internet_based = site.internet_based_point.as_ref().and_then(place);
    sync.parent = site.parent.as_ref().and_then(|parent| ground.site(parent));
    let filled = observed.site_server(code).is_some_and(|it| it.catalog_version.is_some());
    sync.database = if filled { 1.0 } else { 0.0 };
    let point = hierarchy.update_points.get(active)?;
    sync.schedule = point.settings.schedule.clone().filter(|_| site.parent.is_none());
    sync.wanted = wanted.contains(active);
    if !sync.wanted {
        // It has done before what there is to do.
        sync.first = At::BEGIN;
    }
    Some(sync)
}
