//! The three scenarios of PORT-1.

use std::fmt;

use crate::model::{Hierarchy, Site, SiteMode};

/// A scenario of the documentation (PORT-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scenario {
    /// Mixed mode, WSUS without SSL.
    A,
    /// Mixed mode, WSUS with SSL.
    B,
    /// Native mode, WSUS with SSL.
    C,
}

impl Scenario {
    /// The scenario of a site. None without an active software update point, and none for a point
    /// without SSL in native mode, which the documentation does not know.
    pub fn of(hierarchy: &Hierarchy, site: &Site) -> Option<Self> {
        let point = hierarchy.update_points.get(site.active_point.as_ref()?)?;
        match (site.settings.mode, point.settings.ssl) {
            (SiteMode::Mixed, false) => Some(Self::A),
            (SiteMode::Mixed, true) => Some(Self::B),
            (SiteMode::Native, true) => Some(Self::C),
            (SiteMode::Native, false) => None,
        }
    }

    /// What it is, in words.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::A => "mixed mode, WSUS without SSL",
            Self::B => "mixed mode, WSUS with SSL",
            Self::C => "native mode, WSUS with SSL",
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
        })
    }
}
