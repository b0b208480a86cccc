//! Update points over TLS: which roots demand it, whom points believe and let in, and what changes while
//! they serve.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
};

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use reqwest::{Certificate, Client, StatusCode, tls::TlsInfo};
use serde_json::json;

use super::{UpdatePointError, fixture::*};
use crate::{
    error_text::with_causes,
    model::{ClientCertificates, Listener, Name, Port, UpdatePointSettings},
    ports::{HTTP_ROOTS, SECURED_ROOTS},
    wire::{
        monitoring::{Ping, PingRequest},
        reporting,
        server_sync::{GetAuthConfig, GetAuthConfigRequest, PATH},
        soap::Operation,
    },
};

/// Settings with SSL; the number of the HTTPS port is no other test's.
fn ssl(place: &Place) -> UpdatePointSettings {
    let mut settings = settings(place.port, &json!({"type": "None"}));
    settings.ssl = true;
    settings.ports.https = Port::new(port()).unwrap();
    settings
}

/// A point with SSL that holds some updates.
async fn secured(count: u128) -> (Place, UpdatePointSettings) {
    let place = Place::with_updates(count).await;
    let settings = ssl(&place);
    place.configure_as(settings.clone()).await.unwrap();
    (place, settings)
}

fn https(settings: &UpdatePointSettings) -> String {
    format!("https://{}:{}", ip(), settings.ports.https)
}

fn authority(place: &Place) -> PathBuf {
    place.directory.path().join("certificates/authority.crt")
}

/// A client that trusts these roots and no others.
fn client(roots: &Path) -> Client {
    let root = Certificate::from_pem(&fs::read(roots).unwrap()).unwrap();
    Client::builder().tls_certs_only([root]).tls_info(true).build().unwrap()
}

/// Asks for the authentication settings, as a downstream server does first.
async fn asks(client: &Client, url: &str) -> Result<reqwest::Response, reqwest::Error> {
    let body = GetAuthConfig::encode_request(&GetAuthConfigRequest).unwrap();
    let request = client.post(format!("{url}{PATH}")).header("content-type", "text/xml");
    request.body(body).send().await
}

/// Writes a secret of a place whose certificate is its own root; where it is.
fn write_secret(
    place: &Place,
    names: &[String],
    change: impl FnOnce(&mut CertificateParams),
) -> PathBuf {
    let directory = place.directory.path().join("secrets/web");
    fs::create_dir_all(&directory).unwrap();
    let mut params = CertificateParams::new(names).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    fs::write(directory.join("tls.key"), key.serialize_pem()).unwrap();
    fs::write(directory.join("tls.crt"), params.self_signed(&key).unwrap().pem()).unwrap();
    directory.join("tls.crt")
}

fn with_secret(mut settings: UpdatePointSettings) -> UpdatePointSettings {
    settings.certificate = serde_json::from_str(r#"{"secretRef": {"name": "web"}}"#).unwrap();
    settings
}

/// What a point below this address, which trusts these roots too, makes of it.
async fn below(url: &str, roots: &Path) -> Result<u64, String> {
    let source = json!({"type": "UpstreamServer", "url": url});
    let child = Place::trusting(Some(roots), source).await;
    let outcome = child.synchronize().await;
    outcome.map(|outcome| new_revisions(&outcome)).map_err(|error| with_causes(&error))
}

#[tokio::test]
async fn with_ssl_the_five_roots_are_served_over_tls_alone_and_the_rest_over_both() {
    let (place, settings) = secured(1).await;
    let plain = Client::new();
    let get = async |path: &str| {
        let answer = plain.get(format!("{}{path}", place.url())).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    for (root, path) in SECURED_ROOTS {
        for path in [
            path.to_owned(),
            path.to_ascii_uppercase(),
            path.to_ascii_lowercase(),
            format!("/{root}"),
            format!("//{root}/other?wsdl"),
        ] {
            let (status, page) = get(&path).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
            assert!(page.starts_with("403.4: SSL is required"), "{page}");
            assert!(page.contains(&settings.ports.https.to_string()), "{page}");
        }
    }
    let refused = asks(&plain, &place.url()).await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    // A client of ours hears what to do.
    let why = below(&place.url(), &authority(&place)).await.unwrap_err();
    assert!(why.contains("it requires SSL: use its https address"), "{why}");
    for path in HTTP_ROOTS.map(|(_, path)| path).into_iter().chain(["/", "/Content/AB/CD.cab"]) {
        assert_ne!(get(path).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    let served = asks(&client(&authority(&place)), &https(&settings)).await.unwrap();
    assert_eq!(served.status(), StatusCode::OK);
    let config = GetAuthConfig::decode_response(&served.bytes().await.unwrap()).unwrap();
    assert_eq!(config.auth_info.len(), 1);
    // `Ping` says over which channel it has come.
    for (client, url, secured) in
        [(client(&authority(&place)), https(&settings), true), (plain, place.url(), false)]
    {
        let body = Ping::encode_request(&PingRequest { level: 0 }).unwrap();
        let url = format!("{url}{}", reporting::PATH);
        let request = client.post(url).header("content-type", "text/xml").body(body);
        let answer = request.send().await.unwrap().bytes().await.unwrap();
        assert_eq!(Ping::decode_response(&answer).unwrap().https, secured);
    }
}

#[tokio::test]
async fn ssl_is_switched_on_and_off_while_clients_are_connected() {
    let place = Place::with_updates(1).await;
    let (plain, secure) = (Client::new(), client(&authority(&place)));
    assert_eq!(asks(&plain, &place.url()).await.unwrap().status(), StatusCode::OK);
    let wanted = ssl(&place);
    place.configure_as(wanted.clone()).await.unwrap();
    assert_eq!(asks(&plain, &place.url()).await.unwrap().status(), StatusCode::FORBIDDEN);
    assert!(asks(&secure, &https(&wanted)).await.is_ok());
    let state = place.point.state().await.unwrap().unwrap();
    assert_eq!(state.closed(), None);
    let told = state.https.unwrap();
    assert_eq!(told.listener, Listener::Open(format!("{}:{}", ip(), wanted.ports.https)));
    let shown = told.certificate.unwrap();
    assert_eq!(shown.names, [ip().to_string()]);
    assert!(shown.not_after > crate::clock::now());
    // After a restart too.
    place.point.close().await;
    let again = open(place.directory.path().to_owned()).await;
    assert_eq!(asks(&plain, &place.url()).await.unwrap().status(), StatusCode::FORBIDDEN);
    assert!(asks(&secure, &https(&wanted)).await.is_ok());
    let name: Name = "cen-sup".parse().unwrap();
    again.configure(name, settings(place.port, &json!({"type": "None"}))).await.unwrap();
    assert_eq!(asks(&plain, &place.url()).await.unwrap().status(), StatusCode::OK);
    assert!(asks(&client(&authority(&place)), &https(&wanted)).await.is_err());
    assert_eq!(again.state().await.unwrap().unwrap().https, None);
}

#[tokio::test]
async fn the_ports_may_change_places() {
    let (place, before) = secured(1).await;
    let mut after = before.clone();
    (after.ports.http, after.ports.https) = (before.ports.https, before.ports.http);
    place.configure_as(after.clone()).await.unwrap();
    assert!(asks(&client(&authority(&place)), &https(&after)).await.is_ok());
    // In vain: then they are back where they were.
    let taken = TcpListener::bind((ip(), 0)).unwrap();
    let mut impossible = after.clone();
    impossible.ports.http = after.ports.https;
    impossible.ports.https = Port::new(taken.local_addr().unwrap().port()).unwrap();
    let error = place.configure_as(impossible).await.unwrap_err();
    assert!(with_causes(&error).contains("is in use"), "{error}");
    let state = place.point.state().await.unwrap().unwrap();
    assert_eq!((state.closed(), &state.settings), (None, &after));
    assert!(asks(&client(&authority(&place)), &https(&after)).await.is_ok());
}

#[tokio::test]
async fn a_port_that_cannot_be_opened_is_said_and_nothing_is_served_in_the_clear_instead() {
    let (place, settings) = secured(1).await;
    place.point.close().await;
    let _taken = TcpListener::bind((ip(), settings.ports.https.get())).unwrap();
    let again = open(place.directory.path().to_owned()).await;
    let state = again.state().await.unwrap().unwrap();
    let (port, why) = state.closed().unwrap();
    assert!(port == "HTTPS" && why.contains("in use"), "{why}");
    assert_eq!(asks(&Client::new(), &place.url()).await.unwrap().status(), StatusCode::FORBIDDEN);
    let refused = again.configure(state.name, settings).await;
    assert!(matches!(refused, Err(UpdatePointError::Port(_))));
}

#[tokio::test]
async fn a_certificate_is_exchanged_while_the_point_serves() {
    let (place, settings) = secured(1).await;
    let names = [ip().to_string()];
    let shown = async |roots: &Path| {
        let answer = asks(&client(roots), &https(&settings)).await.unwrap();
        answer.extensions().get::<TlsInfo>().unwrap().peer_certificate().unwrap().to_vec()
    };
    let missing = place.configure_as(with_secret(settings.clone())).await.unwrap_err();
    assert!(with_causes(&missing).contains("secret `web` is not there"), "{missing}");
    let issued = shown(&authority(&place)).await;
    let roots = write_secret(&place, &names, |_| {});
    place.configure_as(with_secret(settings.clone())).await.unwrap();
    let first = shown(&roots).await;
    assert_ne!(first, issued);
    let roots = write_secret(&place, &names, |_| {});
    // What is told again is looked at again.
    place.configure_as(with_secret(settings.clone())).await.unwrap();
    assert_ne!(shown(&roots).await, first);
    // Its site system moves: what is issued is issued for the new address.
    place.configure_as(settings.clone()).await.unwrap();
    place.point.moved("wsus.contoso.example".parse().unwrap()).await.unwrap();
    let state = place.point.state().await.unwrap().unwrap();
    let names = state.https.unwrap().certificate.unwrap().names;
    assert_eq!(names, ["wsus.contoso.example".to_owned(), ip().to_string()]);
}

#[tokio::test]
async fn a_chain_of_points_synchronizes_over_tls() {
    let (top, settings) = secured(250).await;
    let roots = authority(&top);
    let source = json!({"type": "ParentSite", "url": https(&settings)});
    let middle = Place::trusting(Some(&roots), source.clone()).await;
    let mut wanted = ssl(&middle);
    wanted.source = serde_json::from_value(source).unwrap();
    middle.configure_as(wanted.clone()).await.unwrap();
    assert_eq!(new_revisions(&middle.synchronize().await.unwrap()), 250);
    assert_eq!(below(&https(&wanted), &authority(&middle)).await, Ok(250));
    let state = middle.point.state().await.unwrap().unwrap();
    assert_eq!(state.last_synchronization.unwrap().from, https(&settings));
}

#[tokio::test]
async fn an_upstream_server_that_is_not_believed_is_not_asked() {
    let (place, settings) = secured(1).await;
    let elsewhere = Place::new(json!({"type": "None"})).await;
    let why = below(&https(&settings), &authority(&elsewhere)).await.unwrap_err();
    assert!(why.contains(&https(&settings)), "{why}");
    assert!(why.contains("was not asked GetAuthConfig: its certificate is refused"), "{why}");
    assert!(why.contains("does not lead to a root that is trusted here"), "{why}");
    let roots = write_secret(&place, &["other.example".to_owned()], |_| {});
    place.configure_as(with_secret(settings.clone())).await.unwrap();
    let why = below(&https(&settings), &roots).await.unwrap_err();
    assert!(why.contains(&format!("it is not for `{}`", ip())), "{why}");
    let ended = |params: &mut CertificateParams| params.not_after = date_time_ymd(2001, 1, 1);
    let roots = write_secret(&place, &[ip().to_string()], ended);
    place.configure_as(with_secret(settings.clone())).await.unwrap();
    let why = below(&https(&settings), &roots).await.unwrap_err();
    assert!(why.contains("it has ended: the other side needs a new one"), "{why}");
}

#[tokio::test]
async fn where_certificates_are_required_points_show_theirs() {
    let (place, mut settings) = secured(3).await;
    settings.client_certificates = ClientCertificates::Require;
    place.configure_as(settings.clone()).await.unwrap();
    let url = https(&settings);
    let refused = asks(&client(&authority(&place)), &url).await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let page = refused.text().await.unwrap();
    assert!(page.starts_with("403.7: this software update point serves clients"), "{page}");
    // Of another hierarchy, whose authority this one does not know.
    let why = below(&url, &authority(&place)).await.unwrap_err();
    assert!(why.contains("asks for one of other roots: have it trust"), "{why}");
    // Of this one.
    let mut own = ssl(&place);
    own.source = serde_json::from_value(json!({"type": "ParentSite", "url": url})).unwrap();
    let child = Place::new(json!({"type": "None"})).await;
    let directory = child.directory.path().join("certificates");
    fs::copy(authority(&place), directory.join("authority.crt")).unwrap();
    let key = place.directory.path().join("certificates/authority.pem");
    fs::copy(key, directory.join("authority.pem")).unwrap();
    child.point.close().await;
    let point = open(child.directory.path().to_owned()).await;
    own.ports.http = Port::new(port()).unwrap();
    point.configure("ams-sup".parse().unwrap(), own).await.unwrap();
    let outcome = point.synchronize(&crate::role::Reporter::silent()).await.unwrap();
    assert_eq!(new_revisions(&outcome), 3);
}

#[tokio::test]
async fn ssl_is_configured_before_the_role_is_there_and_beside_its_other_settings() {
    let place = Place::new(json!({"type": "None"})).await;
    place.point.remove().await.unwrap();
    let name: Name = "cen-sup".parse().unwrap();
    let mut wanted = ssl(&place);
    // Where there is no point yet nothing changes.
    let shown = place.point.configure_ssl(name.clone(), wanted.clone()).await.unwrap().unwrap();
    assert_eq!(shown.names, [ip().to_string()]);
    assert_eq!(place.point.state().await.unwrap(), None);
    let taken = TcpListener::bind((ip(), wanted.ports.https.get())).unwrap();
    let refused = place.point.configure_ssl(name.clone(), wanted.clone()).await.unwrap_err();
    assert!(with_causes(&refused).contains("in use"), "{refused}");
    let missing = place.point.configure_ssl(name.clone(), with_secret(wanted.clone())).await;
    assert!(with_causes(&missing.unwrap_err()).contains("secret `web` is not there"));
    drop(taken);
    let _ = write_secret(&place, &["other.example".to_owned()], |_| {});
    let other = place.point.configure_ssl(name.clone(), with_secret(wanted.clone())).await;
    let said = format!("is for other.example, and not for `{}`", ip());
    assert!(with_causes(&other.unwrap_err()).contains(&said));
    // Of one that is there only what SSL needs is taken.
    place.configure(json!({"type": "None"})).await.unwrap();
    wanted.languages = vec!["en".to_owned()];
    for _ in 0..2 {
        let shown = place.point.configure_ssl(name.clone(), wanted.clone()).await.unwrap();
        assert!(shown.is_some());
        let state = place.point.state().await.unwrap().unwrap();
        assert!(state.settings.ssl && state.settings.languages.is_empty());
        assert_eq!(asks(&Client::new(), &place.url()).await.unwrap().status(), 403);
    }
}

#[tokio::test]
async fn only_servers_on_the_list_synchronize() {
    let place = Place::with_updates(2).await;
    let mut listed = settings(place.port, &json!({"type": "None"}));
    listed.downstream_servers = Some(vec!["cen-sup".to_owned()]);
    place.configure_as(listed.clone()).await.unwrap();
    // Points of the fixture call themselves so.
    let child = Place::below(&place.url()).await;
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 2);
    let guid = child.point.catalog().account_guid().unwrap();
    listed.downstream_servers = Some(vec!["ams-sup".to_owned()]);
    place.configure_as(listed.clone()).await.unwrap();
    let why = with_causes(&child.synchronize().await.unwrap_err());
    let said = format!("does not let `cen-sup` with GUID {guid} synchronize");
    assert!(why.contains(&place.url()) && why.contains(&said), "{why}");
    listed.downstream_servers = Some(vec![guid.to_string().to_uppercase()]);
    place.configure_as(listed).await.unwrap();
    child.synchronize().await.unwrap();
}

#[tokio::test]
async fn versions_before_tls_1_2_are_refused() {
    let (_place, settings) = secured(1).await;
    let answer = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect((ip(), settings.ports.https.get())).unwrap();
        // A hello of TLS 1.1: two of its cipher suites, no compression, one kind of signature and one
        // group.
        let mut hello = vec![3, 2];
        hello.extend([7; 32]);
        hello.extend([0, 0, 4, 0xc0, 0x13, 0, 0x2f, 1, 0]);
        hello.extend([0, 16, 0, 13, 0, 4, 0, 2, 4, 3, 0, 10, 0, 4, 0, 2, 0, 29]);
        let length = u8::try_from(hello.len()).unwrap();
        let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
        record.extend(hello);
        stream.write_all(&record).unwrap();
        let mut answer = Vec::new();
        let _ends = stream.read_to_end(&mut answer);
        answer
    })
    .await
    .unwrap();
    // A fatal alert: protocol_version.
    assert_eq!((answer[0], &answer[5..7]), (21, &[2, 70][..]), "{answer:?}");
}
