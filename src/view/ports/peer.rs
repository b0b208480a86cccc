//! How firewalls can know a party: by its addresses, as far as the manifests tell them.

use std::net::IpAddr;

use crate::{
    model::{Hierarchy, Placement},
    ports::{Network, Party},
};

/// The addresses of an intranet, unless somebody says better: those that nobody else can have
/// (RFC 1918, RFC 4193).
pub(super) const PRIVATE_V4: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
/// The same of IPv6.
pub(super) const PRIVATE_V6: [&str; 1] = ["fc00::/7"];

/// What is known of where a party is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whereabouts<'a> {
    /// At this address.
    Literal(IpAddr),
    /// Under this name.
    Named(&'a str),
    /// Somewhere on the intranet.
    Intranet,
    /// Anywhere.
    Anywhere,
    /// No manifest says.
    Unknown,
}

/// Where a party is.
pub(super) fn whereabouts<'a>(hierarchy: &'a Hierarchy, party: &'a Party) -> Whereabouts<'a> {
    let host = match party {
        Party::SiteSystem(name) => {
            let Some(system) = hierarchy.site_systems.get(name) else {
                return Whereabouts::Unknown;
            };
            system.settings.address.as_str()
        }
        Party::UpstreamServer(host) => host,
        Party::Clients { network: Network::Intranet, .. } => return Whereabouts::Intranet,
        // Its addresses change, and it is known by names only.
        Party::Clients { network: Network::Internet, .. } | Party::MicrosoftUpdate => {
            return Whereabouts::Anywhere;
        }
        Party::SiteDatabase(_) | Party::Controller => return Whereabouts::Unknown,
    };
    match host.parse() {
        Ok(ip) => Whereabouts::Literal(ip),
        Err(_) => Whereabouts::Named(host),
    }
}

/// Whether a site system is, or may be, a pod.
pub(super) fn may_be_pod(hierarchy: &Hierarchy, party: &Party) -> bool {
    let Party::SiteSystem(name) = party else { return false };
    let placement = hierarchy.site_systems.get(name).and_then(|it| it.placement);
    matches!(placement, None | Some(Placement::Kubernetes))
}

/// A word for a party that programs take for a name: letters, digits, `_`, `-` and `.`, beginning
/// with a letter.
pub(super) fn word(party: &Party) -> String {
    let text = match party {
        Party::SiteSystem(name) => format!("system_{name}"),
        Party::Clients { site, network: Network::Intranet } => format!("clients_{site}"),
        Party::Clients { site, network: Network::Internet } => format!("internet_clients_{site}"),
        Party::SiteDatabase(site) => format!("database_{site}"),
        Party::UpstreamServer(host) => format!("upstream_{host}"),
        Party::MicrosoftUpdate => "microsoft_update".to_owned(),
        Party::Controller => "controller".to_owned(),
    };
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    text.chars().map(|letter| if fits(letter) { letter } else { '_' }).collect()
}
