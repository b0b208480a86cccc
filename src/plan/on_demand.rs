//! Distribution points that get a package when a client first asks for it (PDP-3): they are told which
//! content they may fetch then, and of nothing else. What was asked for, or is pulled by others from
//! there, is distributed like any other package.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Content, Kind, Name, NumberSet, PackageId, ResourceId, SiteCode};

use super::{
    ActionId, ActionKind,
    content::{Standing, Standings, Wave, Waves, best, list, standing},
    libraries::{Lack, Wanted, WantedContent, WantedSlots},
    places::{Place, Places},
    planner::{Draft, Planner},
};

/// The distribution points that hold nothing of a package and that nobody has asked for it, as slots.
#[derive(Debug, Default)]
pub(super) struct OnDemand {
    /// All of them.
    pub(super) waiting: NumberSet,
    /// Those that do not know yet that they may fetch what is wanted.
    untold: NumberSet,
}

impl OnDemand {
    pub(super) fn new(waiting: NumberSet, wanted: WantedContent, contents: &[Content]) -> Self {
        let mut untold = waiting.clone();
        for content in contents.iter().filter(|content| wanted.is_offered_by(content)) {
            untold.take(&content.on_demand);
        }
        Self { waiting, untold }
    }
}

/// Packages that distribution points may fetch and shall not, by package and site. The numbers are those
/// of their places.
pub(super) type Withdrawn = BTreeMap<(PackageId, SiteCode), Vec<usize>>;

impl<'a> Planner<'a> {
    /// Lets distribution points fetch a package when a client first asks. Who gets it by this plan need
    /// not be told.
    pub(super) fn offer(
        &mut self,
        it: &Wanted<'a>,
        places: &Places<'a>,
        standings: &Standings,
        after: &[ActionId],
    ) {
        let contents = self.observed.libraries.contents(&it.package.id);
        // By site and the version that they may fetch now.
        let mut alike: BTreeMap<(&SiteCode, Option<u32>), Vec<usize>> = BTreeMap::new();
        for slot in it.on_demand.untold.iter() {
            let Some(number) = places.at(slot).filter(|it| !standings.contains_key(it)) else {
                continue;
            };
            let place = &places.all[number];
            if place.point.settings.pulls() {
                // Nobody may ask for what no source will ever have.
                let sources = Behind::of(place, it, places, standings).standing;
                let comes = matches!(sources, Some(Standing::There | Standing::OnDemand));
                if !comes {
                    self.pulled(it, place.name, sources);
                    continue;
                }
            }
            let offered = contents.iter().find(|content| content.on_demand.contains(slot));
            let offered = offered.map(|content| content.facts.version);
            alike.entry((&place.point.settings.site, offered)).or_default().push(number);
        }
        for ((site, offered), mut numbers) in alike {
            numbers.sort_unstable();
            let these = numbers.iter().map(|number| &places.all[*number]);
            let mut after = after.to_vec();
            after.extend(these.clone().flat_map(|place| place.setting_up.iter().cloned()));
            let targets: Vec<Name> = these.map(|place| place.name.clone()).collect();
            let version = it.package.version;
            let what = match offered {
                None => format!("version {version}"),
                Some(before) if before == version => {
                    format!("version {version}, with the site's content,")
                }
                Some(before) => format!("version {version} instead of {before}"),
            };
            let from = offered.map(|before| format!(".{before}")).unwrap_or_default();
            self.add(Draft {
                kind: ActionKind::ConfigureDistributionPoint,
                resource: ResourceId::new(Kind::Package, it.name),
                site: site.clone(),
                requirement: "PDP-3",
                reason: format!(
                    "{what} is fetched on {} when a client first asks for it",
                    list(&targets)
                ),
                after,
                targets,
                diff: Vec::new(),
                part: Some(format!("{site}.on-demand{from}")),
            });
        }
    }

    /// What distribution points may fetch, and shall not.
    pub(super) fn withdrawn(&self, wanted: &WantedSlots<'a>, places: &Places<'a>) -> Withdrawn {
        let mut withdrawn = Withdrawn::new();
        for (id, contents) in self.observed.libraries.packages() {
            for content in contents {
                let offered = &content.on_demand & &places.on_demand;
                for number in (&offered - wanted.get(id)).iter().filter_map(|it| places.at(it)) {
                    let site = places.all[number].point.settings.site.clone();
                    withdrawn.entry((id.clone(), site)).or_default().push(number);
                }
            }
        }
        withdrawn
    }

    /// Lets distribution points not fetch any more what they shall not have. Nothing is lost by that.
    pub(super) fn withdraw(&mut self, withdrawn: Withdrawn, places: &Places<'a>) {
        let hierarchy = self.hierarchy;
        let names: BTreeMap<&PackageId, &Name> =
            hierarchy.packages.iter().map(|(name, package)| (&package.id, name)).collect();
        for ((id, site), mut numbers) in withdrawn {
            let Some(name) = self.name_of_package(&names, &id) else { continue };
            if self.held(Kind::Package, &name).is_some() {
                continue;
            }
            numbers.sort_unstable();
            let these = numbers.iter().map(|number| &places.all[*number]);
            let after = these.clone().flat_map(|place| place.setting_up.iter().cloned()).collect();
            let targets: Vec<Name> = these.map(|place| place.name.clone()).collect();
            self.add(Draft {
                kind: ActionKind::ConfigureDistributionPoint,
                resource: ResourceId::new(Kind::Package, &name),
                reason: format!(
                    "package {id} is not distributed to {} any more: no client may ask for it",
                    list(&targets)
                ),
                part: Some(format!("{site}.withdrawn")),
                site,
                requirement: "PDP-3",
                after,
                targets,
                diff: Vec::new(),
            });
        }
    }
}

/// The sources of a distribution point that fetch a package when they are asked, and what can be done
/// about them.
pub(super) struct Behind {
    /// Those that can get it, by their numbers; also those from which they pull it themselves.
    able: BTreeSet<usize>,
    /// How it stands at the point's own sources, if none of them has it.
    pub(super) standing: Option<Standing>,
}

impl Behind {
    /// Looks at the sources of a distribution point.
    pub(super) fn of(
        place: &Place<'_>,
        it: &Wanted<'_>,
        places: &Places<'_>,
        standings: &Standings,
    ) -> Self {
        let stands = |number: usize| standing(it, places, standings, number);
        let own = best(place.sources.iter().filter_map(|source| stands(*source)));
        if own != Some(Standing::OnDemand) {
            return Self { able: BTreeSet::new(), standing: own };
        }
        // All behind it that fetch when they are asked, and how it stands at the others.
        let (mut behind, mut others) = (BTreeSet::new(), Vec::new());
        let mut look = place.sources.clone();
        while let Some(number) = look.pop() {
            match stands(number) {
                Some(Standing::OnDemand) if behind.insert(number) => {
                    look.extend(&places.all[number].sources);
                }
                Some(Standing::OnDemand) | None => {}
                Some(other) => others.push(other),
            }
        }
        // Sources have the lower numbers.
        let mut able = BTreeSet::new();
        for number in behind {
            let there =
                |source: &usize| able.contains(source) || stands(*source) == Some(Standing::There);
            let it = &places.all[number];
            if !it.point.settings.pulls() || it.sources.iter().any(there) {
                able.insert(number);
            }
        }
        let standing = if place.sources.iter().any(|source| able.contains(source)) {
            Standing::OnDemand
        } else {
            best(others.into_iter().filter(|it| *it != Standing::There))
                .unwrap_or(Standing::Missing { chosen: false })
        };
        Self { able, standing: Some(standing) }
    }

    /// Has the package brought to one of the sources that fetch it when they are asked, and to those
    /// that this one pulls from, as far as it has to be. How it stands at the point's sources then.
    pub(super) fn fetch(
        &self,
        place: &Place<'_>,
        (it, places): (&Wanted<'_>, &Places<'_>),
        standings: &mut Standings,
        waves: &mut Waves,
    ) -> Option<Standing> {
        if self.standing != Some(Standing::OnDemand) {
            return self.standing;
        }
        // One is enough, and of its sources again one: that of the lowest number of priority.
        let able = |sources: &[usize]| sources.iter().copied().find(|it| self.able.contains(it));
        let mut next = able(&place.sources);
        while let Some(number) = next {
            let source = &places.all[number];
            let there =
                |other: &usize| standing(it, places, standings, *other) == Some(Standing::There);
            next = if source.sources.iter().any(there) { None } else { able(&source.sources) };
            standings.insert(number, Standing::There);
            waves.entry(Wave::of(source, Lack::Pulled)).or_default().push(number);
        }
        Some(Standing::There)
    }
}
