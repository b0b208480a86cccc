//! Sites: the policy of their clients (SYNC-9).

use super::{
    documents::{Documents, document, name_of},
    origin::spec,
    settings_by_path::SettingsByPath,
};
use crate::model::{ClientPolicy, Kind, Name, SoftwareUpdatesAgent};

impl Documents<'_> {
    pub(super) fn client_policy(&self, name: &Name) -> Option<SettingsByPath> {
        let resource = self.declared.sites.get(name)?;
        let site = self.hierarchy.sites.get(&resource.spec.site_code)?;
        let of = document(Kind::Site, resource);
        let mut all = SettingsByPath::default();
        let policy = self.hierarchy.client_policy(site)?;
        // A property that is new does not compile before it has an origin here.
        let ClientPolicy { update_point, url: _, internet_url, agent } = &policy;
        let SoftwareUpdatesAgent { enabled: _, scan_every: _, reevaluate_every: _ } = agent;
        let active = self.declared.software_update_points.get(update_point)?;
        let active_document = document(Kind::SoftwareUpdatePoint, active);
        all.field("updatePoint", name_of(&active_document));
        // Clients scan for what the point holds, and that is decided by where it comes from.
        let why = "clients scan for what the active software update point holds (SYNC-9)";
        all.field("announced", active_document.follows(spec("role"), why));
        all.address("url", self.update_point_address(update_point)?);
        match (&site.internet_based_point, internet_url) {
            (Some(point), _) => all.address("internetUrl", self.update_point_address(point)?),
            (None, Some(_)) => all.address("internetUrl", self.update_point_address(update_point)?),
            (None, None) => {
                let why = "the site has no Internet-based point, and its active one accepts no \
                           clients of the Internet (SUP-4)";
                let field = spec("clientConnections");
                all.field("internetUrl", active_document.follows(field, why));
            }
        }
        let agent = [
            ("agent.enabled", "enabled", "the default is yes"),
            ("agent.scanEvery", "scanEvery", "the default is 7d"),
            ("agent.reevaluateEvery", "reevaluateEvery", "the default is 7d"),
        ];
        for (path, key, default) in agent {
            let field = spec("clientAgent.softwareUpdates").key(key);
            all.field(path, of.field(field, default));
        }
        Some(all)
    }
}
