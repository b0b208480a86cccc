//! The site servers of what was observed, and how deep their sites lie: for the order of tables.

use std::collections::BTreeMap;

use crate::model::{Observed, ObservedSystem, SiteCode};

/// The site server of each site.
pub(super) type SiteServers<'a> = BTreeMap<&'a SiteCode, &'a ObservedSystem>;

pub(super) fn site_servers(observed: &Observed) -> SiteServers<'_> {
    let servers = observed.present().filter(|(_, state)| state.settings.site_server.is_some());
    servers.map(|(_, state)| (&state.settings.site, state)).collect()
}

/// How far a site is below the top, by what the site servers know of their parents.
pub(super) fn depth(servers: &SiteServers<'_>, site: &SiteCode) -> usize {
    let parent = |site| servers.get(site)?.settings.site_server.as_ref()?.parent.as_ref();
    let mut depth = 0;
    let mut site = site;
    // A circle among site servers would be their own mistake; it must not hang the view.
    while let Some(above) = parent(site).filter(|_| depth < servers.len()) {
        depth += 1;
        site = above;
    }
    depth
}
