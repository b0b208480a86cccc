//! The ways on which packages could come to pull distribution points, over sources of sources.

use std::collections::{BTreeMap, VecDeque};

use super::{declaration::Declaration, linked::DistributionPoint};

/// How many points and sources are looked at in all to find ways: as many as take a few dozens of
/// milliseconds, and a hundred packages of the largest site. Behind that a way ends at the first
/// source; nobody reads on to there before mending what is above.
const MOST_LOOKED_AT: usize = 1_000_000;

/// For each package that somebody lacks, how far every point is from one that has it. All points
/// that lack the same package share one search.
pub(super) struct Ways<'d, 'a> {
    declaration: &'d Declaration<'a>,
    /// The sources of each point, by priority, and who has it as a source.
    links: Option<Links>,
    distances: BTreeMap<u32, Vec<Option<usize>>>,
    left: usize,
}

struct Links {
    sources: Vec<Vec<usize>>,
    pullers: Vec<Vec<usize>>,
    count: usize,
}

impl<'d, 'a> Ways<'d, 'a> {
    pub(super) fn new(declaration: &'d Declaration<'a>) -> Self {
        Self { declaration, links: None, distances: BTreeMap::new(), left: MOST_LOOKED_AT }
    }

    /// The shortest way from a point over sources of sources to one that is given a package, or
    /// that the site server could send it to; of several that of the first priorities.
    pub(super) fn way(&mut self, from: usize, package: u32) -> Vec<usize> {
        let links = self.links.get_or_insert_with(|| links(self.declaration));
        if !self.distances.contains_key(&package) && self.left >= links.count {
            self.left -= links.count;
            self.distances.insert(package, distances(self.declaration, links, package));
        }
        let distances = self.distances.get(&package).map_or(&[][..], Vec::as_slice);
        let far = |point: usize| distances.get(point).copied().flatten().unwrap_or(usize::MAX);
        let mut way = vec![from];
        let mut point = from;
        loop {
            // Of the nearest ones the first.
            let next = links.sources[point].iter().copied().filter(|next| *next != point);
            let Some(next) = next.min_by_key(|next| far(*next)) else { return way };
            if way.len() > 1 && next == from {
                // In a circle there is no such point: PDP-2 tells of it.
                way.truncate(2);
                return way;
            }
            way.push(next);
            // Each one is nearer than the one before, so this ends.
            match far(next) {
                0 | usize::MAX => return way,
                _ => point = next,
            }
        }
    }
}

fn links(declaration: &Declaration<'_>) -> Links {
    let points = &declaration.distribution_points;
    let mut pullers = vec![Vec::new(); points.len()];
    let mut count = points.len();
    let mut sources = Vec::with_capacity(points.len());
    for (number, point) in points.iter().enumerate() {
        let written = point.document.spec().pull.iter().flat_map(|pull| &pull.sources);
        let mut own: Vec<_> = written.zip(&point.sources).collect();
        own.sort_by_key(|(source, _)| source.priority);
        let own: Vec<usize> = own.into_iter().filter_map(|(_, source)| *source).collect();
        count += own.len();
        for source in &own {
            pullers[*source].push(number);
        }
        sources.push(own);
    }
    Links { sources, pullers, count }
}

/// How far each point is from the nearest one that is given a package, or does not pull.
fn distances(declaration: &Declaration<'_>, links: &Links, package: u32) -> Vec<Option<usize>> {
    let points = declaration.distribution_points.iter().enumerate();
    let has_it = |(number, point): (usize, &DistributionPoint<'_>)| {
        (!point.document.spec().pulls() || declaration.content.given(number).contains(package))
            .then_some(0)
    };
    let mut distances: Vec<Option<usize>> = points.map(has_it).collect();
    let nearest = distances.iter().enumerate().filter(|(_, far)| far.is_some());
    let mut queue: VecDeque<usize> = nearest.map(|(number, _)| number).collect();
    while let Some(number) = queue.pop_front() {
        let next = distances[number].map(|far| far + 1);
        for puller in &links.pullers[number] {
            if distances[*puller].is_none() {
                distances[*puller] = next;
                queue.push_back(*puller);
            }
        }
    }
    distances
}
