//! Content: a package's source into its site's library, from there to the standard distribution
//! points (PDP-1), and wave by wave to those that pull from them (PDP-5).

use std::collections::BTreeMap;

use crate::model::{DistributionPoint, Kind, Name, Package, PackageState, ResourceId, SiteCode};

use super::{
    ActionId, ActionKind,
    distribution_points::{SETTING_UP, sources_first},
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

/// What a library lacks of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lack {
    Everything,
    NewVersion,
    Files,
}

impl Lack {
    const fn action(self) -> ActionKind {
        match self {
            Self::NewVersion => ActionKind::UpdateContent,
            Self::Everything | Self::Files => ActionKind::DistributeContent,
        }
    }
}

impl Planner<'_> {
    pub(super) fn content(&mut self) {
        let hierarchy = self.hierarchy;
        let order = sources_first(hierarchy);
        let mut packages: Vec<_> = hierarchy.packages.iter().collect();
        packages.sort_by_key(|(name, package)| (std::cmp::Reverse(package.priority), *name));
        for (name, package) in packages {
            self.package(name, package, &order);
        }
    }

    fn package(&mut self, name: &Name, package: &Package, order: &[&Name]) {
        let resource = ResourceId::new(Kind::Package, name);
        let Some(site) = self.hierarchy.sites.get(&package.site) else { return };
        if package.suspended {
            self.wait(resource, "it is suspended by its annotation", true);
            return;
        }
        if self.held(&site.site_server) {
            let on = format!("site server `{}` has to be there", site.site_server);
            self.wait(resource, on, false);
            return;
        }
        let held = self
            .system(&site.site_server)
            .and_then(|system| system.site_server.as_ref())
            .and_then(|server| server.packages.get(&package.id));
        let taken = lack(held, package, None);
        let mut by_point: BTreeMap<Name, Vec<ActionId>> = BTreeMap::new();
        let mut first = Vec::new();
        if let Some(lack) = taken {
            first.push(self.add(Draft {
                kind: lack.action(),
                resource: resource.clone(),
                site: package.site.clone(),
                requirement: "PDP-15",
                reason: format!(
                    "{} in the content library of site server `{}`",
                    reason(lack, held, package),
                    site.site_server
                ),
                after: self.created(&site.site_server),
                // None: the site server's own library, from which the others are served.
                targets: Vec::new(),
                diff: Vec::new(),
                part: Some(package.site.to_string()),
            }));
        }
        let digest = held.filter(|_| taken.is_none()).map(|held| held.digest);
        for (wave, points) in self.waves(name, package, digest, order) {
            let mut after = first.clone();
            for point in &points {
                after.extend(self.planned_any(&SETTING_UP, Kind::DistributionPoint, point));
                if let Some(declared) = self.hierarchy.distribution_points.get(point)
                    && declared.settings.pulls()
                {
                    let sources = declared.settings.pull.iter().flat_map(|pull| &pull.sources);
                    after.extend(
                        sources
                            .filter_map(|source| by_point.get(&source.distribution_point))
                            .flatten()
                            .cloned(),
                    );
                }
            }
            let how = if wave.number == 0 { "sent by the site server" } else { "pulled" };
            let sample = points.first().and_then(|point| self.held_by(point, package));
            let id = self.add(Draft {
                kind: wave.lack.action(),
                resource: resource.clone(),
                site: wave.site.clone(),
                requirement: if wave.number == 0 { "PDP-1" } else { "PDP-5" },
                reason: format!(
                    "{} on {}: {how}",
                    reason(wave.lack, sample, package),
                    list(&points)
                ),
                after,
                targets: points.clone(),
                diff: Vec::new(),
                part: Some(match wave.lack {
                    Lack::Files => format!("{}.{}.repair", wave.site, wave.number),
                    _ => format!("{}.{}", wave.site, wave.number),
                }),
            });
            for point in points {
                by_point.entry(point).or_default().push(id.clone());
            }
        }
    }

    /// The distribution points that lack a package, by wave.
    fn waves(
        &mut self,
        name: &Name,
        package: &Package,
        digest: Option<crate::model::Digest>,
        order: &[&Name],
    ) -> BTreeMap<Wave, Vec<Name>> {
        let mut depth: BTreeMap<&Name, usize> = BTreeMap::new();
        let mut waves: BTreeMap<Wave, Vec<Name>> = BTreeMap::new();
        let hierarchy = self.hierarchy;
        for point_name in order.iter().filter(|point| package.distribute_to.contains(**point)) {
            let Some(point) = hierarchy.distribution_points.get(*point_name) else { continue };
            let number = if point.settings.pulls() {
                let sources = point.settings.pull.iter().flat_map(|pull| &pull.sources);
                let farthest =
                    sources.filter_map(|source| depth.get(&source.distribution_point)).max();
                let Some(farthest) = farthest else {
                    self.never_available(name, point_name);
                    continue;
                };
                farthest + 1
            } else {
                0
            };
            depth.insert(point_name, number);
            let state = self.held_by(point_name, package);
            let Some(lack) = lack(state, package, digest) else { continue };
            if !self.may_receive(name, point_name, point) {
                continue;
            }
            let site = point.settings.site.clone();
            waves.entry(Wave { number, site, lack }).or_default().push((*point_name).clone());
        }
        waves
    }

    fn held_by(&self, point: &Name, package: &Package) -> Option<&PackageState> {
        let declared = self.hierarchy.distribution_points.get(point)?;
        let state = self.system(&declared.site_system)?.distribution_point.as_ref()?;
        state.packages.get(&package.id).filter(|_| state.name == *point)
    }

    fn may_receive(&mut self, package: &Name, name: &Name, point: &DistributionPoint) -> bool {
        let resource = ResourceId::new(Kind::Package, package);
        if point.suspended {
            self.wait(resource, format!("distribution point `{name}` is suspended"), true);
        } else if point.settings.prestaged {
            let on = format!("distribution point `{name}` waits for prestaged content (PDP-9)");
            self.wait(resource, on, true);
        } else if self.held(&point.site_system) {
            let on = format!("site system `{}` has to be there", point.site_system);
            self.wait(resource, on, false);
        } else {
            return true;
        }
        false
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

fn lack(
    held: Option<&PackageState>,
    package: &Package,
    digest: Option<crate::model::Digest>,
) -> Option<Lack> {
    match held {
        None => Some(Lack::Everything),
        Some(held) if held.version != package.version => Some(Lack::NewVersion),
        Some(held) if digest.is_some_and(|digest| digest != held.digest) => Some(Lack::NewVersion),
        Some(held) if !held.available() => Some(Lack::Files),
        Some(_) => None,
    }
}

fn reason(lack: Lack, held: Option<&PackageState>, package: &Package) -> String {
    match lack {
        Lack::Everything => format!("version {} is missing", package.version),
        Lack::NewVersion => {
            let held = held.map_or(0, |held| held.version);
            if held == package.version {
                format!("the content of version {held} differs from the site's")
            } else {
                format!("version {held} is there, {} is wanted", package.version)
            }
        }
        Lack::Files => {
            let damaged = held.map_or(0, |held| held.damaged);
            let files = if damaged == 1 { "file is" } else { "files are" };
            format!("{damaged} {files} missing or damaged")
        }
    }
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
