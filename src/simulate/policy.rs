//! By which rules content travels: ours, those of the field, or none.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::{Hierarchy, Name, PullSourceSettings};

/// By which rules content travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Policy {
    /// As the manifests say, in the order of the plan.
    AsDeclared,
    /// The same, with `cutThrough` at every pull distribution point.
    CutThrough,
    /// The field's rules as they are documented: all transfer jobs are made at once, each looks every
    /// 20 minutes whether a source has everything (PDP-5), and nobody waits for his turn.
    Field,
    /// Everybody pulls from the standard distribution point at the top of its sources, at once.
    OneSource,
}

/// What a policy changes in how a hierarchy works.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    /// Whether the order is that of the plan.
    pub(super) planned: bool,
    /// Whether a source serves so many at a time as its site says.
    pub(super) turns: bool,
    /// How many actions go on at a time.
    pub(super) at_once: usize,
}

/// So many actions of a plan are carried out at a time: as `apply` does.
const AT_ONCE: usize = 16;

impl Policy {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::OneSource, Self::Field, Self::AsDeclared, Self::CutThrough];

    /// What people read.
    pub const fn words(self) -> &'static str {
        match self {
            Self::AsDeclared => "as the manifests say",
            Self::CutThrough => "with cut-through everywhere",
            Self::Field => "the field's rules",
            Self::OneSource => "everything from one source",
        }
    }

    pub(super) const fn rules(self) -> Rules {
        match self {
            Self::AsDeclared | Self::CutThrough => {
                Rules { planned: true, turns: true, at_once: AT_ONCE }
            }
            Self::Field | Self::OneSource => {
                Rules { planned: false, turns: false, at_once: usize::MAX }
            }
        }
    }

    /// A hierarchy as it is under this policy.
    pub(super) fn applied_to(self, hierarchy: &Hierarchy) -> Hierarchy {
        let mut applied = hierarchy.clone();
        if self == Self::AsDeclared {
            return applied;
        }
        for (name, point) in &mut applied.distribution_points {
            if !point.settings.pulls() {
                continue;
            }
            let Some(pull) = &mut point.settings.pull else { continue };
            pull.cut_through = self == Self::CutThrough;
            if self == Self::OneSource
                && let Some(top) = top(hierarchy, name)
                && let Some(url) = hierarchy.distribution_point_url(&top)
            {
                pull.sources =
                    vec![PullSourceSettings { priority: 1, distribution_point: top, url }];
            }
        }
        applied
    }
}

/// The distribution point that does not pull to which the first sources lead.
fn top(hierarchy: &Hierarchy, of: &Name) -> Option<Name> {
    let mut seen = BTreeSet::new();
    let mut at = of.clone();
    loop {
        let point = hierarchy.distribution_points.get(&at)?;
        let Some(first) = point.settings.pulls_from().min() else { return Some(at) };
        let next = first.distribution_point.clone();
        // In a circle, which PDP-2 refuses, nobody is at the top.
        if !seen.insert(std::mem::replace(&mut at, next)) {
            return None;
        }
    }
}
