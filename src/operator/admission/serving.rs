//! The port that the API server asks.

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
use kube::Client;
use tokio::task::JoinSet;

use super::{review::answered, trusting::keep_trusted};
use crate::{
    model::ClientCertificates,
    net::{
        BoundPort, CertificateSource, CertificatesError, Limits, ListenError, OpenPort, ServerTls,
    },
    operator::objects::Objects,
    role::host::{DataDirectory, DataError},
    world::here,
};

/// The largest review, in bytes: two objects of 1 MiB, which is what an API server takes, and what is
/// around them.
const LARGEST: usize = 4 << 20;

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
}

#[derive(Clone)]
struct Served {
    objects: Objects,
    content: Arc<PathBuf>,
}

/// Reviews are answered for as long as this is kept.
pub(in crate::operator) struct Admission {
    _port: OpenPort,
    _trusted: JoinSet<()>,
}

/// Begins to answer reviews, with a certificate of an authority of its own that the API server is told to
/// trust, by the one client and a second one for watches. The certificate is made again before it ends.
pub(in crate::operator) async fn admit(
    (client, watches): (&Client, &Client),
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
    let mut trusted = JoinSet::new();
    if let Some(name) = settings.configuration.clone() {
        let authority = data.certificates().authority_text();
        let (client, watches) = (client.clone(), watches.clone());
        trusted.spawn(here(keep_trusted(client, watches, name, authority)));
    }
    Ok(Admission { _port: port, _trusted: trusted })
}

async fn validate(State(Served { objects, content }): State<Served>, asked: Bytes) -> Response {
    if objects.namespaces().is_none() {
        // Beside nothing everything is right. The configuration says what is done without an answer.
        let why = "it is not known yet which objects are there\n";
        return (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    }
    match answered(&asked, &objects, &content) {
        Some(answer) => ([(CONTENT_TYPE, "application/json")], answer.to_string()).into_response(),
        None => (StatusCode::BAD_REQUEST, "this is no AdmissionReview\n").into_response(),
    }
}
