//! A source over HTTPS behind a terminator whose certificate, of an authority that is trusted, is for
//! another name: nothing is asked of it, and nothing taken.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use headwater::model::PackageState;
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, pem::PemObject},
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::fleet::{Files, Fleet, Followed, Node, files, package};

/// The name in the URL of the terminator.
const ITS_NAME: &str = "127.0.0.1";
const OTHER_NAME: &str = "elsewhere.contoso.example";

/// Takes TLS off on one side and puts it on again on the other.
struct Terminator {
    address: SocketAddr,
    /// The root of its certificate.
    root: String,
    /// Handshakes that clients have taken to their end.
    accepted: Arc<AtomicUsize>,
    /// Handshakes that clients have broken off.
    refused: Arc<AtomicUsize>,
    _runtime: Runtime,
}

impl Terminator {
    /// Before a source with this authority, with a certificate of its own authority for `name`.
    fn before(source: String, authority: &Path, name: &str) -> Self {
        let (root, server) = certificate(name);
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(authority).unwrap()).unwrap();
        let client = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (acceptor, connector) =
            (TlsAcceptor::from(Arc::new(server)), TlsConnector::from(Arc::new(client)));
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind((ITS_NAME, 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let (accepted, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counts = [Arc::clone(&accepted), Arc::clone(&refused)];
        runtime.spawn(async move {
            while let Ok((plain, _)) = listener.accept().await {
                let (acceptor, connector) = (acceptor.clone(), connector.clone());
                let (source, counts) = (source.clone(), counts.clone());
                tokio::spawn(async move {
                    let Ok(mut client) = acceptor.accept(plain).await else {
                        counts[1].fetch_add(1, Ordering::SeqCst);
                        return;
                    };
                    counts[0].fetch_add(1, Ordering::SeqCst);
                    let to: SocketAddr = source.parse().unwrap();
                    let plain = TcpStream::connect(to).await.unwrap();
                    let name = ServerName::IpAddress(to.ip().into());
                    let mut source = connector.connect(name, plain).await.unwrap();
                    // A connection that ends does.
                    let _ = copy_bidirectional(&mut client, &mut source).await;
                });
            }
        });
        Self { address, root, accepted, refused, _runtime: runtime }
    }

    fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// An authority, as PEM, and TLS with a certificate that it has issued. With TLS 1.2 the server hears
/// of the client's verdict before the handshake is over.
fn certificate(name: &str) -> (String, ServerConfig) {
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap().pem();
    let issuer = rcgen::Issuer::new(params, key);
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let server = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (root, server)
}

/// A source over HTTPS, the terminator before it, and packages.
struct Secured {
    fleet: Fleet,
    packages: BTreeMap<usize, Files>,
    states: Vec<PackageState>,
    source: Node,
    terminator: Terminator,
}

impl Secured {
    fn new(name: &str) -> Self {
        let fleet = Fleet::new();
        let packages = BTreeMap::from([(1, files(1, 6 << 20, 20))]);
        let (source, states) = fleet.secured_source(&packages);
        let authority = source.directory().join("certificates/authority.crt");
        let terminator = Terminator::before(source.secured_content(), &authority, name);
        Self { fleet, packages, states, source, terminator }
    }

    /// A pull distribution point that trusts the authorities of both.
    fn puller(&self, sources: &[(u32, &str, String)]) -> Node {
        let of_source = self.source.directory().join("certificates/authority.crt");
        let certificates = self.fleet.directory("puller").join("certificates");
        fs::create_dir_all(&certificates).unwrap();
        let trusted = fs::read_to_string(of_source).unwrap() + &self.terminator.root;
        fs::write(certificates.join("trusted.pem"), trusted).unwrap();
        self.fleet.puller("puller", 2, sources)
    }

    fn good(&self) -> String {
        format!("https://{}", self.source.secured_content())
    }
}

#[test]
fn certificate_of_another_name_is_refused_and_the_next_source_serves() {
    let secured = Secured::new(OTHER_NAME);
    let Secured { fleet, packages, states, terminator, .. } = &secured;
    let sources = [(1, "impostor", terminator.url()), (2, "good", secured.good())];
    let mut puller = secured.puller(&sources);
    fleet.notify(&puller, &package(1), &states[0]);
    match fleet.follow(&puller, &package(1)) {
        Followed::Done(state) => assert_eq!(state.sources, ["good"]),
        other => panic!("with a certificate of another name it is {other:?}"),
    }
    puller.assert_holds(&package(1), &packages[&1]);
    // The impostor was asked first, and the log says why it was left.
    assert!(terminator.refused.load(Ordering::SeqCst) > 0, "nobody has come to the impostor");
    assert_eq!(terminator.accepted.load(Ordering::SeqCst), 0);
    let why = "its certificate is refused: it is not for `127.0.0.1`";
    let blames = |line: &String| line.contains("impostor") && line.contains(why);
    let said = puller.running.said_so_far();
    assert!(said.iter().any(blames), "{said:#?}");
}

#[test]
fn certificate_of_another_name_alone_is_waited_for_and_named() {
    let secured = Secured::new(OTHER_NAME);
    let Secured { fleet, packages, states, terminator, .. } = &secured;
    let puller = secured.puller(&[(1, "impostor", terminator.url())]);
    fleet.notify(&puller, &package(1), &states[0]);
    match fleet.follow(&puller, &package(1)) {
        Followed::Waits(why) => {
            assert!(why.contains("impostor") && why.contains("it is not for `127.0.0.1`"), "{why}");
        }
        other => panic!("with nothing but a certificate of another name it is {other:?}"),
    }
    assert!(!puller.publishes(&package(1)));
    puller.assert_serves_nothing(&packages[&1]);
    assert_eq!(terminator.accepted.load(Ordering::SeqCst), 0, "something was asked of it");
}

/// The same terminator with a certificate of its own name: it is the name that makes the difference.
#[test]
fn certificate_of_its_own_name_is_taken() {
    let secured = Secured::new(ITS_NAME);
    let Secured { fleet, packages, states, terminator, .. } = &secured;
    let puller = secured.puller(&[(1, "terminated", terminator.url())]);
    fleet.notify(&puller, &package(1), &states[0]);
    match fleet.follow(&puller, &package(1)) {
        Followed::Done(state) => assert_eq!(state.sources, ["terminated"]),
        other => panic!("with a certificate of its name it is {other:?}"),
    }
    puller.assert_holds(&package(1), &packages[&1]);
    assert!(terminator.accepted.load(Ordering::SeqCst) > 0);
}
