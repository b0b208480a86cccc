//! Where files of updates come from: from the upstream server, if that has any (its content comes over
//! HTTP, in any case), or from where the publisher offers them.

use std::sync::Arc;

use url::Url;

use crate::{
    blocking::blocking,
    model::{Name, SourceType, UpdatePointSettings},
    net::{Addresses, http::Client},
    role::update_point::{
        synchronization::{Session, SynchronizationError, Upstream},
        telling::Telling,
    },
    store::catalog::{Catalog, MissingContent},
    wire::update_content::content_port,
};

/// Files of one `DownloadFiles` (protocol §1.4).
const ASKED: usize = 100;

/// Where one file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// At the upstream server, which may have to fetch it first.
    Upstream(String),
    /// Where the publisher offers it.
    Publisher(String),
}

/// Whom to ask for files.
#[derive(Debug)]
pub(super) struct Origin {
    catalog: Arc<Catalog>,
    addresses: Addresses,
    name: Name,
    /// The upstream server, and where its content is.
    upstream: Option<(Upstream, String)>,
    /// Whether that has files: it is not only a catalog.
    stores: bool,
}

impl Origin {
    /// Asks the upstream server of these settings, if there is one, whether it has files.
    pub(super) async fn find(
        catalog: Arc<Catalog>,
        name: Name,
        settings: &UpdatePointSettings,
        client: Client,
        addresses: &Addresses,
    ) -> Result<Self, SynchronizationError> {
        let addresses = addresses.clone();
        let url = match settings.source.r#type {
            // The service of Microsoft has metadata alone, and says where the files are.
            SourceType::MicrosoftUpdate | SourceType::Import | SourceType::None => None,
            _ => settings.source.url.as_deref(),
        };
        let Some(url) = url else {
            return Ok(Self { catalog, addresses, name, upstream: None, stores: false });
        };
        let content =
            content_root(url).ok_or_else(|| SynchronizationError::Address(url.to_owned()))?;
        let upstream = Upstream::new(client, url, &addresses, Telling::nobody())?;
        let upstream = Some((upstream, content));
        let mut origin = Self { catalog, addresses, name, upstream, stores: false };
        if let Some(session) = origin.session().await? {
            origin.stores = !session.config_data(None).await?.catalog_only_sync;
        }
        Ok(origin)
    }

    /// Where a file can be had; `None` if nobody is known who has it.
    pub(super) fn place(&self, file: &MissingContent) -> Option<Place> {
        let upstream = self.upstream.as_ref().map(|(_, content)| {
            let url = format!("{content}{}", file.content.name.path());
            Place::Upstream(self.addresses.reach(&url))
        });
        let publisher =
            file.publisher_url.as_ref().map(|url| Place::Publisher(self.addresses.reach(url)));
        // What no publisher offers was made by somebody in the hierarchy, and comes down like its
        // metadata.
        if self.stores { upstream } else { publisher.or(upstream) }
    }

    /// Asks the upstream server to fetch these files. Tells those that it does not fetch, and why.
    pub(super) async fn ask_for(
        &self,
        files: Vec<MissingContent>,
    ) -> Result<Vec<(MissingContent, SynchronizationError)>, SynchronizationError> {
        let Some(session) = self.session().await? else { return Ok(Vec::new()) };
        let digest = |it: &MissingContent| it.content.name.sha1().as_bytes().to_vec();
        let mut refused = Vec::new();
        for together in files.chunks(ASKED) {
            match session.download_files(together.iter().map(digest).collect()).await {
                Ok(()) => continue,
                Err(error) if !error.is_about_unknown_files() => return Err(error),
                Err(_) => {}
            }
            // One that is not known must not keep the others from being asked for.
            for file in together {
                if let Err(error) = session.download_files(vec![digest(file)]).await {
                    refused.push((file.clone(), error));
                }
            }
        }
        Ok(refused)
    }

    async fn session(&self) -> Result<Option<Session>, SynchronizationError> {
        let Some((upstream, _)) = &self.upstream else { return Ok(None) };
        let catalog = Arc::clone(&self.catalog);
        let account = blocking(move || Ok::<_, SynchronizationError>(catalog.account_guid()?));
        let session = Session::begin(upstream.clone(), self.name.as_str(), account.await?);
        Ok(Some(session.await?))
    }
}

/// The root of the content of the server at this address.
fn content_root(url: &str) -> Option<String> {
    let mut root = Url::parse(url).ok()?;
    let over_tls = root.scheme() == "https";
    let port = content_port(over_tls, root.port_or_known_default()?)?;
    root.set_scheme("http").ok()?;
    root.set_port(Some(port)).ok()?;
    let host = root.host_str()?;
    Some(match root.port() {
        Some(port) => format!("http://{host}:{port}"),
        None => format!("http://{host}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_comes_over_http_beside_the_secured_port() {
        for (url, content) in [
            ("http://a.example:8530/", "http://a.example:8530"),
            ("http://a.example", "http://a.example"),
            ("https://a.example", "http://a.example"),
            ("https://a.example:8531", "http://a.example:8530"),
            ("https://[::1]:8531", "http://[::1]:8530"),
        ] {
            assert_eq!(content_root(url).unwrap(), content, "{url}");
        }
    }
}
