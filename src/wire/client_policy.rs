//! The policy of a site as its management point serves it (SYNC-9, AGT-1): one JSON document, and a
//! signature over its bytes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{
    CatalogVersion, ClientPolicy, FormatVersion, Name, Port, ServerUrl, SiteCode,
    SoftwareUpdatesAgent,
};

/// The path that is asked.
pub const PATH: &str = "/policy";

/// The header with the signature, as Base64: ECDSA over the SHA-256 of the document's bytes, in DER,
/// made with the key of the hierarchy's authority. It comes with the document, so that nobody has the
/// one without the other while the policy changes.
pub const SIGNATURE: &str = "headwater-signature";

/// The version of the document's form: raised when a reader of the old form would misread it.
pub const FORMAT_VERSION: FormatVersion = FormatVersion { major: 1, minor: 0 };

/// The site-wide policy that clients read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyDocument {
    /// The version of this form.
    pub format_version: String,
    /// The site whose clients it is for.
    pub site_code: SiteCode,
    /// A later policy of the site has a higher number: a client that knows one takes no lower one.
    pub serial: u64,
    /// When it was published; absent if that was before it was remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
    /// The WSUS server of clients on the intranet.
    pub update_server: UpdateServer,
    /// That of clients on the Internet, where they are accepted (SUP-4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internet_update_server: Option<UpdateServer>,
    /// The catalog to scan for: it is another one after each synchronization that changed the catalog.
    /// Absent while there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_version: Option<CatalogVersion>,
    /// Properties of the software updates client agent (AGT-1).
    pub software_updates: SoftwareUpdatesAgent,
}

/// Where a WSUS server is (SYNC-9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateServer {
    /// The software update point, where it is known which one it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_point: Option<Name>,
    /// Its address as one.
    pub url: String,
    /// `http` or `https`.
    pub scheme: String,
    /// The host, in lower case; an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: Port,
}

/// The address of a WSUS server makes no sense.
#[derive(Debug, thiserror::Error)]
#[error(
    "the policy of the site names `{0}`, which is not the address of a server: plan and apply again"
)]
pub struct NoServer(String);

impl PolicyDocument {
    /// The document of a policy.
    ///
    /// # Errors
    ///
    /// The address of a server is none.
    pub fn new(
        site_code: SiteCode,
        serial: u64,
        published_at: Option<Timestamp>,
        policy: &ClientPolicy,
        catalog_version: Option<CatalogVersion>,
    ) -> Result<Self, NoServer> {
        // A field that is new does not compile before clients are told.
        let ClientPolicy { update_point, url, internet_url, agent } = policy;
        let internet = internet_url.as_deref().map(|url| UpdateServer::new(None, url));
        Ok(Self {
            format_version: FORMAT_VERSION.to_string(),
            site_code,
            serial,
            published_at,
            update_server: UpdateServer::new(Some(update_point.clone()), url)?,
            internet_update_server: internet.transpose()?,
            catalog_version,
            software_updates: agent.clone(),
        })
    }

    /// Its bytes: what is served and signed.
    pub fn encode(&self) -> Vec<u8> {
        // Texts, numbers and times have a JSON form whatever they are.
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }
}

impl UpdateServer {
    fn new(update_point: Option<Name>, url: &str) -> Result<Self, NoServer> {
        let parts = ServerUrl::parse(url).ok_or_else(|| NoServer(url.to_owned()))?;
        Ok(Self {
            update_point,
            url: url.to_owned(),
            scheme: if parts.secure { "https" } else { "http" }.to_owned(),
            host: parts.host.to_string(),
            port: parts.port(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(url: &str) -> ClientPolicy {
        ClientPolicy {
            update_point: "updates".parse().unwrap(),
            url: url.to_owned(),
            internet_url: Some("https://[2001:db8::1]:8531".to_owned()),
            agent: SoftwareUpdatesAgent::default(),
        }
    }

    fn document(url: &str) -> Result<PolicyDocument, NoServer> {
        PolicyDocument::new("ONE".parse().unwrap(), 7, None, &policy(url), None)
    }

    #[test]
    fn clients_are_told_scheme_host_and_port() {
        let document = document("http://Server.contoso.example:8530").unwrap();
        let read: PolicyDocument = serde_json::from_slice(&document.encode()).unwrap();
        assert_eq!(read, document);
        let UpdateServer { scheme, host, port, .. } = document.update_server;
        assert_eq!((&*scheme, &*host, port.get()), ("http", "server.contoso.example", 8530));
        let UpdateServer { scheme, host, port, .. } = document.internet_update_server.unwrap();
        assert_eq!((&*scheme, &*host, port.get()), ("https", "2001:db8::1", 8531));
    }

    #[test]
    fn no_client_is_sent_nowhere() {
        let error = document("file:///etc").unwrap_err().to_string();
        assert!(error.contains("`file:///etc`, which is not the address of a server"), "{error}");
    }
}
