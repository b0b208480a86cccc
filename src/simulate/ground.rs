//! Where everything stands: sites, the lines between them, machines; as places in lists, with the
//! resources of the network that stand for them.

use std::{
    collections::{BTreeMap, VecDeque},
    rc::Rc,
};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    frames::content_of,
    network::Network,
    numbers::{float, short},
    scenario::{LineHours, Scenario},
};
use crate::model::{Hierarchy, Name, SiteCode, Weekday, time_zone};

/// A machine: the computer of a site system.
#[derive(Debug, Clone)]
pub(super) struct MachinePlace {
    pub(super) name: String,
    pub(super) site: u32,
    /// What it sends and what comes in.
    pub(super) out: u32,
    pub(super) into: u32,
    /// Bytes of content a second that its card sends or takes.
    pub(super) network: f64,
    pub(super) disk: f64,
    /// How many faults keep it down now.
    pub(super) down: u32,
    /// By how much its clock is ahead.
    pub(super) skew: SignedDuration,
}

/// A line between two sites.
#[derive(Debug, Clone)]
pub(super) struct LinePlace {
    pub(super) between: [u32; 2],
    /// There and back.
    pub(super) resources: [u32; 2],
    pub(super) latency: SignedDuration,
    pub(super) hours: Vec<LineHours>,
    pub(super) zone: TimeZone,
    /// How many faults keep it cut now.
    pub(super) cut: u32,
    /// Whether it is out of its hours now.
    pub(super) closed: bool,
}

impl LinePlace {
    pub(super) fn is_there(&self) -> bool {
        self.cut == 0 && !self.closed
    }

    /// Whether a time is one of its hours.
    pub(super) fn opens_at(&self, time: Timestamp) -> bool {
        let here = self.zone.to_datetime(time);
        let day = weekday(here.weekday());
        let open = |hours: &LineHours| {
            let hour = u8::try_from(here.hour()).unwrap_or_default();
            (hours.days.is_empty() || hours.days.contains(&day))
                && (hours.from..hours.to).contains(&hour)
        };
        self.hours.is_empty() || self.hours.iter().any(open)
    }
}

fn weekday(day: jiff::civil::Weekday) -> Weekday {
    match day {
        jiff::civil::Weekday::Monday => Weekday::Monday,
        jiff::civil::Weekday::Tuesday => Weekday::Tuesday,
        jiff::civil::Weekday::Wednesday => Weekday::Wednesday,
        jiff::civil::Weekday::Thursday => Weekday::Thursday,
        jiff::civil::Weekday::Friday => Weekday::Friday,
        jiff::civil::Weekday::Saturday => Weekday::Saturday,
        jiff::civil::Weekday::Sunday => Weekday::Sunday,
    }
}

/// The way from one site to another.
#[derive(Debug, Clone, Default)]
pub(super) struct Route {
    pub(super) lines: Vec<u32>,
    pub(super) resources: Vec<u32>,
    pub(super) latency: SignedDuration,
}

/// Sites, lines and machines.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) sites: Vec<SiteCode>,
    pub(super) zones: Vec<TimeZone>,
    pub(super) machines: Vec<MachinePlace>,
    pub(super) lines: Vec<LinePlace>,
    /// For each site something that all goes through that comes into one of its distribution points:
    /// it holds up nobody, and knows when how much came.
    pub(super) incoming: Vec<u32>,
    /// Stands for all servers outside of the hierarchy; in every site.
    pub(super) internet: u32,
    by_name: BTreeMap<Name, u32>,
    by_code: BTreeMap<SiteCode, u32>,
    routes: BTreeMap<(u32, u32), Option<Rc<Route>>>,
}

impl Ground {
    pub(super) fn new(hierarchy: &Hierarchy, scenario: &Scenario, network: &mut Network) -> Self {
        let sites: Vec<SiteCode> = hierarchy.sites.keys().cloned().collect();
        let by_code: BTreeMap<SiteCode, u32> =
            sites.iter().enumerate().map(|(number, code)| (code.clone(), short(number))).collect();
        let zone = |zone: Option<&String>| zone.and_then(|it| time_zone(it));
        let zones = sites.iter().map(|code| {
            let said = scenario.sites.get(code).and_then(|it| zone(it.time_zone.as_ref()));
            said.unwrap_or(TimeZone::UTC)
        });
        let zones = zones.collect();
        let defaults = &scenario.defaults;
        let mut machines = Vec::with_capacity(hierarchy.site_systems.len() + 1);
        let mut by_name = BTreeMap::new();
        let mut add = |name: String, site: u32, speed: f64, disk: f64| {
            let speed = content_of(speed);
            let mut resource = || network.add(speed.min(disk), false);
            let (out, into) = (resource(), resource());
            let skew = SignedDuration::ZERO;
            let place = MachinePlace { name, site, out, into, network: speed, disk, down: 0, skew };
            machines.push(place);
            short(machines.len() - 1)
        };
        for (name, system) in &hierarchy.site_systems {
            let site = by_code.get(&system.site).copied().unwrap_or_default();
            let own = scenario.machines.get(name).cloned().unwrap_or_default();
            let of_site = scenario.sites.get(&system.site).and_then(|site| site.network);
            let speed = own.network.or(of_site).unwrap_or(defaults.network);
            let disk = own.disk.unwrap_or(defaults.disk);
            let place = add(name.to_string(), site, float(speed.bytes()), float(disk.bytes()));
            by_name.insert(name.clone(), place);
        }
        let internet = float(defaults.internet.bytes());
        let internet = add("the Internet".to_owned(), u32::MAX, internet, f64::INFINITY);
        let lines = lines(hierarchy, scenario, &by_code, network);
        let routes = BTreeMap::new();
        let incoming = sites.iter().map(|_| network.add(f64::INFINITY, true)).collect();
        let mut ground =
            Self { sites, zones, machines, lines, incoming, internet, by_name, by_code, routes };
        for skew in &scenario.faults.clock_skews {
            if let Some(machine) = ground.machine(&skew.site_system) {
                ground.machines[machine as usize].skew = skew.by.duration();
            }
        }
        ground
    }

    pub(super) fn machine(&self, system: &Name) -> Option<u32> {
        self.by_name.get(system).copied()
    }

    pub(super) fn site(&self, code: &SiteCode) -> Option<u32> {
        self.by_code.get(code).copied()
    }

    pub(super) fn line(&self, between: &[SiteCode; 2]) -> Option<u32> {
        let ends = [self.site(&between[0])?, self.site(&between[1])?];
        let is = |line: &LinePlace| line.between == ends || line.between == [ends[1], ends[0]];
        self.lines.iter().position(is).map(short)
    }

    pub(super) fn is_up(&self, machine: u32) -> bool {
        self.machines[machine as usize].down == 0
    }

    /// The way between the sites of two machines, over the fewest lines; `None` if no lines lead
    /// there. It stays the same while lines are cut: nobody goes another way then.
    pub(super) fn route(&mut self, from: u32, to: u32) -> Option<Rc<Route>> {
        let site = |machine: u32| self.machines[machine as usize].site;
        let (from, to) = (site(from), site(to));
        if from == to || from == u32::MAX || to == u32::MAX {
            return Some(Rc::default());
        }
        if let Some(known) = self.routes.get(&(from, to)) {
            return known.clone();
        }
        let found = self.search(from, to).map(Rc::new);
        self.routes.insert((from, to), found.clone());
        found
    }

    /// Why nothing gets from one machine to another now, if that is so.
    pub(super) fn obstacle(&mut self, from: u32, to: u32) -> Option<String> {
        for machine in [from, to] {
            if !self.is_up(machine) {
                return Some(format!("`{}` is down", self.machines[machine as usize].name));
            }
        }
        let Some(route) = self.route(from, to) else {
            return Some("no lines lead there".to_owned());
        };
        let cut = route.lines.iter().find(|line| !self.lines[**line as usize].is_there())?;
        let why = if self.lines[*cut as usize].cut > 0 { "cut" } else { "closed at this hour" };
        Some(format!("the line {} is {why}", self.line_name(*cut)))
    }

    pub(super) fn line_name(&self, line: u32) -> String {
        let [one, other] = self.lines[line as usize].between;
        format!("{}–{}", self.sites[one as usize], self.sites[other as usize])
    }

    /// Breadth first; among ways of the same length the one over the lines that stand first.
    fn search(&self, from: u32, to: u32) -> Option<Route> {
        let mut came: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        let mut next = VecDeque::from([from]);
        while let Some(site) = next.pop_front() {
            if site == to {
                break;
            }
            for (number, line) in self.lines.iter().enumerate() {
                let other = match line.between {
                    [one, other] if one == site => other,
                    [other, one] if one == site => other,
                    _ => continue,
                };
                if other != from && !came.contains_key(&other) {
                    came.insert(other, (site, short(number)));
                    next.push_back(other);
                }
            }
        }
        let mut route = Route::default();
        let mut at = to;
        while at != from {
            let (before, number) = *came.get(&at)?;
            let line = &self.lines[number as usize];
            let direction = usize::from(line.between[0] != before);
            route.lines.push(number);
            route.resources.push(line.resources[direction]);
            route.latency = route.latency.saturating_add(line.latency);
            at = before;
        }
        route.lines.reverse();
        route.resources.reverse();
        Some(route)
    }
}

/// The lines that are said, and one to the parent of each site of which nothing is said.
fn lines(
    hierarchy: &Hierarchy,
    scenario: &Scenario,
    by_code: &BTreeMap<SiteCode, u32>,
    network: &mut Network,
) -> Vec<LinePlace> {
    let defaults = &scenario.defaults;
    let mut places: Vec<LinePlace> = Vec::new();
    let place = |code: &SiteCode| by_code.get(code).copied();
    let said = scenario.links.iter().map(|link| (&link.between[0], &link.between[1], Some(link)));
    let tree = hierarchy.sites.iter();
    let tree = tree.filter_map(|(code, site)| Some((site.parent.as_ref()?, code, None)));
    for (one, other, link) in said.chain(tree) {
        let (Some(one), Some(other)) = (place(one), place(other)) else { continue };
        let there = |it: &LinePlace| it.between == [one, other] || it.between == [other, one];
        if places.iter().any(there) {
            continue;
        }
        let speed = link.and_then(|link| link.bandwidth).unwrap_or(defaults.link);
        let latency = link.and_then(|link| link.latency).unwrap_or(defaults.latency);
        let zone = link.and_then(|link| time_zone(link.time_zone.as_ref()?));
        let resources = [(); 2].map(|()| network.add(content_of(float(speed.bytes())), true));
        places.push(LinePlace {
            between: [one, other],
            resources,
            latency: latency.duration(),
            hours: link.map_or_else(Vec::new, |link| link.open.clone()),
            zone: zone.unwrap_or(TimeZone::UTC),
            cut: 0,
            closed: false,
        });
    }
    places
}
