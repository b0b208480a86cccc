use std::{path::Path, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Client, Response, StatusCode, header::IF_NONE_MATCH};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::{
    clock,
    model::{
        CatalogVersion, ClientPolicy, Digest, Listener, ManagementPointSettings, SiteCode,
        UpdateIdentity,
    },
    net::{Addresses, Certificates},
    role::{
        Surroundings,
        site_server::SiteServer,
        update_point::fixture::{ip, port},
    },
};

const HOST: &str = "server.contoso.example";

/// A site server with a management point, in a data directory of its own.
struct World {
    data: TempDir,
    surroundings: Surroundings,
    server: SiteServer,
    port: u16,
}

impl World {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let certificates = Certificates::open(data.path(), None, clock::now()).unwrap();
        let (host, addresses) = (HOST.parse().unwrap(), Addresses::system());
        let surroundings = Surroundings { ip: ip(), host, addresses, certificates };
        let server = SiteServer::open(data.path().join("site-server")).await.unwrap();
        Self { data, surroundings, server, port: port() }
    }

    fn settings(&self, protocol: &str) -> ManagementPointSettings {
        let ports = json!({"webSite": "Custom", "http": self.port, "https": self.port});
        serde_json::from_value(json!({"protocol": protocol, "ports": ports})).unwrap()
    }

    async fn open(&self, protocol: &str) -> ManagementPoint {
        ManagementPoint::open(&self.surroundings, &self.settings(protocol)).await.unwrap()
    }

    /// Publishes a policy with a catalog of so many revisions.
    async fn publish(&self, point: &ManagementPoint, revisions: u128) {
        let identity =
            |number| UpdateIdentity { update_id: uuid::Uuid::from_u128(number), revision: 1 };
        let version = CatalogVersion::of((0..revisions).map(identity));
        self.server.publish_policy(policy(), Some(version)).await.unwrap();
        point.serve(&self.server, &site()).await.unwrap();
    }

    fn url(&self) -> String {
        format!("http://{}:{}/policy", ip(), self.port)
    }

    async fn get(&self) -> Response {
        Client::new().get(self.url()).send().await.unwrap()
    }
}

fn site() -> SiteCode {
    "ONE".parse().unwrap()
}

fn policy() -> ClientPolicy {
    let agent = json!({"enabled": true, "scanEvery": "7d", "reevaluateEvery": "7d"});
    let url = "http://server.contoso.example:8530";
    serde_json::from_value(json!({"updatePoint": "updates", "url": url, "agent": agent})).unwrap()
}

fn header(answer: &Response, name: &str) -> String {
    answer.headers()[name].to_str().unwrap().to_owned()
}

/// Whether `openssl` finds that the authority of a data directory has signed a document.
fn openssl_verifies(data: &Path, document: &[u8], signature: &str) -> bool {
    let file = |name: &str, bytes: &[u8]| {
        std::fs::write(data.join(name), bytes).unwrap();
        data.join(name)
    };
    let openssl = |arguments: &[&str]| {
        let ended = Command::new("openssl").args(arguments).output().unwrap();
        (ended.status.success(), ended.stdout)
    };
    let authority = data.join("certificates/authority.crt");
    let (read, key) = openssl(&["x509", "-in", authority.to_str().unwrap(), "-pubkey", "-noout"]);
    assert!(read);
    let key = file("authority.pub", &key);
    let document = file("policy.json", document);
    let signature = file("policy.sig", &STANDARD.decode(signature).unwrap());
    let [key, document, signature] =
        [&key, &document, &signature].map(|it| it.to_str().unwrap().to_owned());
    openssl(&["dgst", "-sha256", "-verify", &key, "-signature", &signature, &document]).0
}

#[tokio::test]
async fn clients_read_a_signed_policy_and_are_told_when_there_is_another_one() {
    let world = World::new().await;
    let point = world.open("HTTP").await;
    point.serve(&world.server, &site()).await.unwrap();
    let answer = world.get().await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(answer.text().await.unwrap().contains("no policy has been published yet"));
    assert_eq!(point.state().policy, None);

    world.publish(&point, 1).await;
    let answer = world.get().await;
    assert_eq!(answer.status(), StatusCode::OK);
    let [tag, kind, cache, signature] =
        ["etag", "content-type", "cache-control", "headwater-signature"]
            .map(|name| header(&answer, name));
    assert_eq!((kind.as_str(), cache.as_str()), ("application/json", "no-cache"));
    assert!(header(&answer, "last-modified").ends_with(" GMT"));
    let document = answer.bytes().await.unwrap();
    assert_eq!(tag, format!("\"{}\"", Digest::of(&document).to_hex()));
    let told: Value = serde_json::from_slice(&document).unwrap();
    assert_eq!(told["siteCode"], "ONE");
    assert_eq!(told["updateServer"]["port"], 8530);
    assert_eq!(told["softwareUpdates"]["scanEvery"], "7d");
    let served = point.state().policy.unwrap();
    assert_eq!(
        (served.digest, json!(served.serial)),
        (Digest::of(&document), told["serial"].clone())
    );

    assert!(openssl_verifies(world.data.path(), &document, &signature));
    let changed = String::from_utf8(document.to_vec()).unwrap().replace("contoso", "fabrikam");
    assert!(!openssl_verifies(world.data.path(), changed.as_bytes(), &signature));

    let asked = async |tags: &str| {
        Client::new().get(world.url()).header(IF_NONE_MATCH, tags).send().await.unwrap()
    };
    for known in [tag.clone(), format!("W/{tag}"), format!("\"a\", {tag}"), "*".to_owned()] {
        let answer = asked(&known).await;
        assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert_eq!(header(&answer, "etag"), tag);
    }
    // Published again, it is what it was.
    world.publish(&point, 1).await;
    assert_eq!(asked(&tag).await.status(), StatusCode::NOT_MODIFIED);
    world.publish(&point, 2).await;
    let answer = asked(&tag).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let signature = header(&answer, "headwater-signature");
    let document = answer.bytes().await.unwrap();
    let now: Value = serde_json::from_slice(&document).unwrap();
    assert!(now["serial"].as_u64() > told["serial"].as_u64());
    assert_ne!(now["catalogVersion"], told["catalogVersion"]);
    assert!(openssl_verifies(world.data.path(), &document, &signature));
}

#[tokio::test]
async fn nothing_else_is_served() {
    let world = World::new().await;
    let point = world.open("HTTP").await;
    world.publish(&point, 1).await;
    let client = Client::new();
    let url = world.url();
    for path in ["", "/", "/policy/", "/policy/x", "/v1/state", "/certificates/authority.pem"] {
        let other = url.replace("/policy", path);
        let answer = client.get(&other).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{other}");
    }
    let posted = client.post(&url).body("{}").send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
    let head = client.head(&url).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    let whole = world.get().await.bytes().await.unwrap();
    assert_eq!(header(&head, "content-length"), whole.len().to_string());
    assert!(head.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_policy_outlives_the_process_and_the_port_changes_without_it() {
    let world = World::new().await;
    let point = world.open("HTTP").await;
    world.publish(&point, 1).await;
    let before = world.get().await.bytes().await.unwrap();
    point.close().await;
    assert!(Client::new().get(world.url()).send().await.is_err());
    let mut point = ManagementPoint::try_open(&world.surroundings, &world.settings("HTTP")).await;
    point.serve(&world.server, &site()).await.unwrap();
    assert_eq!(world.get().await.bytes().await.unwrap(), before);

    // Over TLS on the same port: nothing in the clear is left.
    let settings = world.settings("HTTPS");
    let host = world.surroundings.host.clone();
    // The port is taken by the one that is open: another one has to be asked for.
    let mut moved = settings.clone();
    moved.ports.https = crate::model::Port::new(port()).unwrap();
    let change = point.change(&host, &moved).await.unwrap();
    point.take_on(host.clone(), change).await;
    assert!(Client::new().get(world.url()).send().await.is_err());
    let root = std::fs::read(world.data.path().join("certificates/authority.crt")).unwrap();
    let at = std::net::SocketAddr::new(ip(), moved.ports.https.get());
    let client = Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&root).unwrap()])
        .resolve(HOST, at)
        .build()
        .unwrap();
    let url = format!("https://{HOST}:{}/policy", at.port());
    let answer = client.get(&url).send().await.unwrap();
    assert_eq!(answer.bytes().await.unwrap(), before);
    assert_eq!(point.state().certificate.unwrap().names[0], HOST);
    // What cannot be had leaves everything as it is.
    let mut secret = moved.clone();
    secret.certificate = serde_json::from_value(json!({"secretRef": {"name": "none"}})).unwrap();
    let refused = point.change(&host, &secret).await.err().unwrap();
    let refused = crate::error_text::with_causes(&refused);
    assert!(refused.contains("secret `none` is not there"), "{refused}");
    assert_eq!(client.get(&url).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_port_that_is_taken_is_told() {
    let world = World::new().await;
    let _first = world.open("HTTP").await;
    let refused = ManagementPoint::open(&world.surroundings, &world.settings("HTTP")).await;
    assert!(matches!(refused, Err(ManagementPointError::Port(_))), "{refused:?}");
    let second = ManagementPoint::try_open(&world.surroundings, &world.settings("HTTP")).await;
    let Listener::Closed(why) = second.state().listener else { panic!("it is open") };
    assert!(why.contains(&world.port.to_string()), "{why}");
}
