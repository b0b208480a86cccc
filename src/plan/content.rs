//! Content: a package's source into its site's library, from there to the standard distribution
//! points (PDP-1), and wave by wave to those that pull from them (PDP-5).

use std::collections::BTreeMap;

use crate::model::{Kind, Name, PackageState, ResourceId, SiteCode};

use super::{
    ActionId,
    distribution_points::Places,
    libraries::{Lack, Unwanted, Wanted},
    planner::{Draft, Planner},
};

/// Distribution points that get a package by one action: alike in how far they are from the site
/// server, in their site and in what they lack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Wave {
    /// 0 is sent by the site server, 1 pulls from wave 0, and so on.
    number: usize,
    site: SiteCode,
    lack: Lack,
}

/// How a package stands at a distribution point that shall hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is there, or will be by this plan.
    There,
    /// It is not, and nothing of this plan brings it; whether somebody chose that.
    Missing { chosen: bool },
}

impl<'a> Planner<'a> {
    /// Plans the content, and gives what is in libraries and shall not be.
    pub(super) fn content(&mut self, places: &Places<'a>) -> Unwanted {
        let (mut wanted, unwanted) = self.libraries(places);
        wanted.sort_by_key(|it| (std::cmp::Reverse(it.package.priority), it.name));
        for it in &wanted {
            self.package(it, places);
        }
        unwanted
    }

    fn package(&mut self, it: &Wanted<'_>, places: &Places<'a>) {
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
        let mut taken = None;
        if let Some(lack) = it.taken {
            let reason = lack.reason(held, package);
            taken = Some(self.add(Draft {
                kind: lack.action(),
                resource: resource.clone(),
                site: package.site.clone(),
                requirement: "PDP-15",
                reason: format!("{reason} in the content library of site server `{server}`"),
                after: self.created(server),
                // None: the site server's own library, from which the others are served.
                targets: Vec::new(),
                diff: Vec::new(),
                part: Some(package.site.to_string()),
            }));
        }
        // The number of a distribution point, and what brings the package to it.
        let mut brought: BTreeMap<usize, ActionId> = BTreeMap::new();
        for (wave, points) in self.waves(it, places) {
            let mut after: Vec<ActionId> = taken.iter().cloned().collect();
            for place in points.iter().map(|point| &places.all[*point]) {
                after.extend(place.setting_up.iter().cloned());
                after.extend(place.sources.iter().filter_map(|it| brought.get(it)).cloned());
            }
            let names: Vec<Name> =
                points.iter().map(|point| places.all[*point].name.clone()).collect();
            let sample = points.first().and_then(|point| held_by(it, places, *point));
            let reason = wave.lack.reason(sample, package);
            let how = if wave.number == 0 { "sent by the site server" } else { "pulled" };
            let id = self.add(Draft {
                kind: wave.lack.action(),
                resource: resource.clone(),
                site: wave.site.clone(),
                requirement: if wave.number == 0 { "PDP-1" } else { "PDP-5" },
                reason: format!("{reason} on {}: {how}", list(&names)),
                after,
                targets: names,
                diff: Vec::new(),
                part: Some(match wave.lack {
                    Lack::Files => format!("{}.{}.repair", wave.site, wave.number),
                    _ => format!("{}.{}", wave.site, wave.number),
                }),
            });
            brought.extend(points.into_iter().map(|point| (point, id.clone())));
        }
    }

    /// The distribution points that lack a package and can get it, by wave.
    fn waves(&mut self, it: &Wanted<'_>, places: &Places<'a>) -> BTreeMap<Wave, Vec<usize>> {
        let mut waves: BTreeMap<Wave, Vec<usize>> = BTreeMap::new();
        if it.lacking.is_empty() {
            return waves;
        }
        let mut lacking = it.lacking.iter().copied().peekable();
        // By the number of the distribution point: its wave, and how the package stands there.
        let mut standings: BTreeMap<usize, (usize, Standing)> = BTreeMap::new();
        let mut prestaged = Vec::new();
        for &number in &it.places {
            let place = &places.all[number];
            let lack = lacking.next_if(|(lacking, _)| *lacking == number).map(|(_, lack)| lack);
            let sources: Vec<_> =
                place.sources.iter().filter_map(|source| standings.get(source)).copied().collect();
            let pulls = place.point.settings.pulls();
            let wave = match sources.iter().map(|(wave, _)| wave + 1).max() {
                Some(wave) if pulls => wave,
                _ => 0,
            };
            let from_sources = sources.iter().map(|(_, standing)| *standing);
            let standing = match lack {
                // Held distribution points wait by themselves, whatever they hold.
                None if place.state.is_some() => Standing::There,
                _ if place.held.is_some() => Standing::Missing { chosen: place.held == Some(true) },
                None => Standing::There,
                Some(_) if place.point.settings.prestaged => {
                    prestaged.push(place.name.clone());
                    Standing::Missing { chosen: true }
                }
                Some(_) if pulls && sources.is_empty() => {
                    self.never_available(it.name, place.name);
                    Standing::Missing { chosen: false }
                }
                Some(lack) => {
                    let standing = if pulls { best(from_sources) } else { Standing::There };
                    if let Standing::Missing { chosen } = standing {
                        let on = format!(
                            "`{}` pulls from distribution points that have to get it first",
                            place.name
                        );
                        self.wait(ResourceId::new(Kind::Package, it.name), on, chosen);
                    } else {
                        let site = place.point.settings.site.clone();
                        waves.entry(Wave { number: wave, site, lack }).or_default().push(number);
                    }
                    standing
                }
            };
            standings.insert(number, (wave, standing));
        }
        if !prestaged.is_empty() {
            let on = format!("prestaged content on {} (PDP-9)", list(&prestaged));
            self.wait(ResourceId::new(Kind::Package, it.name), on, true);
        }
        waves
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

/// One source that has a package is enough; otherwise it is missing by choice only if it is so at
/// all of them.
fn best(sources: impl Iterator<Item = Standing>) -> Standing {
    let mut all_chosen = true;
    for standing in sources {
        match standing {
            Standing::There => return Standing::There,
            Standing::Missing { chosen } => all_chosen &= chosen,
        }
    }
    Standing::Missing { chosen: all_chosen }
}

fn held_by<'a>(it: &Wanted<'_>, places: &Places<'a>, number: usize) -> Option<&'a PackageState> {
    places.all[number].state?.packages.get(&it.package.id)
}

fn list(names: &[Name]) -> String {
    const SHOWN: usize = 5;
    let mut text =
        names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text = format!("{text} and {} more", names.len() - SHOWN);
    }
    text
}
