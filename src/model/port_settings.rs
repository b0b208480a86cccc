//! `kind: PortSettings` (SUP-7).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Port, Ports, WebSite};

/// The ports of a web site, which update points, distribution points and management points refer to by
/// name (SUP-7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend(
    "if" = {"properties": {"webSite": {"const": "Custom"}}},
    "then" = {"properties": {"http": {"default": 8530}, "https": {"default": 8531}}},
    "else" = {"properties": {"http": {"default": 80}, "https": {"default": 443}}},
))]
pub struct PortSettingsSpec {
    /// The web site: it decides the defaults.
    pub web_site: WebSite,
    /// The port for HTTP. Custom web site: 8530, default web site: 80.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = 8530)]
    pub http: Option<Port>,
    /// The port for HTTPS: 443 with HTTP 80, otherwise the next one after HTTP. Custom web site:
    /// 8531, default web site: 443.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = 8531)]
    pub https: Option<Port>,
}

impl PortSettingsSpec {
    /// The ports with every default filled in. An HTTPS port that is not written follows the HTTP
    /// port by the rule of SUP-7.
    pub fn ports(&self) -> Ports {
        let documented = Ports::of(self.web_site);
        let http = self.http.unwrap_or(documented.http);
        let https = self.https.or_else(|| Ports::https_for(http)).unwrap_or(documented.https);
        Ports { web_site: self.web_site, http, https }
    }
}
