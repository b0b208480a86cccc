//! What the content libraries lack, and what they hold that is not wanted. Package by package the
//! set of those that shall hold it is compared with the set of those that do: only differences are
//! looked at one by one, so that millions of placements that are as wanted cost nothing.

use std::{cmp::Reverse, collections::BTreeMap, rc::Rc};

use crate::model::{
    Content, Digest, Libraries, Name, NumberSet, ObservedSystem, Package, PackageId, PackageState,
    SiteCode, SiteServerState,
};

use super::{
    ActionKind,
    made_content::MadeContent,
    on_demand::{OnDemand, Withdrawn},
    places::Places,
    planner::Planner,
};

/// What a library lacks of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lack {
    Everything,
    /// Everything, and a client has asked for it where it is on demand.
    Asked,
    /// Everything, and others pull it from where it is on demand.
    Pulled,
    NewVersion,
    Files,
}

/// What a library holds of a package, as far as a plan needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    version: u32,
    digest: Digest,
    /// How many files are missing or damaged.
    damaged: u64,
}

/// What a library shall hold of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WantedContent {
    version: u32,
    /// That of the site's own content, where it is known.
    digest: Option<Digest>,
}

impl WantedContent {
    /// Whether a content that may be fetched is the wanted one.
    pub(super) fn is_offered_by(self, content: &Content) -> bool {
        self.is_met_by(Held::of(content, 0))
    }

    pub(super) fn is_met_by(self, held: Held) -> bool {
        Lack::of(Some(held), self).is_none()
    }
}

impl From<&PackageState> for Held {
    fn from(state: &PackageState) -> Self {
        Self { version: state.version, digest: state.digest, damaged: state.damaged }
    }
}

impl Held {
    pub(super) fn is_of(self, version: u32) -> bool {
        self.version == version
    }

    fn of(content: &Content, damaged: u64) -> Self {
        Self { version: content.facts.version, digest: content.facts.digest, damaged }
    }

    /// What a library of a distribution point holds.
    pub(super) fn by(libraries: &Libraries, system: u32, package: &PackageId) -> Option<Self> {
        let mut contents = libraries.contents(package).iter();
        contents.find_map(|content| Some(Self::of(content, content.lacks(system)?)))
    }
}

impl Lack {
    pub(super) const fn action(self) -> ActionKind {
        match self {
            Self::NewVersion => ActionKind::UpdateContent,
            Self::Everything | Self::Asked | Self::Pulled | Self::Files => {
                ActionKind::DistributeContent
            }
        }
    }

    /// What tells its action from others of its kind for the same package, site and distance.
    pub(super) const fn part(self) -> &'static str {
        match self {
            Self::Everything | Self::NewVersion => "",
            Self::Asked => ".asked",
            Self::Pulled => ".pulled",
            Self::Files => ".repair",
        }
    }

    fn of(held: Option<Held>, wanted: WantedContent) -> Option<Self> {
        match held {
            None => Some(Self::Everything),
            Some(held) if held.version != wanted.version => Some(Self::NewVersion),
            Some(held) if wanted.digest.is_some_and(|it| it != held.digest) => {
                Some(Self::NewVersion)
            }
            Some(held) if held.damaged > 0 => Some(Self::Files),
            Some(_) => None,
        }
    }

    pub(super) fn reason(self, held: Option<Held>, package: &Package) -> String {
        match self {
            Self::Everything => format!("version {} is missing", package.version),
            Self::Asked => format!("a client has asked for version {}, on demand", package.version),
            Self::Pulled => format!("others pull version {}, which is on demand", package.version),
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
    pub(super) held: Option<Held>,
    /// What the site server lacks of it.
    pub(super) taken: Option<Lack>,
    /// How it stands to what it is made of.
    pub(super) made: MadeContent,
    /// What the distribution points shall hold.
    pub(super) content: WantedContent,
    /// The slots of the distribution points that shall hold it; shared by packages that go to the
    /// same ones.
    pub(super) slots: Rc<NumberSet>,
    /// The numbers of those among them that lack something, ascending.
    pub(super) lacking: Vec<(usize, Lack)>,
    /// Those among them that shall have it when a client first asks.
    pub(super) on_demand: OnDemand,
}

/// Packages that distribution points hold, or are about to, and shall not, by package, how far the
/// distribution points are from the site server, the farthest first, and site. The numbers are those
/// of their places.
pub(super) type Unwanted = BTreeMap<(PackageId, Reverse<usize>, SiteCode), Vec<usize>>;

/// Who shall have each package, whenever.
pub(super) struct WantedSlots<'a> {
    of_id: BTreeMap<&'a PackageId, Rc<NumberSet>>,
    none: NumberSet,
}

impl<'a> WantedSlots<'a> {
    fn of(wanted: &[Wanted<'a>]) -> Self {
        let mut of_id: BTreeMap<&PackageId, Rc<NumberSet>> = BTreeMap::new();
        for it in wanted {
            let slots = of_id.entry(&it.package.id).or_insert_with(|| it.slots.clone());
            if !Rc::ptr_eq(slots, &it.slots) {
                // Two packages of one ID, which only a hierarchy that breaks a rule has.
                Rc::make_mut(slots).add(&it.slots);
            }
        }
        Self { of_id, none: NumberSet::default() }
    }

    pub(super) fn get(&self, id: &PackageId) -> &NumberSet {
        self.of_id.get(id).map_or(&self.none, |slots| slots)
    }
}

impl<'a> Planner<'a> {
    /// All packages by ID with what is lacking; what is held and not wanted, and what may be fetched and
    /// is not.
    pub(super) fn libraries(&self, places: &Places<'a>) -> (Vec<Wanted<'a>>, Unwanted, Withdrawn) {
        let mut packages: Vec<_> = self.hierarchy.packages.iter().collect();
        packages.sort_by_key(|(_, package)| &package.id);
        // One set for each that the hierarchy shares, found by where that is.
        let mut shared: BTreeMap<*const NumberSet, Rc<NumberSet>> = BTreeMap::new();
        let mut wanted = Vec::with_capacity(packages.len());
        for (name, package) in packages {
            let points = package.distribute_to.numbers();
            let slots = shared
                .entry(std::sync::Arc::as_ptr(points))
                .or_insert_with(|| Rc::new(points.translate(&places.slots)))
                .clone();
            let server = self.site_server(&package.site);
            let held = server.and_then(|it| it.packages.get(&package.id)).map(Held::from);
            let any = WantedContent { version: package.version, digest: None };
            let made = self.made(package);
            let lack = Lack::of(held, any);
            let taken = match &made {
                MadeContent::AsWanted => lack,
                MadeContent::Due { .. } => lack.or(Some(Lack::NewVersion)),
                MadeContent::Waits { .. } => None,
            };
            let digest = match &made {
                // No list of files has it: whoever holds the package lacks what comes.
                MadeContent::Due { differs: Some(digest), .. } => Some(*digest),
                _ => held.filter(|_| taken.is_none()).map(|held| held.digest),
            };
            let content = WantedContent { digest, ..any };
            let contents = self.observed.libraries.contents(&package.id);
            let (lacking, on_demand) = lacking(&slots, (&package.id, content), contents, places);
            wanted.push(Wanted {
                name,
                package,
                held,
                taken,
                made,
                content,
                slots,
                lacking,
                on_demand,
            });
        }
        let of_id = WantedSlots::of(&wanted);
        let unwanted = self.unwanted(&of_id, places);
        let withdrawn = self.withdrawn(&of_id, places);
        (wanted, unwanted, withdrawn)
    }

    /// What distribution points hold, or are about to, and shall not. Nothing is done to what is
    /// held, and nothing can be said of what is unknown.
    fn unwanted(&self, of_id: &WantedSlots<'a>, places: &Places<'a>) -> Unwanted {
        let wanted = |id: &PackageId| of_id.get(id);
        let mut extra: BTreeMap<&PackageId, NumberSet> = BTreeMap::new();
        for (id, contents) in self.observed.libraries.packages() {
            let wanted = wanted(id);
            for content in contents {
                if !content.whole.is_subset(wanted) {
                    let slots = &(&content.whole & &places.open) - wanted;
                    extra.entry(id).or_default().add(&slots);
                }
                for slot in content.damaged.keys().copied() {
                    if places.open.contains(slot) && !wanted.contains(slot) {
                        extra.entry(id).or_default().insert(slot);
                    }
                }
            }
        }
        // A transfer of what is not wanted any more would bring it all the same.
        for place in places.all.iter().filter(|place| place.held.is_none()) {
            for id in place.state.iter().flat_map(|state| state.pull_jobs.keys()) {
                if !wanted(id).contains(place.slot) {
                    extra.entry(id).or_default().insert(place.slot);
                }
            }
        }
        let mut unwanted = Unwanted::new();
        for (id, slots) in extra {
            let mut numbers: Vec<usize> = slots.iter().filter_map(|slot| places.at(slot)).collect();
            numbers.sort_unstable();
            for number in numbers {
                let place = &places.all[number];
                let site = place.point.settings.site.clone();
                let key = (id.clone(), Reverse(place.depth), site);
                unwanted.entry(key).or_default().push(number);
            }
        }
        unwanted
    }

    pub(super) fn site_server(&self, site: &SiteCode) -> Option<&'a SiteServerState> {
        let system: &'a ObservedSystem =
            self.system(&self.hierarchy.sites.get(site)?.site_server)?;
        system.site_server.as_ref()
    }
}

/// The numbers of the distribution points that lack something of a package, ascending; and those where
/// nothing of it is lacking before a client asks.
fn lacking(
    slots: &NumberSet,
    (id, wanted): (&PackageId, WantedContent),
    contents: &[Content],
    places: &Places<'_>,
) -> (Vec<(usize, Lack)>, OnDemand) {
    // What is left of this holds nothing of the package.
    let mut left = slots - &places.out_of_reach;
    let mut lacking: Vec<(u32, Lack)> = Vec::new();
    for content in contents {
        match Lack::of(Some(Held::of(content, 0)), wanted) {
            None => left.take(&content.whole),
            Some(lack) => {
                let here = &left & &content.whole;
                lacking.extend(here.iter().map(|slot| (slot, lack)));
                left.take(&here);
            }
        }
        for (slot, damaged) in &content.damaged {
            if left.remove(*slot) {
                let lack = Lack::of(Some(Held::of(content, *damaged)), wanted);
                lacking.extend(lack.map(|lack| (*slot, lack)));
            }
        }
    }
    let on_demand = &left & &places.on_demand;
    left.take(&on_demand);
    lacking.extend(left.iter().map(|slot| (slot, Lack::Everything)));
    let asked = places.asked.get(id).map(|asked| &on_demand & asked).unwrap_or_default();
    lacking.extend(asked.iter().map(|slot| (slot, Lack::Asked)));
    let on_demand = OnDemand::new(&on_demand - &asked, wanted, contents);
    let mut lacking: Vec<(usize, Lack)> =
        lacking.into_iter().filter_map(|(slot, lack)| Some((places.at(slot)?, lack))).collect();
    lacking.sort_unstable();
    (lacking, on_demand)
}
