//! What the content libraries lack, and what they hold that is not wanted: each library is looked
//! through once, package by package, so that thousands of distribution points with thousands of
//! packages take a second or two.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    Digest, Name, Package, PackageId, PackageState, SiteCode, SiteServerState, SiteSystemState,
};

use super::{
    ActionKind,
    distribution_points::{Place, Places},
    planner::Planner,
};

/// What a library lacks of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lack {
    Everything,
    NewVersion,
    Files,
}

impl Lack {
    pub(super) const fn action(self) -> ActionKind {
        match self {
            Self::NewVersion => ActionKind::UpdateContent,
            Self::Everything | Self::Files => ActionKind::DistributeContent,
        }
    }

    /// What a library lacks; `digest` is that of the site's own content, where it is known.
    fn of(held: Option<&PackageState>, package: &Package, digest: Option<Digest>) -> Option<Self> {
        match held {
            None => Some(Self::Everything),
            Some(held) if held.version != package.version => Some(Self::NewVersion),
            Some(held) if digest.is_some_and(|it| it != held.digest) => Some(Self::NewVersion),
            Some(held) if !held.available() => Some(Self::Files),
            Some(_) => None,
        }
    }

    pub(super) fn reason(self, held: Option<&PackageState>, package: &Package) -> String {
        match self {
            Self::Everything => format!("version {} is missing", package.version),
            Self::NewVersion => {
                let held = held.map_or(0, |held| held.version);
                if held == package.version {
                    format!("the content of version {held} differs from the site's")
                } else {
                    format!("version {held} is there, {} is wanted", package.version)
                }
            }
            Self::Files => {
                let damaged = held.map_or(0, |held| held.damaged);
                let files = if damaged == 1 { "file is" } else { "files are" };
                format!("{damaged} {files} missing or damaged")
            }
        }
    }
}

/// A package and the libraries it shall be in.
pub(super) struct Wanted<'a> {
    pub(super) name: &'a Name,
    pub(super) package: &'a Package,
    /// What the site server holds of it.
    pub(super) held: Option<&'a PackageState>,
    /// What the site server lacks of it.
    pub(super) taken: Option<Lack>,
    /// The numbers of the distribution points that shall hold it, ascending.
    pub(super) places: Vec<usize>,
    /// Those among them that lack something, ascending.
    pub(super) lacking: Vec<(usize, Lack)>,
}

/// Packages that distribution points hold, or are about to, and shall not, by package and site.
pub(super) type Unwanted = BTreeMap<(PackageId, SiteCode), Vec<Name>>;

impl<'a> Planner<'a> {
    /// All packages by ID with what is lacking, and what is not wanted.
    pub(super) fn libraries(&self, places: &Places<'a>) -> (Vec<Wanted<'a>>, Unwanted) {
        let mut packages: Vec<_> = self.hierarchy.packages.iter().collect();
        packages.sort_by_key(|(_, package)| &package.id);
        let mut wanted = Vec::with_capacity(packages.len());
        // For each distribution point the numbers of its packages, ascending by ID.
        let mut of_place: Vec<Vec<usize>> = vec![Vec::new(); places.all.len()];
        for (name, package) in packages {
            let held = self.site_server(&package.site).and_then(|it| it.packages.get(&package.id));
            let mut its: Vec<usize> = package
                .distribute_to
                .iter()
                .filter_map(|point| places.number.get(point).copied())
                .collect();
            its.sort_unstable();
            for place in &its {
                of_place[*place].push(wanted.len());
            }
            let taken = Lack::of(held, package, None);
            wanted.push(Wanted { name, package, held, taken, places: its, lacking: Vec::new() });
        }
        let mut unwanted = Unwanted::new();
        for (number, (place, its)) in places.all.iter().zip(&of_place).enumerate() {
            look_through(number, place, its, &mut wanted, &mut unwanted);
        }
        (wanted, unwanted)
    }

    pub(super) fn site_server(&self, site: &SiteCode) -> Option<&'a SiteServerState> {
        let system: &'a SiteSystemState =
            self.system(&self.hierarchy.sites.get(site)?.site_server)?;
        system.site_server.as_ref()
    }
}

/// Compares what a distribution point holds with what it shall hold: both are in the order of IDs.
fn look_through(
    number: usize,
    place: &Place<'_>,
    its: &[usize],
    wanted: &mut [Wanted<'_>],
    unwanted: &mut Unwanted,
) {
    if place.state.is_none() && place.held.is_some() {
        // Nothing can be said of what is unknown, and nothing is done to what is held.
        return;
    }
    let mut held = place.state.into_iter().flat_map(|state| &state.packages).peekable();
    let mut extra: BTreeSet<&PackageId> = BTreeSet::new();
    for package in its {
        let Wanted { package, held: of_site, taken, lacking, .. } = &mut wanted[*package];
        while let Some((id, _)) = held.next_if(|(id, _)| **id < package.id) {
            extra.insert(id);
        }
        let found = held.next_if(|(id, _)| **id == package.id).map(|(_, state)| state);
        let digest = of_site.filter(|_| taken.is_none()).map(|of_site| of_site.digest);
        if let Some(lack) = Lack::of(found, package, digest) {
            lacking.push((number, lack));
        }
    }
    extra.extend(held.map(|(id, _)| id));
    // A transfer of what is not wanted any more would bring it all the same.
    let jobs = place.state.into_iter().flat_map(|state| state.pull_jobs.keys());
    extra.extend(
        jobs.filter(|id| {
            its.binary_search_by(|package| wanted[*package].package.id.cmp(id)).is_err()
        }),
    );
    if place.held.is_none() {
        for id in extra {
            let key = (id.clone(), place.point.settings.site.clone());
            unwanted.entry(key).or_default().push(place.name.clone());
        }
    }
}
