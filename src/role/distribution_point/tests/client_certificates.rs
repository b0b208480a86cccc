//! Certificates of clients: who is served, what the others hear, and how points show themselves to their
//! sources.

use std::fs;

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use reqwest::{Certificate, Client, ClientBuilder, Identity, StatusCode};

use super::world::{PORT, World, name, observed, package, pull, some_files, standard, waits};
use crate::{
    clock,
    model::{ClientCertificates, ContentProtocol, DistributionPointSettings, PullSourceSettings},
    net::Certificates,
    role::{Surroundings, distribution_point::DistributionPoint},
};

/// An authority of somebody else.
struct Authority(Issuer<'static, KeyPair>, String);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "somebody else");
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap().pem();
        Self(Issuer::new(params, key), root)
    }

    /// A certificate with its key, as `change` wants it.
    fn issue(&self, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(["client.example".to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap().pem();
        Identity::from_pem((key.serialize_pem() + &certificate).as_bytes()).unwrap()
    }
}

/// A world that trusts an authority of somebody else.
async fn trusting(test: u8, authority: &Authority) -> World {
    let world = World::new(test).await;
    let certificates = world.home.path().join("certificates");
    fs::create_dir_all(&certificates).unwrap();
    fs::write(certificates.join("trusted.pem"), &authority.1).unwrap();
    world
}

fn wanting(client_certificates: ClientCertificates) -> DistributionPointSettings {
    DistributionPointSettings {
        protocol: ContentProtocol::Https,
        client_certificates,
        ..standard()
    }
}

/// A client that trusts the authority of the world.
fn client(world: &World) -> ClientBuilder {
    let root = fs::read(world.home.path().join("certificates/authority.crt")).unwrap();
    Client::builder().tls_certs_only([Certificate::from_pem(&root).unwrap()])
}

/// What a client is answered for a package.
async fn asked(client: &Client, world: &World) -> (StatusCode, String) {
    let url = format!("https://{}:{}/packages/CEN00001", world.ip(1), PORT + 1);
    let answer = client.get(url).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn only_those_who_show_a_certificate_that_counts_are_served() {
    let authority = Authority::new();
    let world = trusting(174, &authority).await;
    let point = world.configured(1, wanting(ClientCertificates::Require)).await;
    world.take(1, 1, &some_files()).await;
    world.send(1, 1, &point).await;
    let with = |identity| client(&world).identity(identity);
    let good = || with(authority.issue(|_| {}));
    let one_two = reqwest::tls::Version::TLS_1_2;
    for served in [good(), good().tls_version_max(one_two)] {
        assert_eq!(asked(&served.build().unwrap(), &world).await.0, StatusCode::OK);
    }
    let none = client(&world).build().unwrap();
    let (status, why) = asked(&none, &world).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert!(why.starts_with("403.7: ") && why.contains("certificates/trusted.pem"), "{why}");
    // Everybody may ask who it is: so others see that it is there.
    let url = format!("https://{}:{}/distribution-point", world.ip(1), PORT + 1);
    assert_eq!(none.get(url).send().await.unwrap().status(), StatusCode::OK);
    let ended = |params: &mut CertificateParams| params.not_after = date_time_ymd(2001, 1, 1);
    let of_server = |params: &mut CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    };
    let refused = [
        with(Authority::new().issue(|_| {})),
        with(authority.issue(ended)),
        with(authority.issue(of_server)),
        with(authority.issue(ended)).tls_version_max(one_two),
    ];
    for refused in refused {
        let (status, why) = asked(&refused.build().unwrap(), &world).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(why.starts_with("403.16: "), "{why}");
    }
    assert_eq!(observed(&point).await.unique_clients.get(&package(1)), Some(&1), "it was served");
}

#[tokio::test]
async fn what_is_wanted_of_clients_changes_while_the_port_is_open() {
    let authority = Authority::new();
    let world = trusting(175, &authority).await;
    let point = world.configured(1, wanting(ClientCertificates::Ignore)).await;
    world.take(1, 1, &some_files()).await;
    world.send(1, 1, &point).await;
    let none = client(&world).build().unwrap();
    let good = client(&world).identity(authority.issue(|_| {})).build().unwrap();
    let stranger = client(&world).identity(Authority::new().issue(|_| {})).build().unwrap();
    let answered = async || {
        let mut answered = Vec::new();
        for client in [&none, &good, &stranger] {
            answered.push(asked(client, &world).await.0.as_u16());
        }
        answered
    };
    assert_eq!(answered().await, [200, 200, 200], "nobody is asked");
    let want = async |wanted| point.configure(name("dp-1"), wanting(wanted)).await.unwrap();
    // Each has a connection, and a session that began when nobody was asked.
    want(ClientCertificates::Require).await;
    assert_eq!(asked(&none, &world).await.0, StatusCode::FORBIDDEN);
    asked(&good, &world).await;
    asked(&stranger, &world).await;
    assert_eq!(answered().await, [403, 200, 403]);
    want(ClientCertificates::Accept).await;
    assert_eq!(answered().await, [200, 200, 403]);
    want(ClientCertificates::Ignore).await;
    assert_eq!(answered().await, [200, 200, 200]);
    want(ClientCertificates::Require).await;
    point.close().await;
    drop(point);
    let _point = world.open(1, true).await;
    assert_eq!(asked(&none, &world).await.0, StatusCode::FORBIDDEN, "after a restart too");
}

#[tokio::test]
async fn points_show_their_sources_who_they_are() {
    let world = World::new(176).await;
    let from = world.configured(1, wanting(ClientCertificates::Require)).await;
    let taken = world.take(1, 1, &some_files()).await;
    world.send(1, 1, &from).await;
    let pulling = || {
        let mut settings = world.pulling(&[]);
        let url = format!("https://{}:{}", world.ip(1), PORT + 1);
        let distribution_point = name("dp-1");
        let source = PullSourceSettings { priority: 1, distribution_point, url };
        settings.pull.as_mut().unwrap().sources = vec![source];
        settings
    };
    let point = world.configured(2, pulling()).await;
    assert!(pull(&point, 1, &taken).await.available());

    // Of another hierarchy, whose authority the source does not know.
    let elsewhere = tempfile::tempdir().unwrap();
    let known = world.home.path().join("certificates/authority.crt");
    let certificates = Certificates::open(elsewhere.path(), Some(&known), clock::now()).unwrap();
    let surroundings = Surroundings { certificates, ..world.surroundings(3) };
    fs::create_dir_all(world.directory(3)).unwrap();
    let stranger = DistributionPoint::open(world.directory(3), surroundings, true).await.unwrap();
    stranger.configure(name("dp-3"), pulling()).await.unwrap();
    stranger.pull(package(1), 1, taken.digest).await.unwrap();
    let why = waits(&stranger, 1).await;
    assert!(why.contains("dp-1") && why.contains("(403)"), "{why}");
    assert!(why.contains("it trusts the certificates with which clients authenticate"), "{why}");
}
