//! The management points, and which policy clients read there, as a table.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    plain::plain,
    table::{lines, table},
};
use crate::model::{
    CatalogVersion, Listener, ManagementPointState, Name, ObservedSystem, ServedPolicy,
    ServerCertificate, SiteCode,
};

/// The state of a management point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ManagementPointStatus {
    /// Its site.
    pub site: SiteCode,
    /// The site server that carries it.
    pub site_system: Name,
    /// Its port.
    pub listener: Listener,
    /// The certificate that it shows, over TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<ServerCertificate>,
    /// The policy that it serves; absent while none has been published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<ServedPolicy>,
    /// The catalog that clients are told to scan for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog_version: Option<CatalogVersion>,
}

impl ManagementPointStatus {
    /// That of a site server, if it has one.
    pub(super) fn of(name: &Name, state: &ObservedSystem) -> Option<Self> {
        let server = state.site_server.as_ref()?;
        let ManagementPointState { listener, certificate, policy } =
            server.management_point.clone()?;
        Some(Self {
            site: state.settings.site.clone(),
            site_system: name.clone(),
            listener,
            certificate,
            policy,
            catalog_version: server.announced.filter(|_| policy.is_some()),
        })
    }
}

/// The table; none if there is no management point.
pub(super) fn management_points(points: &[ManagementPointStatus]) -> Option<String> {
    let header = ["SITE", "MANAGEMENT POINT", "CATALOG", "POLICY SINCE", "STATUS"];
    let mut table = table(&header, &[]);
    for point in points {
        let since: Option<Timestamp> = point.policy.and_then(|policy| policy.published_at);
        table.add_row([
            point.site.to_string(),
            point.site_system.to_string(),
            point.catalog_version.map_or("-".to_owned(), |it| it.short()),
            since.map_or("-".to_owned(), super::status::second),
            status(point),
        ]);
    }
    (!points.is_empty()).then(|| lines(&table))
}

fn status(point: &ManagementPointStatus) -> String {
    match (&point.listener, point.policy) {
        (Listener::Closed(why), _) => format!("port closed: {}", plain(why)),
        (Listener::Open(_), None) => "no policy has been published yet".to_owned(),
        (Listener::Open(_), Some(policy)) => format!("serves policy {}", policy.serial),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    #[test]
    fn it_is_seen_which_policy_clients_read_and_which_they_cannot() {
        let policy = ServedPolicy {
            serial: 1_764_400_000,
            digest: Digest::of(b"policy"),
            published_at: Some("2026-11-20T08:00:00.5Z".parse().unwrap()),
        };
        let point = |listener, policy| ManagementPointStatus {
            site: "ONE".parse().unwrap(),
            site_system: "server".parse().unwrap(),
            listener,
            certificate: None,
            policy,
            catalog_version: None,
        };
        let open = || Listener::Open("127.0.0.1:80".to_owned());
        let closed = Listener::Closed("\u{1b}[2J".to_owned());
        let points =
            [point(open(), Some(policy)), point(open(), None), point(closed, Some(policy))];
        let text = management_points(&points).unwrap();
        for part in [
            "serves policy 1764400000",
            "2026-11-20 08:00:00Z",
            "no policy has been published yet",
            "port closed: \\u{1b}[2J",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert_eq!(management_points(&[]), None);
    }
}
