//! Which placements are shown.

use std::{convert::Infallible, str::FromStr};

use super::report::ContentInputs;
use crate::{
    check::closest,
    model::{Name, PackageId, SiteCode},
};

/// Which placements are shown: of one of these packages, on one of these distribution points, in one
/// of these sites. None of any: all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContentFilter {
    /// The packages.
    pub packages: Vec<PackageWord>,
    /// The distribution points.
    pub points: Vec<Name>,
    /// The sites of the distribution points.
    pub sites: Vec<SiteCode>,
    /// Whether what is available is listed too; otherwise it is only counted.
    pub all: bool,
}

/// How somebody calls a package: by its ID, in letters of any case, or by the name of its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageWord(String);

impl FromStr for PackageWord {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl PackageWord {
    /// Whether a word is this ID.
    pub(in crate::view) fn is_id(&self, word: &str) -> bool {
        self.0.eq_ignore_ascii_case(word)
    }

    fn is(&self, id: &PackageId, name: Option<&Name>) -> bool {
        self.0.eq_ignore_ascii_case(id.as_str()) || name.is_some_and(|it| it.as_str() == self.0)
    }
}

/// Something is asked for that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} `{asked}`{}", self.hint())]
pub struct UnknownInFilter {
    what: &'static str,
    asked: String,
    meant: Option<String>,
}

impl UnknownInFilter {
    fn hint(&self) -> String {
        self.meant.as_ref().map(|meant| format!(": did you mean `{meant}`?")).unwrap_or_default()
    }

    fn of(what: &'static str, asked: &str, known: &[&str]) -> Self {
        let meant = closest(asked, known.iter().copied()).map(str::to_owned);
        Self { what, asked: asked.to_owned(), meant }
    }
}

impl ContentFilter {
    /// Whether a package is shown.
    pub(super) fn shows_package(&self, id: &PackageId, name: Option<&Name>) -> bool {
        self.packages.is_empty() || self.packages.iter().any(|word| word.is(id, name))
    }

    /// Whether a distribution point is shown.
    pub(super) fn shows_point(&self, point: &Name, site: &SiteCode) -> bool {
        (self.points.is_empty() || self.points.contains(point))
            && (self.sites.is_empty() || self.sites.contains(site))
    }

    /// Refuses what is neither declared nor there: an empty answer would look as if all were well.
    ///
    /// # Errors
    ///
    /// The first package, distribution point or site that nobody knows.
    pub fn check(&self, inputs: &ContentInputs<'_>) -> Result<(), UnknownInFilter> {
        let packages = inputs.packages();
        for word in &self.packages {
            if !packages.iter().any(|(id, name)| word.is(id, *name)) {
                let ids = packages.keys().map(|id| id.as_str());
                let names = packages.values().flatten().map(|name| name.as_str());
                let known: Vec<&str> = ids.chain(names).collect();
                return Err(UnknownInFilter::of("package", &word.0, &known));
            }
        }
        let points = inputs.points();
        for point in &self.points {
            if !points.contains_key(point) {
                let known: Vec<&str> = points.keys().map(|name| name.as_str()).collect();
                return Err(UnknownInFilter::of("distribution point", point.as_str(), &known));
            }
        }
        for site in &self.sites {
            if !inputs.sites().contains(site) {
                let all = inputs.sites();
                let known: Vec<&str> = all.iter().map(|code| code.as_str()).collect();
                return Err(UnknownInFilter::of("site", site.as_str(), &known));
            }
        }
        Ok(())
    }
}
