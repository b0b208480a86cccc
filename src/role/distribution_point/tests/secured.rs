//! Content over TLS: certificates that are issued, kept in secrets and exchanged, and sources that are
//! believed or not.

use std::{fs, path::Path};

use reqwest::{Certificate, Client, StatusCode, Version, tls::TlsInfo};

use super::world::{PORT, World, name, observed, pull, some_files, standard, stored, waits};
use crate::{
    clock,
    model::{ContentProtocol, DistributionPointSettings, Listener, PullSourceSettings},
    net::Certificates,
    role::{Surroundings, distribution_point::DistributionPoint},
};

/// A standard point that serves over HTTPS.
fn secured() -> DistributionPointSettings {
    DistributionPointSettings { protocol: ContentProtocol::Https, ..standard() }
}

/// The same with a certificate from a secret.
fn with_secret(secret: &str) -> DistributionPointSettings {
    let certificate = format!(r#"{{"secretRef": {{"name": "{secret}"}}}}"#);
    DistributionPointSettings {
        certificate: serde_json::from_str(&certificate).unwrap(),
        ..secured()
    }
}

/// Writes a secret whose certificate is its own root; the root.
fn write_secret(data: &Path, secret: &str, names: &[String]) -> String {
    let directory = data.join("secrets").join(secret);
    fs::create_dir_all(&directory).unwrap();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    fs::write(directory.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    fs::write(directory.join("tls.crt"), made.cert.pem()).unwrap();
    made.cert.pem()
}

/// A client that trusts this root and no other.
fn client(root: &str) -> Client {
    let root = Certificate::from_pem(root.as_bytes()).unwrap();
    Client::builder().tls_certs_only([root]).tls_info(true).build().unwrap()
}

fn url(world: &World, host: u8) -> String {
    format!("https://{}:{}", world.ip(host), PORT + 1)
}

fn authority(world: &World) -> String {
    fs::read_to_string(world.home.path().join("certificates/authority.crt")).unwrap()
}

/// The certificate that an answer came with.
async fn shown(client: &Client, url: &str) -> Vec<u8> {
    let answer = client.get(format!("{url}/distribution-point")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    let shown = answer.extensions().get::<TlsInfo>().unwrap().peer_certificate().unwrap().to_vec();
    answer.bytes().await.unwrap();
    shown
}

/// A source over HTTPS, as a point is told of it.
fn source(priority: u32, host: u8, url: String) -> PullSourceSettings {
    let distribution_point = name(&format!("dp-{host}"));
    PullSourceSettings { priority, distribution_point, url }
}

/// Settings of a point that pulls from these.
fn pulling(world: &World, sources: Vec<PullSourceSettings>) -> DistributionPointSettings {
    let mut settings = world.pulling(&[]);
    settings.pull.as_mut().unwrap().sources = sources;
    settings
}

#[tokio::test]
async fn a_point_over_https_serves_over_tls_and_over_nothing_else() {
    let world = World::new(100).await;
    let point = world.configured(1, secured()).await;
    world.take(1, 1, &some_files()).await;
    world.send(1, 1, &point).await;
    let open = Listener::Open(format!("{}:{}", world.ip(1), PORT + 1));
    assert_eq!(observed(&point).await.listener, open);
    let list = format!("{}/packages/CEN00001", url(&world, 1));
    let answer = client(&authority(&world)).get(&list).send().await.unwrap();
    assert_eq!((answer.status(), answer.version()), (StatusCode::OK, Version::HTTP_11));
    let old = Certificate::from_pem(authority(&world).as_bytes()).unwrap();
    let old =
        Client::builder().tls_certs_only([old]).tls_version_max(reqwest::tls::Version::TLS_1_2);
    assert_eq!(old.build().unwrap().get(&list).send().await.unwrap().status(), StatusCode::OK);
    // Who does not trust the authority has no connection.
    let stranger = rcgen::generate_simple_self_signed(["a".to_owned()]).unwrap().cert.pem();
    assert!(client(&stranger).get(&list).send().await.is_err());
    // In the clear there is nothing, on neither port.
    assert!(reqwest::get(format!("{}/packages/CEN00001", world.url(1))).await.is_err());
    let clear = list.replace("https:", "http:");
    assert!(reqwest::get(clear).await.is_err());
}

#[tokio::test]
async fn the_port_follows_the_protocol() {
    let world = World::new(101).await;
    let point = world.standard_point(1).await;
    let plain =
        || async { reqwest::get(format!("{}/distribution-point", world.url(1))).await.is_ok() };
    let secure = || async {
        let request =
            client(&authority(&world)).get(format!("{}/distribution-point", url(&world, 1)));
        request.send().await.is_ok()
    };
    assert!(plain().await && !secure().await);
    point.configure(name("dp-1"), secured()).await.unwrap();
    assert!(!plain().await && secure().await);
    point.close().await;
    let point = world.open(1, true).await;
    assert!(!plain().await && secure().await, "after a restart too");
    point.configure(name("dp-1"), standard()).await.unwrap();
    assert!(plain().await && !secure().await);
}

#[tokio::test]
async fn a_certificate_is_exchanged_while_connections_go_on() {
    let world = World::new(102).await;
    let names = [world.ip(1).to_string()];
    let first = write_secret(world.home.path(), "web", &names);
    let point = world.configured(1, with_secret("web")).await;
    let url = url(&world, 1);
    let old = client(&first);
    let before = shown(&old, &url).await;
    let second = write_secret(world.home.path(), "web", &names);
    // What is told again is looked at again.
    point.configure(name("dp-1"), with_secret("web")).await.unwrap();
    let after = shown(&client(&second), &url).await;
    assert_ne!(after, before);
    assert_eq!(shown(&old, &url).await, before, "its connection is the one that it had");
    // Another secret, and one that is issued, on the same port.
    let third = write_secret(world.home.path(), "other", &names);
    point.configure(name("dp-1"), with_secret("other")).await.unwrap();
    assert_ne!(shown(&client(&third), &url).await, after);
    point.configure(name("dp-1"), secured()).await.unwrap();
    shown(&client(&authority(&world)), &url).await;
    assert_eq!(shown(&old, &url).await, before);
}

#[tokio::test]
async fn a_secret_that_is_not_there_changes_nothing_and_heals() {
    let world = World::new(103).await;
    let point = world.standard_point(1).await;
    let refused = point.configure(name("dp-1"), with_secret("web")).await.unwrap_err().to_string();
    assert!(refused.contains("secret `web` is not there"), "{refused}");
    assert_eq!(observed(&point).await.settings, standard());
    assert!(reqwest::get(format!("{}/distribution-point", world.url(1))).await.is_ok());
    let root = write_secret(world.home.path(), "web", &[world.ip(1).to_string()]);
    point.configure(name("dp-1"), with_secret("web")).await.unwrap();
    point.close().await;
    // Lost while it was down: it starts, and says so.
    fs::remove_dir_all(world.home.path().join("secrets/web")).unwrap();
    let point = world.open(1, true).await;
    let Listener::Closed(why) = observed(&point).await.listener else { panic!("it is lost") };
    assert!(why.contains("secret `web` is not there"), "{why}");
    let other = write_secret(world.home.path(), "web", &[world.ip(1).to_string()]);
    assert_ne!(other, root);
    point.configure(name("dp-1"), with_secret("web")).await.unwrap();
    shown(&client(&other), &url(&world, 1)).await;
}

#[tokio::test]
async fn a_moved_point_has_a_certificate_for_its_new_address() {
    let world = World::new(104).await;
    let point = world.configured(1, secured()).await;
    let by_name = |host: &str| {
        let root = Certificate::from_pem(authority(&world).as_bytes()).unwrap();
        let address = std::net::SocketAddr::new(world.ip(1), PORT + 1);
        let client = Client::builder().tls_certs_only([root]).resolve(host, address);
        let url = format!("https://{host}:{}/distribution-point", PORT + 1);
        async move { client.build().unwrap().get(url).send().await.is_ok() }
    };
    assert!(!by_name("dp.contoso.example").await);
    point.moved("dp.contoso.example".parse().unwrap()).await.unwrap();
    assert!(by_name("dp.contoso.example").await);
    assert!(by_name(&world.ip(1).to_string()).await, "it is reached there too");
}

#[tokio::test]
async fn content_is_pulled_over_tls() {
    let world = World::new(105).await;
    let from = world.configured(1, secured()).await;
    let wanted = world.take(1, 1, &some_files()).await;
    world.send(1, 1, &from).await;
    let sources = vec![source(1, 1, url(&world, 1))];
    let point = world.configured(2, pulling(&world, sources)).await;
    assert!(pull(&point, 1, &wanted).await.available());
    assert!(stored(&world.directory(2)) == stored(&world.directory(1)));
}

#[tokio::test]
async fn who_is_not_believed_is_no_source_and_the_next_one_is_asked() {
    let world = World::new(106).await;
    let wanted = world.take(1, 1, &some_files()).await;
    // Of another hierarchy, whose authority nobody here knows.
    let elsewhere = tempfile::tempdir().unwrap();
    let certificates = Certificates::open(elsewhere.path(), None, clock::now()).unwrap();
    let directory = world.directory(1);
    fs::create_dir_all(&directory).unwrap();
    let stranger = Surroundings { certificates, ..world.surroundings(1) };
    let stranger = DistributionPoint::open(directory, stranger, true).await.unwrap();
    stranger.configure(name("dp-1"), secured()).await.unwrap();
    world.send(1, 1, &stranger).await;
    // Of a root that is trusted, but for another name.
    let root = write_secret(world.home.path(), "web", &["other.example".to_owned()]);
    fs::write(world.home.path().join("certificates/trusted.pem"), root).unwrap();
    let other_name = world.configured(2, with_secret("web")).await;
    world.send(1, 1, &other_name).await;

    let mut sources = vec![source(1, 1, url(&world, 1)), source(2, 2, url(&world, 2))];
    let point = world.configured(3, pulling(&world, sources.clone())).await;
    point.pull(super::world::package(1), 1, wanted.digest).await.unwrap();
    let why = waits(&point, 1).await;
    assert!(why.contains("it does not lead to a root that is trusted here"), "{why}");
    assert!(why.contains("certificates/trusted.pem"), "{why}");
    let other = format!("it is not for `{}`", world.ip(2));
    assert!(why.contains(&other), "{why}");
    assert!(!world.directory(3).join("library/packages/CEN00001.json").exists());

    let believed = world.configured(4, secured()).await;
    world.send(1, 1, &believed).await;
    sources.push(source(3, 4, url(&world, 4)));
    point.configure(name("dp-3"), pulling(&world, sources)).await.unwrap();
    assert!(pull(&point, 1, &wanted).await.available());
}
