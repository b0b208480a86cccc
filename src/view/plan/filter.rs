//! Which part of a plan is shown.

use std::{fmt, str::FromStr};

use serde::Serialize;

use crate::{
    check::closest,
    model::{Kind, SiteCode},
    plan::{Action, ActionKind},
};

/// Which part of a plan is shown: what belongs to one of the sites and is of one of the kinds. None
/// of either: all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlanFilter {
    /// The sites.
    pub sites: Vec<SiteCode>,
    /// The kinds.
    pub kinds: Vec<ShownKind>,
}

/// A kind of action, or of the resource to which it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownKind {
    /// Actions of this kind.
    Action(ActionKind),
    /// Actions on resources of this kind.
    Resource(Kind),
}

/// A word that is no kind of action or resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub struct UnknownKind(String);

impl UnknownKind {
    fn text(&self) -> String {
        let Self(wrong) = self;
        let known: Vec<String> = ShownKind::all().map(|kind| kind.to_string()).collect();
        match closest(wrong, known.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("kinds of actions and resources are {}", known.join(", ")),
        }
    }
}

impl ShownKind {
    /// Every kind of action, then every kind of resource.
    pub fn all() -> impl Iterator<Item = Self> {
        ActionKind::ALL.map(Self::Action).into_iter().chain(Kind::ALL.map(Self::Resource))
    }
}

impl fmt::Display for ShownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(kind) => kind.fmt(f),
            Self::Resource(kind) => kind.fmt(f),
        }
    }
}

impl FromStr for ShownKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::all()
            .find(|kind| kind.to_string() == text)
            .ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

impl Serialize for ShownKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl PlanFilter {
    /// Whether everything is shown.
    pub fn is_empty(&self) -> bool {
        let Self { sites, kinds } = self;
        sites.is_empty() && kinds.is_empty()
    }

    /// Whether an action is shown.
    pub fn shows(&self, action: &Action) -> bool {
        let of_kind = |kind: &ShownKind| match *kind {
            ShownKind::Action(kind) => kind == action.kind,
            ShownKind::Resource(kind) => kind == action.resource.kind,
        };
        self.shows_site(&action.site) && (self.kinds.is_empty() || self.kinds.iter().any(of_kind))
    }

    /// Whether what belongs to a site is shown.
    pub(super) fn shows_site(&self, site: &SiteCode) -> bool {
        self.sites.is_empty() || self.sites.contains(site)
    }

    /// Whether what is said of resources of a kind, but not as an action, is shown.
    pub(super) fn shows_resources(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&ShownKind::Resource(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_actions_and_resources_are_told_apart_by_their_words() {
        let all: Vec<_> = ShownKind::all().map(|kind| kind.to_string().parse()).collect();
        assert_eq!(all, ShownKind::all().map(Ok).collect::<Vec<_>>());
        let refused = |text: &str| text.parse::<ShownKind>().unwrap_err().to_string();
        assert_eq!(refused("package"), "did you mean `Package`?");
        assert_eq!(refused("AddDistrbutionPoint"), "did you mean `AddDistributionPoint`?");
        assert!(refused("colour").starts_with("kinds of actions and resources are CreateSite"));
    }
}
