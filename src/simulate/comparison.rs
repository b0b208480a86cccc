//! Two outcomes side by side: what a change saves, or costs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{LinkOutcome, Outcome, SiteOutcome};
use crate::model::SiteCode;

/// What is different in the second of two outcomes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The time until every distribution point has every package.
    pub distributed: Difference,
    /// The time until every site has synchronized.
    pub synchronized: Difference,
    /// The same for each site where it is another one: its content.
    pub sites: BTreeMap<SiteCode, Difference>,
    /// Its synchronization.
    pub synchronizations: BTreeMap<SiteCode, Difference>,
    /// Bytes of each direction of a line where they are others, by `FROM→TO`.
    pub links: BTreeMap<String, Difference>,
}

/// A number before and after. Absent: it never happens, or there is no such thing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// In the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<f64>,
    /// In the second one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<f64>,
}

impl Difference {
    /// Whether it is the same, apart from what nobody notices: a second, or a thousandth.
    pub fn is_nothing(&self, noticed: f64) -> bool {
        match (self.before, self.after) {
            (None, None) => true,
            (Some(before), Some(after)) => {
                (before - after).abs() < noticed.max(before.abs() * 1e-3)
            }
            _ => false,
        }
    }
}

/// Compares two outcomes.
pub fn compare(before: &Outcome, after: &Outcome) -> Comparison {
    let by_site = |of: &Outcome, what: fn(&SiteOutcome) -> Option<f64>| {
        let sites = of.sites.iter().map(|site| (site.site.clone(), what(site)));
        sites.collect::<BTreeMap<_, _>>()
    };
    let sites = |what: fn(&SiteOutcome) -> Option<f64>| {
        differences(&by_site(before, what), &by_site(after, what), 1.0)
    };
    Comparison {
        distributed: Difference {
            before: before.distributed_after,
            after: after.distributed_after,
        },
        synchronized: Difference {
            before: before.synchronized_after,
            after: after.synchronized_after,
        },
        sites: sites(|site| site.content_until),
        synchronizations: sites(|site| site.synchronization.as_ref()?.complete),
        links: differences(&links(&before.links), &links(&after.links), 1e6),
    }
}

fn links(all: &[LinkOutcome]) -> BTreeMap<String, Option<f64>> {
    let name = |link: &LinkOutcome| format!("{}→{}", link.from, link.to);
    all.iter().map(|link| (name(link), Some(super::numbers::float(link.bytes)))).collect()
}

fn differences<Key: Ord + Clone>(
    before: &BTreeMap<Key, Option<f64>>,
    after: &BTreeMap<Key, Option<f64>>,
    noticed: f64,
) -> BTreeMap<Key, Difference> {
    let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
    let all = keys.map(|key| {
        let of = |all: &BTreeMap<Key, Option<f64>>| all.get(key).copied().flatten();
        (key.clone(), Difference { before: of(before), after: of(after) })
    });
    all.filter(|(_, difference)| !difference.is_nothing(noticed)).collect()
}
