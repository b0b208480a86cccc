//! What one object can know of what `check` says: the same rules, in CEL, with the same messages.
//!
//! A rule refuses only what `check` calls an error. What lists of long texts hold is not compared with
//! each other: an API server refuses rules that might take long. Time zones, days of a calendar and XML
//! are beyond CEL, and annotations are hidden from it. All that is told by the operator, in the status.

mod distribution_points;
mod install;
mod local_updates;
mod notifications;
mod sites;
mod texts;
mod update_points;
mod windows;

use serde_json::json;

use super::rule::{Bound, Rule};
use crate::model::{Kind, Name};

/// The rules of a kind, beside those that its types bring along.
pub(super) fn of(kind: Kind) -> Vec<Rule> {
    let mut rules = vec![name()];
    rules.extend(match kind {
        Kind::Site => sites::site(),
        Kind::SiteSystem => sites::site_system(),
        Kind::PortSettings => sites::port_settings(),
        Kind::SoftwareUpdatePoint => update_points::rules(),
        Kind::DistributionPoint => distribution_points::rules(),
        Kind::DistributionPointGroup => Vec::new(),
        Kind::Package => distribution_points::package(),
        Kind::LocalUpdate => local_updates::rules(),
        Kind::Notification => notifications::rules(),
        Kind::MaintenanceWindow => windows::rules(),
    });
    rules
}

/// The bounds of a kind, beside those of its types. Those of numbers and lengths are what the loader
/// takes at most, so that a server knows how long a rule takes.
pub(super) fn bounds(kind: Kind) -> Vec<Bound> {
    let longest = |at, length: usize| Bound { at, keyword: "maxLength", value: json!(length) };
    let most = |at, number: usize| Bound { at, keyword: "maxItems", value: json!(number) };
    // A text that says nothing is no title, no name and no language.
    let says_something = |at| Bound { at, keyword: "pattern", value: json!(r"\S") };
    match kind {
        Kind::SiteSystem => vec![longest("spec.agent.url", texts::LONGEST_SERVER)],
        Kind::SoftwareUpdatePoint => vec![
            longest("spec.source.url", texts::LONGEST_SERVER),
            says_something("spec.classifications[]"),
            says_something("spec.products[]"),
            says_something("spec.languages[]"),
            says_something("spec.publishers[]"),
            says_something("spec.downstreamServers[]"),
            says_something("spec.content.updates.classifications[]"),
            says_something("spec.content.updates.products[]"),
        ],
        Kind::DistributionPoint => vec![
            longest("spec.multicast.addresses", texts::LONGEST_RANGE),
            longest("spec.multicast.ports", texts::LONGEST_RANGE),
        ],
        Kind::Package => vec![
            says_something("spec.source.updates.classifications[]"),
            says_something("spec.source.updates.products[]"),
        ],
        Kind::LocalUpdate => {
            let plain = json!(texts::PUBLISHED_FILE);
            vec![
                longest("spec.updateId", texts::GUID),
                longest("spec.classification", local_updates::NAME),
                longest("spec.prerequisites[]", texts::GUID),
                longest("spec.supersedes[]", texts::GUID),
                longest("spec.applicability.isInstalled", texts::LONGEST_RULE),
                longest("spec.applicability.isInstallable", texts::LONGEST_RULE),
                longest("spec.applicability.isSuperseded", texts::LONGEST_RULE),
                most("spec.install.successCodes", install::MOST_CODES),
                most("spec.install.restartCodes", install::MOST_CODES),
                Bound { at: "spec.files[].path", keyword: "pattern", value: plain },
            ]
        }
        _ => Vec::new(),
    }
}

/// The names of objects are DNS subdomains in Kubernetes; those of documents are labels.
fn name() -> Rule {
    let label = r"self.metadata.name.matches(r'^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$')";
    let what = "".parse::<Name>().err().map_or("", |it| it.rule);
    Rule::new("", label, "`<<self.metadata.name>>` is not a valid name").help(what)
}
