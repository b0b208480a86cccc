//! What has to answer on the ports of a role (SUP-6, SUP-7, PORT-2, PORT-3).

use crate::model::{ContentProtocol, DistributionPointSettings, Port, UpdatePointSettings};

/// The virtual roots of the WSUS web site that require a secured channel with SSL (SUP-6), each with
/// the page of it that answers.
pub const SECURED_ROOTS: [(&str, &str); 5] = [
    ("ApiRemoting30", "/ApiRemoting30/WebService.asmx"),
    ("ClientWebService", "/ClientWebService/client.asmx"),
    ("DssAuthWebService", "/DssAuthWebService/DssAuthWebService.asmx"),
    ("ServerSyncWebService", "/ServerSyncWebService/ServerSyncWebService.asmx"),
    ("SimpleAuthWebService", "/SimpleAuthWebService/SimpleAuth.asmx"),
];

/// The virtual roots that stay reachable over HTTP all the same (SUP-6).
pub const HTTP_ROOTS: [(&str, &str); 4] = [
    ("Content", "/Content/"),
    ("Inventory", "/Inventory/"),
    ("ReportingWebService", "/ReportingWebService/ReportingWebService.asmx"),
    ("SelfUpdate", "/SelfUpdate/wuident.cab"),
];

/// What has to answer on the ports of a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedListeners {
    /// The port on which plain HTTP has to answer.
    pub http: Option<Port>,
    /// The port on which TLS has to answer.
    pub https: Option<Port>,
    /// On an update point: whether the five virtual roots require a secured channel.
    pub secured_roots: Option<bool>,
    /// Whether its certificate is its own work (`certificate.selfSigned`): then no chain is asked
    /// for.
    pub self_signed: bool,
}

/// What has to answer on an update point: HTTP always, which stays open with SSL (SUP-7), and with
/// SSL TLS beside it.
pub fn wanted_of_updates(settings: &UpdatePointSettings) -> WantedListeners {
    WantedListeners {
        http: Some(settings.ports.http),
        https: settings.ssl.then_some(settings.ports.https),
        secured_roots: Some(settings.ssl),
        self_signed: settings.certificate.as_ref().is_some_and(|it| it.self_signed),
    }
}

/// What has to answer on a distribution point: the protocol of its clients (PORT-2).
pub fn wanted_of_content(settings: &DistributionPointSettings) -> WantedListeners {
    let https = settings.protocol == ContentProtocol::Https;
    WantedListeners {
        http: (!https).then_some(settings.ports.http),
        https: https.then_some(settings.ports.https),
        secured_roots: None,
        self_signed: settings.certificate.as_ref().is_some_and(|it| it.self_signed),
    }
}
