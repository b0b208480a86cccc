//! The port that the API server asks, and how it comes to trust its certificate.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use k8s_openapi::{ByteString, api::admissionregistration::v1::ValidatingWebhookConfiguration};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use serde_json::json;

use super::review::answered;
use crate::{
    model::ClientCertificates,
    net::{
        BoundPort, CertificateSource, CertificatesError, Limits, ListenError, OpenPort, ServerTls,
    },
    operator::objects::Objects,
    role::host::{DataDirectory, DataError},
};

/// The largest review, in bytes: two objects of 1 MiB, which is what an API server takes, and what is
/// around them.
const LARGEST: usize = 4 << 20;
/// How many authorities of operators the API server trusts at a time: more than there are replicas.
const MOST_AUTHORITIES: usize = 8;

/// Where reviews are asked for.
#[derive(Debug, Clone)]
pub struct AdmissionSettings {
    /// The address and the port.
    pub listen: SocketAddr,
    /// The name by which the API server asks, such as `headwater.updates.svc`.
    pub host: String,
    /// The configuration that is told which authority to trust; none: somebody else tells it.
    pub configuration: Option<String>,
    /// Where its authority is kept.
    pub data: PathBuf,
}

/// Reviews cannot be answered.
#[derive(Debug, thiserror::Error)]
pub enum AdmissionError {
    /// The directory of its authority.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Its certificate.
    #[error("the certificate of the admission webhook")]
    Certificate(#[from] CertificatesError),
    /// TLS.
    #[error("TLS of the admission webhook")]
    Tls(#[from] rustls::Error),
    /// Its port.
    #[error("the port of the admission webhook")]
    Port(#[from] ListenError),
    /// The API server is not told whom to trust.
    #[error("the webhook configuration `{0}` cannot be told which authority to trust")]
    Configuration(String, #[source] Box<kube::Error>),
}

#[derive(Clone)]
struct Served {
    objects: Objects,
    content: Arc<PathBuf>,
}

/// Reviews are answered for as long as this is kept.
pub(in crate::operator) struct Admission {
    _port: OpenPort,
}

/// Begins to answer reviews, with a certificate of an authority of its own that the API server is told to
/// trust. The certificate is made again before it ends.
pub(in crate::operator) async fn admit(
    client: &Client,
    settings: &AdmissionSettings,
    objects: Objects,
    content: PathBuf,
) -> Result<Admission, AdmissionError> {
    let data = DataDirectory::open(&settings.data)?;
    let mut names = vec![settings.host.clone()];
    let ip: IpAddr = settings.listen.ip();
    if !ip.is_unspecified() {
        names.push(ip.to_string());
    }
    let presented = data.certificates().present(CertificateSource::Issued(names)).await?;
    let tls = ServerTls::new(data.certificates(), presented, ClientCertificates::Ignore)?;
    let router = Router::new()
        .route("/validate", post(validate))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(Served { objects, content: Arc::new(content) });
    let port = BoundPort::bind(settings.listen.ip(), settings.listen.port()).await?;
    let port = port.serve_within(router, Some(Arc::new(tls)), Limits::watching());
    if let Some(name) = &settings.configuration {
        let authority = data.certificates().authority_text();
        let told = trusted(client, name, &authority).await;
        told.map_err(|error| AdmissionError::Configuration(name.clone(), Box::new(error)))?;
    }
    Ok(Admission { _port: port })
}

/// Adds an authority to those that the API server trusts in the webhooks of a configuration.
async fn trusted(client: &Client, name: &str, authority: &str) -> Result<(), kube::Error> {
    let api: Api<ValidatingWebhookConfiguration> = Api::all(client.clone());
    let configuration = api.get(name).await?;
    let webhooks = configuration.webhooks.unwrap_or_default();
    let changed = webhooks.iter().filter_map(|webhook| {
        let before = webhook.client_config.ca_bundle.clone().unwrap_or(ByteString(Vec::new()));
        let before = String::from_utf8_lossy(&before.0).into_owned();
        let bundle = with_authority(&before, authority)?;
        let bundle = STANDARD.encode(bundle);
        Some(json!({"name": webhook.name, "clientConfig": {"caBundle": bundle}}))
    });
    let changed: Vec<_> = changed.collect();
    if changed.is_empty() {
        return Ok(());
    }
    // Webhooks are merged by their names.
    let patch = Patch::Strategic(json!({"webhooks": changed}));
    api.patch(name, &PatchParams::default(), &patch).await?;
    Ok(())
}

/// A bundle with one more authority; `None` if it is there already. The oldest go when there are many.
fn with_authority(bundle: &str, authority: &str) -> Option<String> {
    const END: &str = "-----END CERTIFICATE-----";
    let mut there: Vec<String> = bundle
        .split_inclusive(END)
        .filter(|it| it.contains(END))
        .map(|it| it.trim().to_owned() + "\n")
        .collect();
    let authority = authority.trim().to_owned() + "\n";
    if there.contains(&authority) {
        return None;
    }
    there.push(authority);
    let surplus = there.len().saturating_sub(MOST_AUTHORITIES);
    Some(there.split_off(surplus).concat())
}

async fn validate(State(Served { objects, content }): State<Served>, asked: Bytes) -> Response {
    match answered(&asked, &objects, &content) {
        Some(answer) => ([(CONTENT_TYPE, "application/json")], answer.to_string()).into_response(),
        None => (StatusCode::BAD_REQUEST, "this is no AdmissionReview\n").into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_trusted_beside_each_other_and_the_oldest_go() {
        let authority = |number: usize| {
            format!("-----BEGIN CERTIFICATE-----\n{number}\n-----END CERTIFICATE-----\n")
        };
        let mut bundle = String::new();
        for number in 0..MOST_AUTHORITIES + 2 {
            bundle = with_authority(&bundle, &authority(number)).unwrap();
            assert_eq!(with_authority(&bundle, &authority(number)), None, "it is there");
        }
        assert_eq!(bundle.matches("BEGIN").count(), MOST_AUTHORITIES);
        assert!(!bundle.contains(&authority(1)) && bundle.contains(&authority(2)));
    }
}
