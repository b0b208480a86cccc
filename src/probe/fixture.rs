//! Real listeners for tests: web sites in the clear and over TLS, and things that are neither.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    Router,
    extract::{Request, State},
    http::{StatusCode, header::LOCATION},
    response::{IntoResponse, Response},
    routing::get,
};
use jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
    server::WebPkiClientVerifier,
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{Prober, Role, RoleToProbe};
use crate::{
    model::{
        Address, Digest, DistributionPoint, DistributionPointSettings, Name, PortFacts,
        UpdatePoint, UpdatePointSettings,
    },
    net::{Addresses, Trust},
    ports::{differences, warnings},
    wire::{
        content_identity::{self, ContentIdentity},
        server_sync::{AuthConfig, AuthPlugIn, GetAuthConfig},
        soap::{Operation, SoapVersion},
    },
};

/// The declared address of the host that is looked at.
pub(super) const HOST: &str = "updates.contoso.example";

/// The time of all looks.
pub(super) fn now() -> Timestamp {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

/// A host with listeners, and a certification authority.
pub(super) struct Host {
    pub(super) addresses: Addresses,
    pub(super) ip: IpAddr,
    authority: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
    trust: Trust,
}

/// What a certificate of a test is like.
#[derive(Clone, Copy)]
pub(super) struct Likeness {
    pub(super) name: &'static str,
    /// Years, months and days.
    pub(super) from: (i32, u8, u8),
    pub(super) to: (i32, u8, u8),
}

pub(super) const GOOD: Likeness = Likeness { name: HOST, from: (2026, 1, 1), to: (2027, 1, 1) };

impl Host {
    /// A host of its own for each test, by its name.
    pub(super) fn new(test: &str) -> Self {
        let addresses = Addresses::embedded(Digest::of(test.as_bytes()));
        let ip = addresses.register(HOST).unwrap().unwrap();
        let (authority, root) = authority("Contoso Root");
        let trust = trust(&root);
        Self { addresses, ip, authority, root, trust }
    }

    /// The acceptor of a certificate that its authority issued.
    pub(super) fn issued(&self, like: Likeness) -> TlsAcceptor {
        acceptor(&self.authority, like, rustls::ALL_VERSIONS, None)
    }

    /// The acceptor of a certificate that is its own authority, and whether that is trusted.
    pub(super) fn self_made(&mut self, trusted: bool) -> TlsAcceptor {
        let mut params = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "own");
        (params.not_before, params.not_after) =
            (date_time_ymd(2026, 1, 1), date_time_ymd(2027, 1, 1));
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        if trusted {
            self.trust = trust(&certificate);
        }
        showing(certificate, &key, rustls::ALL_VERSIONS, None)
    }

    /// The same in one version of TLS only.
    pub(super) fn issued_for(&self, version: &'static SupportedProtocolVersion) -> TlsAcceptor {
        acceptor(&self.authority, GOOD, &[version], None)
    }

    /// The same, and it lets nobody in without a certificate of their own.
    pub(super) fn mutual(&self) -> TlsAcceptor {
        acceptor(&self.authority, GOOD, rustls::ALL_VERSIONS, Some(self.root.clone()))
    }

    /// Opens a port in the clear.
    pub(super) async fn plain(&self, router: Router) -> u16 {
        let listener = TcpListener::bind(SocketAddr::new(self.ip, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        port
    }

    /// Opens a port that speaks TLS.
    pub(super) async fn tls(&self, acceptor: TlsAcceptor, router: Router) -> u16 {
        let listener = TcpListener::bind(SocketAddr::new(self.ip, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let listener = TlsListener { listener, acceptor };
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        port
    }

    /// Opens a port that speaks TLS, and tells whoever does not that he should, in the clear.
    pub(super) async fn tls_that_explains_itself(&self, acceptor: TlsAcceptor) -> u16 {
        let listener = TcpListener::bind(SocketAddr::new(self.ip, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut first = [0];
                    stream.peek(&mut first).await?;
                    if first == [22] {
                        // A handshake record.
                        acceptor.accept(stream).await?.shutdown().await
                    } else {
                        let text = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
                        stream.write_all(text.as_bytes()).await
                    }
                });
            }
        });
        port
    }

    /// Opens a port that says something to whoever connects, and then listens for ever.
    pub(super) async fn says(&self, text: &'static [u8], hang_up: bool) -> u16 {
        let listener = TcpListener::bind(SocketAddr::new(self.ip, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    stream.write_all(text).await?;
                    let mut nothing = [0; 1024];
                    while !hang_up && stream.read(&mut nothing).await? > 0 {}
                    io::Result::Ok(())
                });
            }
        });
        port
    }

    /// A port on which nobody listens.
    pub(super) async fn closed(&self) -> u16 {
        let listener = TcpListener::bind(SocketAddr::new(self.ip, 0)).await.unwrap();
        listener.local_addr().unwrap().port()
    }

    /// What is found on an update point with these ports.
    pub(super) async fn update_point(&self, ssl: bool, http: u16, https: u16) -> Found {
        let point = UpdatePoint {
            site_system: name(),
            settings: settings(ssl, http, https),
            file_in_checkout: None,
            sync_requested_at: None,
            suspended: false,
        };
        self.look(Role::UpdatePoint(&point)).await
    }

    /// What is found on a distribution point with HTTPS on this port.
    pub(super) async fn distribution_point(&self, self_signed: bool, https: u16) -> Found {
        self.content_point("HTTPS", self_signed, https).await
    }

    /// What is found on a distribution point with HTTP on this port.
    pub(super) async fn plain_distribution_point(&self, http: u16) -> Found {
        self.content_point("HTTP", false, http).await
    }

    async fn content_point(&self, protocol: &str, self_signed: bool, port: u16) -> Found {
        let settings: DistributionPointSettings = serde_json::from_value(json!({
            "site": "CEN", "type": "Standard", "protocol": protocol,
            "ports": {"webSite": "Custom", "http": port, "https": port},
            "prestaged": false, "onDemand": false, "certificate": {"selfSigned": self_signed},
        }))
        .unwrap();
        let point = DistributionPoint { site_system: name(), settings, suspended: false };
        self.look(Role::DistributionPoint(&point)).await
    }

    async fn look(&self, role: Role<'_>) -> Found {
        let (host, name): (Address, _) = (HOST.parse().unwrap(), name());
        let role = RoleToProbe { name: &name, role, host: &host };
        let prober = Prober::new(self.addresses.clone(), self.trust.clone(), now());
        let facts = prober.facts(role).await;
        let differences = differences(role.wanted(), &host, &facts);
        Found {
            differences: differences.iter().map(ToString::to_string).collect(),
            warnings: warnings(&facts),
            facts,
        }
    }
}

/// What a look has found, in facts and in words.
#[derive(Debug, PartialEq)]
pub(super) struct Found {
    pub(super) facts: PortFacts,
    pub(super) differences: Vec<String>,
    pub(super) warnings: Vec<String>,
}

fn name() -> Name {
    "updates".parse().unwrap()
}

fn settings(ssl: bool, http: u16, https: u16) -> UpdatePointSettings {
    serde_json::from_value(json!({
        "site": "CEN", "role": "Active", "ssl": ssl, "clientConnections": "Intranet",
        "ports": {"webSite": "Custom", "http": http, "https": https},
        "source": {"type": "None"}, "classifications": [], "products": [], "selection": "Exact",
        "languages": [], "publishers": [],
    }))
    .unwrap()
}

/// The web site of an update point, of which these virtual roots demand a secured channel.
pub(super) fn wsus(demanding: &'static [&'static str]) -> Router {
    Router::new().fallback(answer).with_state(demanding)
}

async fn answer(State(demanding): State<&'static [&'static str]>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let root = path.split('/').nth(1).unwrap_or_default();
    if demanding.contains(&root) {
        let page = "<h2>HTTP Error 403.4 - Forbidden: SSL is required to view this resource.</h2>";
        return (StatusCode::FORBIDDEN, page).into_response();
    }
    match (request.method().as_str(), root) {
        ("POST", "ServerSyncWebService") => {
            let plug_in_id = "DssTargeting".to_owned();
            let service_url = "DssAuthWebService/DssAuthWebService.asmx".to_owned();
            let plug_in = AuthPlugIn { plug_in_id, service_url, parameter: None };
            let config = AuthConfig { auth_info: vec![plug_in], ..AuthConfig::default() };
            GetAuthConfig::encode_response(SoapVersion::V1_1, &config).unwrap().into_response()
        }
        // A directory that may not be listed, and a file that is not there.
        (_, "Content" | "Inventory") => StatusCode::FORBIDDEN.into_response(),
        (_, "SelfUpdate") => StatusCode::NOT_FOUND.into_response(),
        (_, "ReportingWebService") if demanding.is_empty() => {
            (StatusCode::FOUND, [(LOCATION, "https://updates.contoso.example/")]).into_response()
        }
        _ => StatusCode::OK.into_response(),
    }
}

/// The content port of the distribution point that is looked at.
pub(super) fn content() -> Router {
    let identity = ContentIdentity { distribution_point: name() }.encode();
    Router::new().route(content_identity::PATH, get(move || async move { identity }))
}

/// A certification authority.
pub(super) fn authority(name: &str) -> (Issuer<'static, KeyPair>, CertificateDer<'static>) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2040, 1, 1));
    let key = KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap().der().clone();
    (Issuer::new(params, key), root)
}

/// An acceptor with a certificate of this issuer.
pub(super) fn acceptor(
    issuer: &Issuer<'static, KeyPair>,
    like: Likeness,
    versions: &[&'static SupportedProtocolVersion],
    clients: Option<CertificateDer<'static>>,
) -> TlsAcceptor {
    let mut params = CertificateParams::new(vec![like.name.to_owned()]).unwrap();
    let date = |(year, month, day)| date_time_ymd(year, month, day);
    (params.not_before, params.not_after) = (date(like.from), date(like.to));
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap().der().clone();
    showing(certificate, &key, versions, clients)
}

fn showing(
    certificate: CertificateDer<'static>,
    key: &KeyPair,
    versions: &[&'static SupportedProtocolVersion],
    clients: Option<CertificateDer<'static>>,
) -> TlsAcceptor {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(versions)
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(root) => {
            let mut roots = RootCertStore::empty();
            roots.add(root).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    TlsAcceptor::from(Arc::new(builder.with_single_cert(vec![certificate], key).unwrap()))
}

/// Trust in one root.
fn trust(root: &CertificateDer<'_>) -> Trust {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("roots.pem");
    std::fs::write(&file, pem(root)).unwrap();
    Trust::file(&file).unwrap()
}

fn pem(certificate: &CertificateDer<'_>) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let text = STANDARD.encode(certificate);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// Accepts connections and shakes hands; who does not shake is dropped.
struct TlsListener {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, peer) = self.listener.accept().await.unwrap();
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}
