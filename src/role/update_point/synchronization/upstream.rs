//! One call to an upstream server: an HTTP request, and an answer within bounds.

use reqwest::{
    StatusCode, Url,
    header::{CONTENT_TYPE, HeaderName, HeaderValue},
};

use super::{SynchronizationError, UpstreamError};
use crate::{
    blocking::blocking,
    model::{SourceType, UpdatePointSettings},
    net::Addresses,
    wire::soap::{Operation, SoapError, SoapVersion},
};

/// Longest answer that is read, in bytes: one of the largest documents known, escaped.
const MAX_ANSWER_BYTES: usize = 128 << 20;

/// The upstream server of an update point.
#[derive(Debug, Clone)]
pub(in crate::role::update_point) struct Upstream {
    client: reqwest::Client,
    /// As declared: what people are told.
    declared: String,
    /// As it is reached from here.
    root: Url,
}

/// The address of the upstream server that the settings name.
pub(in crate::role::update_point) fn upstream_of(
    settings: &UpdatePointSettings,
) -> Result<String, SynchronizationError> {
    let source = settings.source.r#type;
    match source {
        SourceType::MicrosoftUpdate => Err(SynchronizationError::MicrosoftUpdate),
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
        client: reqwest::Client,
        url: &str,
        addresses: &Addresses,
    ) -> Result<Self, SynchronizationError> {
        let invalid = || SynchronizationError::Address(url.to_owned());
        let mut root = Url::parse(&addresses.reach(url)).map_err(|_| invalid())?;
        match root.scheme() {
            "http" => {}
            "https" => return Err(SynchronizationError::Https(url.to_owned())),
            _ => return Err(invalid()),
        }
        if root.host_str().is_none_or(str::is_empty) {
            return Err(invalid());
        }
        // Everything is looked for below the server's root.
        root.set_path("/");
        root.set_query(None);
        root.set_fragment(None);
        let declared = url.trim_end_matches('/').to_owned();
        Ok(Self { client, declared, root })
    }

    /// The address as declared.
    pub(super) fn declared(&self) -> &str {
        &self.declared
    }

    /// What it did, with its address.
    pub(super) fn error(&self, source: UpstreamError) -> SynchronizationError {
        SynchronizationError::Upstream { url: self.declared.clone(), source }
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

    /// Makes a call to the service at `path`.
    pub(super) async fn call<O: Operation>(
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
        let (status, body) = self.post(call, O::ACTION, path, body).await.map_err(failed)?;
        if status != StatusCode::OK && status != StatusCode::INTERNAL_SERVER_ERROR {
            return Err(failed(UpstreamError::Status { call, status: status.as_u16() }));
        }
        let decoded = blocking(move || Ok::<_, SynchronizationError>(O::decode_response(&body)));
        decoded.await?.map_err(|source| {
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

    async fn post(
        &self,
        call: &'static str,
        action: &str,
        path: &str,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Vec<u8>), UpstreamError> {
        // Our own name for the address says more than the one it is reached by.
        let unreachable = |error: reqwest::Error| UpstreamError::Unreachable {
            call,
            source: error.without_url(),
        };
        let too_large = || UpstreamError::TooLarge { call, limit: MAX_ANSWER_BYTES };
        let mut url = self.root.clone();
        url.set_path(path);
        let mut response = self
            .client
            .post(url)
            .header(CONTENT_TYPE, HeaderValue::from_static(SoapVersion::V1_1.content_type()))
            .header(HeaderName::from_static("soapaction"), format!("\"{action}\""))
            .body(body)
            .send()
            .await
            .map_err(unreachable)?;
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
        Ok((response.status(), answer))
    }
}
