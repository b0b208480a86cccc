//! One call to an upstream server: an HTTP request, and an answer within bounds.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::http::{
    HeaderName, HeaderValue, StatusCode,
    header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER},
};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use url::Url;

use super::{SynchronizationError, UpstreamError};
use crate::{
    blocking::{blocking, processors},
    chance::dice,
    clock,
    engine::CallRetry,
    model::{SourceType, UpdatePointSettings},
    net::{
        Addresses,
        http::{Client, HttpError},
        why_refused,
    },
    role::update_point::{telling::Telling, waiting::really},
    wire::{
        content_encoding::ContentEncoding,
        soap::{Operation, SoapError, SoapVersion},
    },
};

/// What is accepted: ours take the first, genuine servers know the second.
const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip, xpress;q=0.5");

/// Longest answer that is read, in bytes: a list of a million and a half revisions, or a few of the
/// largest documents known, escaped.
const MAX_ANSWER_BYTES: usize = 256 << 20;

/// Longest page that is read to learn why a server refuses, in bytes.
const MAX_PAGE_BYTES: usize = 64 << 10;

/// Microsoft's own server (protocol §1.12). Its certificate leads to the Microsoft Root Certificate
/// Authority 2011, which few systems trust: the operator has to.
const MICROSOFT_UPDATE: &str = "https://sws.update.microsoft.com";

/// The upstream server of an update point.
#[derive(Debug, Clone)]
pub(in crate::role::update_point) struct Upstream {
    client: Client,
    /// As declared: what people are told.
    declared: String,
    /// As it is reached from here.
    root: Url,
    /// Whether answers come over a network, where packing them pays.
    is_remote: bool,
    /// Whether it has ever answered: what breaks off then may come back.
    has_answered: Arc<AtomicBool>,
    /// Answers that are read at a time.
    readers: Arc<Semaphore>,
    telling: Arc<Telling>,
}

/// An answer, as it came.
struct Answer {
    status: StatusCode,
    encoding: Option<ContentEncoding>,
    /// How long the server wants to be left alone.
    retry_after: Option<SignedDuration>,
    body: Vec<u8>,
}

/// The address of the upstream server that the settings name.
pub(in crate::role::update_point) fn upstream_of(
    settings: &UpdatePointSettings,
) -> Result<String, SynchronizationError> {
    let source = settings.source.r#type;
    match source {
        SourceType::MicrosoftUpdate => Ok(MICROSOFT_UPDATE.to_owned()),
        SourceType::Import | SourceType::None => Err(SynchronizationError::NoUpstream),
        SourceType::UpstreamServer | SourceType::ParentSite | SourceType::ActiveUpdatePoint => {
            let url = settings.source.url.clone();
            url.ok_or(SynchronizationError::NoAddress(source))
        }
    }
}

impl Upstream {
    /// The server at this address.
    pub(in crate::role::update_point) fn new(
        client: Client,
        url: &str,
        addresses: &Addresses,
        telling: Telling,
    ) -> Result<Self, SynchronizationError> {
        let invalid = || SynchronizationError::Address(url.to_owned());
        let mut root = Url::parse(&addresses.reach(url)).map_err(|_| invalid())?;
        if !matches!(root.scheme(), "http" | "https") {
            return Err(invalid());
        }
        if root.host_str().is_none_or(str::is_empty) {
            return Err(invalid());
        }
        // Everything is looked for below the server's root.
        root.set_path("/");
        root.set_query(None);
        root.set_fragment(None);
        let declared = url.trim_end_matches('/').to_owned();
        let host = root.host_str().unwrap_or_default();
        let literal = host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
        let ip = literal.or_else(|| addresses.lookup(host));
        let is_remote = !ip.is_some_and(|ip| ip.is_loopback());
        let (has_answered, telling) = (Arc::default(), Arc::new(telling));
        let processors = processors();
        let readers = Arc::new(Semaphore::new(processors.saturating_sub(1).max(1)));
        Ok(Self { client, declared, root, is_remote, has_answered, readers, telling })
    }

    /// Who is told how far it is.
    pub(super) fn telling(&self) -> &Telling {
        &self.telling
    }

    /// The address as declared.
    pub(super) fn declared(&self) -> &str {
        &self.declared
    }

    /// What it did, with its address.
    pub(super) fn error(&self, source: UpstreamError) -> SynchronizationError {
        SynchronizationError::Upstream { url: self.declared.clone(), source }
    }

    /// Why the server is not believed. What the root of Microsoft's is has to be known to trust it.
    fn not_believed(&self, why: String) -> String {
        if self.declared != MICROSOFT_UPDATE {
            return why;
        }
        format!("{why} (that of Microsoft Update is the Microsoft Root Certificate Authority 2011)")
    }

    /// Where a service is that the server names relative to its root. It must be on that server:
    /// none may send us elsewhere.
    pub(super) fn service(&self, relative: &str) -> Result<String, UpstreamError> {
        let elsewhere = || UpstreamError::ServiceUrl(relative.chars().take(200).collect());
        let url = self.root.join(relative).map_err(|_| elsewhere())?;
        if url.origin() != self.root.origin() {
            return Err(elsewhere());
        }
        Ok(url.path().to_owned())
    }

    /// Makes a call to the service at `path`, again and again where what went wrong may pass.
    pub(super) async fn call<O: Operation>(
        &self,
        path: &str,
        request: &O::Request,
    ) -> Result<O::Response, SynchronizationError>
    where
        O::Response: Send + 'static,
    {
        let mut retry = CallRetry::default();
        loop {
            let result = self.call_once::<O>(path, request).await;
            let Err(error) = &result else {
                self.has_answered.store(true, Ordering::Relaxed);
                return result;
            };
            let SynchronizationError::Upstream { source, .. } = error else { return result };
            let has_answered = self.has_answered.load(Ordering::Relaxed);
            let Some(passing) = source.may_pass(has_answered) else { return result };
            let Some(wait) = retry.after(passing.retry_after, dice()) else { return result };
            let why = crate::error_text::with_causes(error);
            tracing::warn!(error = why, ?wait, "a call to the upstream server is made again");
            self.telling.waits(clock::now().saturating_add(wait).unwrap_or(Timestamp::MAX), &why);
            tokio::time::sleep(really(wait).unsigned_abs()).await;
        }
    }

    async fn call_once<O: Operation>(
        &self,
        path: &str,
        request: &O::Request,
    ) -> Result<O::Response, SynchronizationError>
    where
        O::Response: Send + 'static,
    {
        let call = O::NAME;
        let failed = |source| self.error(source);
        let body = O::encode_request(request)
            .map_err(|source| failed(UpstreamError::NotUnderstood { call, source }))?;
        let Answer { status, encoding, retry_after, body } =
            self.post(call, O::ACTION, path, body).await.map_err(failed)?;
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            let status = status.as_u16();
            return Err(failed(UpstreamError::Busy { call, status, retry_after }));
        }
        if status == StatusCode::FORBIDDEN
            && let Some(why) = why_forbidden(&body)
        {
            return Err(failed(UpstreamError::Forbidden { call, why }));
        }
        if status != StatusCode::OK && status != StatusCode::INTERNAL_SERVER_ERROR {
            return Err(failed(UpstreamError::Status { call, status: status.as_u16() }));
        }
        let decoded = self.reading(move || {
            let body = match encoding {
                Some(encoding) => encoding.unpack(&body, MAX_ANSWER_BYTES)?,
                None => body,
            };
            Ok(O::decode_response(&body))
        });
        let decoded =
            decoded.await?.map_err(|source| failed(UpstreamError::Encoding { call, source }))?;
        decoded.map_err(|source| {
            failed(match source {
                SoapError::Fault(fault) => UpstreamError::Fault { call, fault },
                // An error page is not an answer that was not understood.
                _ if status != StatusCode::OK => {
                    UpstreamError::Status { call, status: status.as_u16() }
                }
                source => UpstreamError::NotUnderstood { call, source },
            })
        })
    }

    /// Reads what has come. All processors may do that but one, which is left to storing what came
    /// before: whoever reads ahead waits for it in the end.
    pub(super) async fn reading<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, SynchronizationError> {
        let _turn = self.readers.acquire().await;
        blocking(move || Ok(work())).await
    }

    async fn post(
        &self,
        call: &'static str,
        action: &str,
        path: &str,
        body: Vec<u8>,
    ) -> Result<Answer, UpstreamError> {
        let unreachable = |error: HttpError| match why_refused(&error) {
            Some(why) => UpstreamError::NotBelieved { call, why: self.not_believed(why) },
            None => UpstreamError::Unreachable { call, source: error },
        };
        let too_large = || UpstreamError::TooLarge { call, limit: MAX_ANSWER_BYTES };
        let mut url = self.root.clone();
        url.set_path(path);
        let mut request = self.client.post(url);
        if self.is_remote {
            request = request.header(ACCEPT_ENCODING, ACCEPTED);
        }
        let mut response = request
            .header(CONTENT_TYPE, HeaderValue::from_static(SoapVersion::V1_1.content_type()))
            .header(HeaderName::from_static("soapaction"), format!("\"{action}\""))
            .body(body)
            .send()
            .await
            .map_err(unreachable)?;
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok());
        let retry_after = retry_after.and_then(|it| it.trim().parse().ok());
        let retry_after = retry_after.map(SignedDuration::from_secs);
        let named = response.headers().get(CONTENT_ENCODING);
        let named = named.map_or("", |it| it.to_str().unwrap_or("?"));
        let encoding = ContentEncoding::of_header(named)
            .map_err(|source| UpstreamError::Encoding { call, source })?;
        let announced = response.content_length().unwrap_or(0);
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        if announced > MAX_ANSWER_BYTES {
            return Err(too_large());
        }
        // An announcement alone does not make us reserve memory for all of it.
        let mut answer = Vec::with_capacity(announced.min(4 << 20));
        while let Some(piece) = response.chunk().await.map_err(unreachable)? {
            if answer.len().saturating_add(piece.len()) > MAX_ANSWER_BYTES {
                return Err(too_large());
            }
            answer.extend_from_slice(&piece);
        }
        Ok(Answer { status: response.status(), encoding, retry_after, body: answer })
    }
}

/// Why a server forbids a call, by the number that servers of the field put on the page.
fn why_forbidden(page: &[u8]) -> Option<&'static str> {
    let page = page.get(..MAX_PAGE_BYTES).unwrap_or(page);
    let page = String::from_utf8_lossy(page);
    let numbered = |number: &str| {
        page.match_indices(number).any(|(at, _)| {
            let follows = page.get(at + number.len()..).and_then(|rest| rest.chars().next());
            !follows.is_some_and(|letter| letter.is_ascii_digit())
        })
    };
    [
        ("403.4", "it requires SSL: use its https address"),
        (
            "403.7",
            "it serves only those who show a certificate, and asks for one of other roots: have it \
             trust `certificates/authority.crt` of the data directory here",
        ),
        (
            "403.16",
            "it does not trust the certificate that was shown: have it trust \
             `certificates/authority.crt` of the data directory here",
        ),
    ]
    .into_iter()
    .find_map(|(number, why)| numbered(number).then_some(why))
}

#[cfg(test)]
mod tests {
    use axum::{Router, extract::Request, http::header, response::IntoResponse};

    use super::*;
    use crate::{
        error_text::with_causes,
        net::OpenPort,
        role::update_point::fixture::ip,
        wire::server_sync::{AuthConfig, GetAuthConfig, GetAuthConfigRequest},
    };

    /// Answers as its path says, whatever is accepted.
    async fn packed(request: Request) -> impl IntoResponse {
        let config = AuthConfig { allowed_event_ids: vec![7; 500], ..AuthConfig::default() };
        let plain = GetAuthConfig::encode_response(SoapVersion::V1_1, &config).unwrap();
        let name = request.uri().path().trim_matches('/').to_owned();
        let body = match ContentEncoding::of_header(&name) {
            Ok(Some(encoding)) => encoding.pack(&plain).unwrap(),
            _ => plain,
        };
        ([(header::CONTENT_ENCODING, name)], body)
    }

    #[tokio::test]
    async fn answers_are_unpacked_that_come_packed() {
        let port = OpenPort::open(ip(), 0, Router::new().fallback(packed)).await.unwrap();
        let (addresses, url) = (Addresses::system(), format!("http://{}", port.address()));
        let client = crate::net::client(&addresses).unwrap();
        let upstream = Upstream::new(client.clone(), &url, &addresses, Telling::nobody()).unwrap();
        assert!(!upstream.is_remote, "on this computer packing does not pay");
        let remote =
            Upstream::new(client, "http://192.0.2.1:8530", &addresses, Telling::nobody()).unwrap();
        assert!(remote.is_remote);
        for path in ["/gzip", "/xpress", "/identity"] {
            let config = upstream.call::<GetAuthConfig>(path, &GetAuthConfigRequest).await;
            assert_eq!(config.unwrap().allowed_event_ids.len(), 500, "{path}");
        }
        let error = upstream.call::<GetAuthConfig>("/br", &GetAuthConfigRequest).await;
        let error = with_causes(&error.unwrap_err());
        assert!(error.contains("packed by `br`"), "{error}");
    }

    #[test]
    fn what_is_forbidden_is_told_by_its_number() {
        let why = |page: &str| why_forbidden(page.as_bytes());
        assert!(why("<h2>HTTP Error 403.4 - Forbidden</h2>").unwrap().contains("https"));
        assert!(why("403.16: no").unwrap().contains("does not trust"));
        assert!(why("403.7: none").unwrap().contains("show a certificate"));
        assert_eq!(why("403.40, 403.1 and 403"), None);
    }

    #[test]
    fn microsoft_update_is_a_server_over_tls() {
        let settings = crate::role::update_point::fixture::settings(
            8530,
            &serde_json::json!({"type": "MicrosoftUpdate"}),
        );
        let url = upstream_of(&settings).unwrap();
        assert_eq!(url, "https://sws.update.microsoft.com");
        let addresses = Addresses::system();
        let of = |url: &str| {
            let client = crate::net::client(&addresses).unwrap();
            Upstream::new(client, url, &addresses, Telling::nobody()).unwrap()
        };
        let why = "it does not lead to a root that is trusted here".to_owned();
        assert!(of(&url).not_believed(why.clone()).contains("Authority 2011"));
        assert_eq!(of("https://wsus.example:8531").not_believed(why.clone()), why);
    }
}
