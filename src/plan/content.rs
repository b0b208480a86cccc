//! Content: a package's source into its site's library, from there to the standard distribution
//! points (PDP-1), and wave by wave to those that pull from them (PDP-5).

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Kind, Name, ResourceId, Site, SiteCode};

use super::{
    ActionId,
    libraries::{Held, Lack, Unwanted, Wanted},
    made_content::MadeContent,
    on_demand::Behind,
    places::{Place, Places},
    planner::{Draft, Planner, Starving},
    synchronization::SYNCHRONIZING,
};

/// Distribution points that get a package by one action: alike in how far they are from the site
/// server, in their site and in what they lack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wave {
    /// 0 is sent by the site server, 1 pulls from wave 0, and so on.
    number: usize,
    site: SiteCode,
    lack: Lack,
}

impl Wave {
    /// That in which a distribution point gets what it lacks.
    pub(super) fn of(place: &Place<'_>, lack: Lack) -> Self {
        Self { number: place.depth, site: place.point.settings.site.clone(), lack }
    }
}

/// The distribution points that get a package by this plan, by wave.
pub(super) type Waves = BTreeMap<Wave, Vec<usize>>;

/// How a package stands at the distribution points that lack it, by their numbers.
pub(super) type Standings = BTreeMap<usize, Standing>;

/// How a package stands at a distribution point that shall hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is there, or will be by this plan.
    There,
    /// It is not, and will be when somebody asks.
    OnDemand,
    /// It is not, and nothing of this plan brings it; whether somebody chose that.
    Missing { chosen: bool },
}

impl<'a> Planner<'a> {
    /// Plans the content, and gives what is in libraries and shall not be.
    pub(super) fn content(&mut self, places: &Places<'a>) -> Unwanted {
        let (mut wanted, unwanted, withdrawn) = self.libraries(places);
        wanted.sort_by_key(|it| (std::cmp::Reverse(it.package.priority), it.name));
        for it in &wanted {
            self.package(it, places);
        }
        self.withdraw(withdrawn, places);
        unwanted
    }

    fn package(&mut self, it: &Wanted<'a>, places: &Places<'a>) {
        let Wanted { name, package, held, .. } = *it;
        let resource = ResourceId::new(Kind::Package, name);
        let Some(site) = self.hierarchy.sites.get(&package.site) else { return };
        let server = &site.site_server;
        if package.suspended {
            return self.hold(resource, "it is suspended by its annotation", true);
        }
        if let Some(chosen) = self.held(Kind::SiteSystem, server) {
            return self.hold(resource, format!("site server `{server}` has to be there"), chosen);
        }
        if let MadeContent::Waits { on, chosen } = &it.made {
            // What is there is distributed all the same.
            if held.is_none_or(|held| !held.is_of(package.version)) {
                return self.hold(resource, on, *chosen);
            }
            self.wait(resource.clone(), on, *chosen);
        }
        let mut taken = None;
        if let Some(lack) = it.taken {
            let reason = match &it.made {
                MadeContent::Due { reason, .. } => reason.clone(),
                _ => lack.reason(held, package),
            };
            taken = Some(self.add(Draft {
                kind: lack.action(),
                resource: resource.clone(),
                site: package.site.clone(),
                requirement: "PDP-15",
                reason: format!("{reason} in the content library of site server `{server}`"),
                after: self.before_taking(site, server, &it.made),
                // None: the site server's own library, from which the others are served.
                targets: Vec::new(),
                diff: Vec::new(),
                part: Some(package.site.to_string()),
            }));
        }
        let (waves, standings) = self.waves(it, places);
        let after: Vec<ActionId> = taken.iter().cloned().collect();
        self.offer(it, places, &standings, &after);
        let pulled = waves.keys().any(|wave| wave.number > 0);
        let mut ids: Vec<ActionId> = Vec::new();
        // The number of a distribution point, and which of the actions brings the package to it.
        let mut brought: BTreeMap<usize, usize> = BTreeMap::new();
        for (wave, points) in waves {
            let mut after: Vec<ActionId> = taken.iter().cloned().collect();
            let mut sources = BTreeSet::new();
            for place in points.iter().map(|point| &places.all[*point]) {
                after.extend(place.setting_up.iter().cloned());
                // What cuts through serves what it has while the rest still comes.
                let waited_for = place
                    .sources
                    .iter()
                    .filter(|it| !places.all[**it].point.settings.cuts_through());
                sources.extend(waited_for.filter_map(|it| brought.get(it).copied()));
            }
            after.extend(sources.into_iter().map(|action| ids[action].clone()));
            let names: Vec<Name> =
                points.iter().map(|point| places.all[*point].name.clone()).collect();
            let sample = points.first().and_then(|point| {
                Held::by(&self.observed.libraries, places.all[*point].slot, &package.id)
            });
            let reason = wave.lack.reason(sample, package);
            let how = if wave.number == 0 { "sent by the site server" } else { "pulled" };
            if pulled {
                brought.extend(points.iter().map(|point| (*point, ids.len())));
            }
            ids.push(self.add(Draft {
                kind: wave.lack.action(),
                resource: resource.clone(),
                site: wave.site.clone(),
                requirement: if wave.number == 0 { "PDP-1" } else { "PDP-5" },
                reason: format!("{reason} on {}: {how}", list(&names)),
                after,
                targets: names,
                diff: Vec::new(),
                part: Some(format!("{}.{}{}", wave.site, wave.number, wave.lack.part())),
            }));
        }
    }

    /// What has to be done before a package can be taken in.
    fn before_taking(&self, site: &Site, server: &Name, made: &MadeContent) -> Vec<ActionId> {
        let mut before = self.created(server);
        if let (MadeContent::Due { .. }, Some(point)) = (made, &site.active_point) {
            before.extend(self.planned_any(&SYNCHRONIZING, Kind::SoftwareUpdatePoint, point));
        }
        before
    }

    /// The distribution points that lack a package and can get it, by wave, and how it stands at all
    /// that lack it.
    fn waves(&mut self, it: &Wanted<'a>, places: &Places<'a>) -> (Waves, Standings) {
        let mut waves = Waves::new();
        // Sources come first.
        let mut standings = Standings::new();
        let mut prestaged = Vec::new();
        for &(number, lack) in &it.lacking {
            let place = &places.all[number];
            let pulls = place.point.settings.pulls();
            let standing = if let Some(chosen) = place.held {
                // Held distribution points wait by themselves, whatever they hold.
                Standing::Missing { chosen }
            } else if place.point.settings.prestaged {
                prestaged.push(place.name.clone());
                Standing::Missing { chosen: true }
            } else if pulls {
                let behind = Behind::of(place, it, places, &standings);
                let sources = behind.fetch(place, (it, places), &mut standings, &mut waves);
                self.pulled(it, place.name, sources)
            } else {
                Standing::There
            };
            if standing == Standing::There {
                waves.entry(Wave::of(place, lack)).or_default().push(number);
            }
            standings.insert(number, standing);
        }
        if !prestaged.is_empty() {
            let on = format!("prestaged content on {} (PDP-9)", list(&prestaged));
            self.wait(ResourceId::new(Kind::Package, it.name), on, true);
        }
        for points in waves.values_mut() {
            points.sort_unstable();
        }
        (waves, standings)
    }

    /// How a package stands at a distribution point that pulls it, by how it stands at its sources;
    /// `None` if none of them shall hold it.
    pub(super) fn pulled(
        &mut self,
        it: &Wanted<'a>,
        point: &'a Name,
        sources: Option<Standing>,
    ) -> Standing {
        let chosen = match sources {
            Some(Standing::There) => return Standing::There,
            None => {
                self.never_available(it.name, point);
                false
            }
            Some(standing @ (Standing::Missing { .. } | Standing::OnDemand)) => {
                let chosen = standing == Standing::Missing { chosen: true };
                let on =
                    format!("`{point}` pulls from distribution points that have to get it first");
                self.wait(ResourceId::new(Kind::Package, it.name), on, chosen);
                chosen
            }
        };
        let starving = Starving { point, wanted: it.content, chosen };
        self.starving.entry(&it.package.id).or_insert(starving);
        Standing::Missing { chosen }
    }

    /// None of its sources ever gets the package: the pull would wait for ever (PDP-5).
    fn never_available(&mut self, package: &Name, point: &Name) {
        let message = format!(
            "none of the sources of `{point}` receives package `{package}`: distribute it to one \
             of them too"
        );
        self.tell("PDP-5", ResourceId::new(Kind::DistributionPoint, point), message.clone());
        self.wait(ResourceId::new(Kind::Package, package), message, false);
    }
}

/// How a package stands at a distribution point; `None` if it shall not hold it. `lacking` has the
/// answer for those that lack it.
pub(super) fn standing(
    it: &Wanted<'_>,
    places: &Places<'_>,
    lacking: &BTreeMap<usize, Standing>,
    number: usize,
) -> Option<Standing> {
    let place = &places.all[number];
    if !it.slots.contains(place.slot) {
        return None;
    }
    Some(match lacking.get(&number) {
        Some(standing) => *standing,
        None if it.on_demand.waiting.contains(place.slot) => Standing::OnDemand,
        None if places.out_of_reach.contains(place.slot) => {
            Standing::Missing { chosen: place.held == Some(true) }
        }
        None => Standing::There,
    })
}

/// One source that has a package is enough; otherwise it is missing by choice only if it is so at
/// all of them.
pub(super) fn best(sources: impl Iterator<Item = Standing>) -> Option<Standing> {
    sources.reduce(|before, next| match (before, next) {
        (Standing::Missing { chosen: one }, Standing::Missing { chosen: other }) => {
            Standing::Missing { chosen: one && other }
        }
        (Standing::There, _) | (_, Standing::There) => Standing::There,
        (Standing::OnDemand, _) | (_, Standing::OnDemand) => Standing::OnDemand,
    })
}

pub(super) fn list(names: &[Name]) -> String {
    const SHOWN: usize = 5;
    let mut text =
        names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text = format!("{text} and {} more", names.len() - SHOWN);
    }
    text
}
