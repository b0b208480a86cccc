//! Which part of a hierarchy is drawn, and how much is drawn as one.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Hierarchy, Name, SiteCode};

/// How much is drawn one by one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    /// With more sites than that, sites without others below them are drawn as one card for each site
    /// above them.
    sites: usize,
    /// As many distribution points of a site are drawn one by one.
    points: usize,
    /// The same where there are more than [`MANY_SITES`].
    points_of_many: usize,
}

impl Most {
    /// 200 sites still are a drawing that can be looked at, some thousands are not.
    pub(super) const OF_A_DRAWING: Self = Self { sites: 250, points: 12, points_of_many: 4 };
    /// Where the language of the drawing sets limits: sites together, if there are many at all.
    pub(super) const TOGETHER: Self = Self { sites: MANY_SITES, ..Self::OF_A_DRAWING };
    /// The least: all points of a site that are alike as one.
    pub(super) const LEAST: Self = Self { sites: 0, points: 1, points_of_many: 1 };
}

/// With more sites than that, cards say only what cannot be left out.
const MANY_SITES: usize = 40;

/// What is drawn of a hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    /// The sites that are drawn, each as a card of its own or with others.
    pub(super) sites: BTreeSet<SiteCode>,
    /// Of these, the one it is about, if it is about one.
    pub(super) about: Option<SiteCode>,
    /// Sites that share a card: by the site above them. None has others below it.
    pub(super) together: BTreeMap<SiteCode, Vec<SiteCode>>,
    /// The distribution points that are drawn.
    pub(super) points: BTreeSet<Name>,
    /// How many distribution points of a site are drawn one by one.
    pub(super) most_points: usize,
    /// Whether cards say only what cannot be left out.
    pub(super) brief: bool,
}

impl Scope {
    /// Everything; or a site with all that it has to do with: the site above it, those below it,
    /// and the distribution points that its own pull from and that pull from its own.
    pub(super) fn of(hierarchy: &Hierarchy, about: Option<&SiteCode>, most: Most) -> Self {
        let mut scope = match about {
            None => Self::whole(hierarchy),
            Some(site) => Self::around(hierarchy, site),
        };
        if scope.sites.len() > most.sites {
            scope.put_together(hierarchy);
        }
        scope.most_points = most.points;
        if scope.sites.len() > MANY_SITES || !scope.together.is_empty() {
            scope.most_points = most.points_of_many;
            scope.brief = true;
        }
        scope
    }

    fn whole(hierarchy: &Hierarchy) -> Self {
        Self {
            sites: hierarchy.sites.keys().cloned().collect(),
            about: None,
            together: BTreeMap::new(),
            points: hierarchy.distribution_points.keys().cloned().collect(),
            most_points: 0,
            brief: false,
        }
    }

    fn around(hierarchy: &Hierarchy, about: &SiteCode) -> Self {
        let mut sites: BTreeSet<SiteCode> = [about.clone()].into();
        sites.extend(hierarchy.sites.get(about).and_then(|site| site.parent.clone()));
        sites.extend(hierarchy.children(about).map(|(code, _)| code.clone()));
        let mut points = BTreeSet::new();
        for (name, point) in &hierarchy.distribution_points {
            let own = point.settings.site == *about;
            if own {
                points.insert(name.clone());
            }
            let sources = point.settings.pull.iter().filter(|_| point.settings.pulls());
            for source in sources.flat_map(|pull| &pull.sources) {
                let source = &source.distribution_point;
                let theirs = hierarchy.distribution_points.get(source);
                if own || theirs.is_some_and(|it| it.settings.site == *about) {
                    points.extend([name.clone(), source.clone()]);
                }
            }
        }
        let of_points = points.iter().filter_map(|it| hierarchy.distribution_points.get(it));
        sites.extend(of_points.map(|point| point.settings.site.clone()));
        let about = Some(about.clone());
        let (together, most_points) = (BTreeMap::new(), 0);
        Self { sites, about, together, points, most_points, brief: false }
    }

    fn put_together(&mut self, hierarchy: &Hierarchy) {
        let parents: BTreeSet<&SiteCode> =
            hierarchy.sites.values().filter_map(|site| site.parent.as_ref()).collect();
        for code in &self.sites {
            let alone = !parents.contains(code) && self.about.as_ref() != Some(code);
            let parent = hierarchy.sites.get(code).and_then(|site| site.parent.as_ref());
            if let Some(parent) = parent.filter(|parent| alone && self.sites.contains(parent)) {
                self.together.entry(parent.clone()).or_default().push(code.clone());
            }
        }
        self.together.retain(|_, sites| sites.len() > 2);
    }

    /// The cards, each with its sites, from the top down.
    pub(super) fn cards<'a>(&'a self, hierarchy: &'a Hierarchy) -> Vec<Vec<&'a SiteCode>> {
        let hidden: BTreeSet<&SiteCode> = self.together.values().flatten().collect();
        let mut cards = Vec::new();
        for (code, _) in hierarchy.sites_top_down() {
            if self.sites.contains(code) && !hidden.contains(code) {
                cards.push(vec![code]);
            }
        }
        cards.extend(self.together.values().map(|sites| sites.iter().collect()));
        cards
    }
}
