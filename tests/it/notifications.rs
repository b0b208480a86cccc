//! What notifications tell, to real receivers: over HTTP, to a host of code, and by mail.

use std::{fs, net::TcpListener, path::Path, time::Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    gitops::repository::{Repository, controller, until},
    receivers::{MailServer, Posted, WebReceiver},
    running::Running,
    world::{PATIENCE, World, digest},
};

const ALL: &str = "[ManifestsInForce, ManifestsRefused, SourceUnreachable, Converged, Failed, \
                   Drift, Waiting, SiteSystemUnreachable]";

/// Writes the notifications of a repository.
fn notify(repository: &Repository, documents: &[(&str, String)]) {
    write(&repository.directory.join("hierarchy"), documents);
}

/// Writes notifications beside other manifests.
fn write(directory: &Path, documents: &[(&str, String)]) {
    let documents = documents.iter().map(|(name, spec)| {
        format!(
            "apiVersion: headwater.dev/v1alpha1\nkind: Notification\nmetadata: {{name: {name}}}\n\
             spec:\n{spec}\n"
        )
    });
    let text = documents.collect::<Vec<_>>().join("---\n");
    fs::write(directory.join("notifications.yaml"), text).unwrap();
}

fn webhook(receiver: &WebReceiver, path: &str) -> String {
    let url = format!("http://{}{path}", receiver.address);
    format!("  to: {{webhook: {{url: '{url}', secretFile: hook/key}}}}\n  on: {ALL}\n  after: 0s")
}

/// Puts a secret where notifications find it.
fn secret(world: &World, name: &str, text: &str) {
    let path = world.data().join("secrets/notifications").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("{text}\n")).unwrap();
}

/// HMAC-SHA256 (RFC 2104) by another way than the program's own.
fn hmac(key: &str, text: &str) -> String {
    let padded = |pad: u8| {
        let mut block = [pad; 64];
        for (byte, key) in block.iter_mut().zip(key.bytes()) {
            *byte ^= key;
        }
        block.to_vec()
    };
    let inner = digest(&[padded(0x36), text.as_bytes().to_vec()].concat());
    digest(&[padded(0x5c), hex::decode(inner).unwrap()].concat())
}

fn states(posted: &[Posted]) -> Vec<(String, String)> {
    let statuses = posted.iter().filter(|it| it.path.contains("/statuses/"));
    let state = |it: &Posted| it.json()["state"].as_str().unwrap().to_owned();
    let commit = |it: &Posted| it.path.rsplit('/').next().unwrap().to_owned();
    statuses.map(|it| (commit(it), state(it))).collect()
}

/// Waits for the status of a commit.
#[track_caller]
fn until_status(receiver: &WebReceiver, commit: &str, state: &str) -> Posted {
    let path = format!("/api/v1/repos/contoso/updates/statuses/{commit}");
    receiver.until(|it| it.path == path && it.json()["state"] == state)
}

fn notifications(world: &World) -> Value {
    world.status()["notifications"].clone()
}

/// Waits until nothing is to be delivered any more, and that is written down.
#[track_caller]
fn until_delivered(world: &World) {
    let begun = Instant::now();
    let waits = |it: &Value| it["waiting"] != 0;
    while notifications(world).as_array().unwrap().iter().any(waits) {
        assert!(begun.elapsed() < PATIENCE, "{}", notifications(world));
    }
}

#[test]
fn commits_are_told_once_and_their_status_is_set() {
    let world = World::converged("minimal");
    let repository = Repository::of(&world);
    let (hook, chat, host) = (WebReceiver::start(), WebReceiver::start(), WebReceiver::start());
    secret(&world, "hook/key", "a key");
    secret(&world, "chat/url", &format!("http://{}/services/a/secret", chat.address));
    secret(&world, "host/token", "a-token");
    let before = world.plan()["manifestDigest"].clone();
    let documents = |path: &str| {
        let status = format!(
            "  to: {{commitStatus: {{provider: Gitea, url: 'http://{}/api/v1', \
             repository: contoso/updates, tokenFile: host/token}}}}",
            host.address
        );
        let chat = "  to: {slack: {urlFile: chat/url}}\n  minSeverity: Error".to_owned();
        [("chat", chat), ("hook", webhook(&hook, path)), ("status", status)]
    };
    notify(&repository, &documents("/hook"));
    let manifests = repository.directory.join("hierarchy/notifications.yaml");
    fs::copy(manifests, world.manifests().join("notifications.yaml")).unwrap();
    // What is told changes no site system: it is no part of a plan, nor of its digest.
    assert_eq!(world.plan()["manifestDigest"], before);
    let first = repository.commit(&[]);
    let running = controller(&world, &repository.source(), &[]);

    let told = hook.until_told("/hook", "ManifestsInForce", "Happened");
    assert_eq!(
        told.headers["x-headwater-signature"],
        format!("sha256={}", hmac("a key", &told.body))
    );
    assert_eq!(told.headers["content-type"], "application/json");
    let body = told.json();
    assert_eq!(body["formatVersion"], "1.0");
    assert_eq!(told.headers["x-headwater-delivery"], body["id"].as_str().unwrap());
    assert_eq!((&body["notification"], &body["commit"]), (&json!("hook"), &json!(first)));
    assert_eq!(body["source"], repository.source());
    hook.until_told("/hook", "Converged", "Happened");
    let status = until_status(&host, &first, "success");
    assert_eq!(status.headers["authorization"], "token a-token");
    assert_eq!(status.json()["context"], "headwater");

    repository.edit("type: Primary", "type: Primray");
    let broken = repository.commit(&[]);
    let refused = hook.until_told("/hook", "ManifestsRefused", "Begun");
    assert_eq!(refused.json()["severity"], "Error");
    assert!(refused.events()[0].2.contains("Primray"), "{refused:?}");
    let said = chat.until(|it| it.path == "/services/a/secret").json();
    assert!(said["text"].as_str().unwrap().contains(&broken[..12]), "{said}");
    until_status(&host, &broken, "failure");
    until_delivered(&world);

    // Nothing of it is told again, however it ended.
    running.kill();
    let mut running = controller(&world, &repository.source(), &[]);
    until(&mut running, &format!("commit {} is still in force", &first[..12]));
    until(&mut running, "Nothing to do");

    // Only what is told changes: so it does at once, and to the new place.
    repository.edit("type: Primray", "type: Primary");
    notify(&repository, &documents("/other"));
    let second = repository.commit(&[]);
    until(&mut running, &format!("commit {} is in force", &second[..12]));
    let over = hook.until(|it| {
        assert!(!it.body.contains("\"Begun\""), "it is told twice: {it:?}");
        it.path == "/other" && it.body.contains("\"Ended\"")
    });
    assert!(over.events()[0].2.contains("Primray"), "{over:?}");
    hook.until(|it| it.path == "/other" && it.body.contains(&second));
    until_status(&host, &second, "success");
    assert_eq!(states(&host.so_far()), []);
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
    assert_eq!(notifications(&world)[1]["waiting"], 0);
    let said = chat.until(|it| it.body.contains("is over"));
    assert_eq!(said.path, "/services/a/secret");
    let remembered = fs::read_to_string(world.data().join("notifications.json")).unwrap();
    assert!(!remembered.contains("a-token") && !remembered.contains("/services/a/secret"));
}

/// Reads on until a line has a text in it.
#[track_caller]
fn until_said(running: &mut Running, text: &str) {
    assert!(running.until(|line| line.contains(text)), "{text}: {:?}", running.said);
}

#[test]
fn a_receiver_that_is_down_holds_nothing_up_and_is_told_later() {
    let world = World::converged("minimal");
    let repository = Repository::of(&world);
    let (down, up) = (WebReceiver::start(), WebReceiver::start());
    secret(&world, "hook/key", "a key");
    down.answer(503);
    notify(&repository, &[("down", webhook(&down, "/")), ("up", webhook(&up, "/"))]);
    repository.commit(&[]);
    let mut running = controller(&world, &repository.source(), &["--mode", "observe"]);
    up.until_told("/", "Converged", "Happened");
    until_said(&mut running, "it is answered with HTTP status 503");
    let told = notifications(&world);
    assert_eq!(told[1]["trouble"], Value::Null);
    assert!(told[0]["waiting"].as_u64().unwrap() >= 1, "{told}");
    let why = told[0]["trouble"]["why"].as_str().unwrap();
    assert_eq!(why, "it is answered with HTTP status 503");
    let text = world.run(&["status"]).expect(0).stdout;
    assert!(text.contains("Notification down: nothing delivered yet; "), "{text}");

    // What is not as the manifests say is told as long as it is so.
    repository.edit("http: 8080", "http: 8090");
    repository.commit(&[]);
    let drift = up.until_told("/", "Drift", "Begun");
    let events = drift.json()["events"].clone();
    let event = events.as_array().unwrap().iter().find(|it| it["event"] == "Drift").unwrap();
    assert_eq!(event["site"], "ONE");
    repository.edit("http: 8090", "http: 8080");
    repository.commit(&[]);
    up.until_told("/", "Drift", "Ended");

    // The first message again, as the same one, and all others after it.
    let first = down.until(|_| true);
    down.answer(200);
    let again = down.until(|it| it.body == first.body);
    assert_eq!(again.headers["x-headwater-delivery"], first.headers["x-headwater-delivery"]);
    down.until_told("/", "Drift", "Begun");
    down.until_told("/", "Drift", "Ended");
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
    let told = notifications(&world);
    assert_eq!((&told[0]["waiting"], &told[0]["lost"]), (&json!(0), &json!(0)), "{told}");
}

#[test]
fn people_are_told_by_mail_over_tls_and_the_password_stays_a_secret() {
    let world = World::converged("minimal");
    let repository = Repository::of(&world);
    let server = MailServer::start();
    secret(&world, "mail/user", "headwater");
    secret(&world, "mail/password", "very secret");
    notify(
        &repository,
        &[(
            "people",
            format!(
                "  to:\n    email:\n      server: localhost\n      port: {}\n      from: \
                 headwater@contoso.example\n      to: [gone@contoso.example, ada@contoso.example]\n      \
                 userFile: mail/user\n      passwordFile: mail/password\n  on: [Converged]",
                server.port
            ),
        )],
    );
    repository.commit(&[]);
    // Nobody is told by a server that is not believed.
    let mut running = controller(&world, &repository.source(), &[]);
    until_said(&mut running, "a message is not delivered yet");
    let why = notifications(&world)[0]["trouble"]["why"].as_str().unwrap().to_owned();
    assert!(why.contains("its certificate is refused: it does not lead to a root"), "{why}");
    running.kill();
    fs::write(world.data().join("certificates/trusted.pem"), &server.root).unwrap();
    let running = controller(&world, &repository.source(), &[]);
    let mail = server.next();
    let login = STANDARD.encode("\0headwater\0very secret");
    assert_eq!(
        mail.said,
        [
            "EHLO [127.0.0.1]",
            &format!("AUTH PLAIN {login}"),
            "MAIL FROM:<headwater@contoso.example>",
            "RCPT TO:<gone@contoso.example>",
            "RCPT TO:<ada@contoso.example>",
            "DATA",
        ]
    );
    let (head, body) = mail.message.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("\r\nTo: gone@contoso.example,\r\n ada@contoso.example\r\n"), "{head}");
    let subject = head.split_once("\r\nSubject: =?utf-8?B?").unwrap().1.split_once("?=").unwrap().0;
    let subject = String::from_utf8(STANDARD.decode(subject).unwrap()).unwrap();
    assert_eq!(subject, "[Headwater] Info: Converged");
    let body = STANDARD.decode(body.replace("\r\n", "")).unwrap();
    let body = String::from_utf8(body).unwrap();
    assert!(body.starts_with("Info: Converged: the hierarchy is as commit "), "{body}");
    assert!(body.contains(&repository.source()), "{body}");
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
    let said = said.join("\n");
    assert!(!said.contains("very secret") && !said.contains(&login), "{said}");
    let remembered = fs::read_to_string(world.data().join("notifications.json")).unwrap();
    assert!(!remembered.contains("very secret") && !remembered.contains(&login));
}

#[test]
fn what_fails_is_told_once_and_when_it_is_over() {
    let world = World::converged("minimal");
    let repository = Repository::of(&world);
    let (hook, host) = (WebReceiver::start(), WebReceiver::start());
    secret(&world, "hook/key", "a key");
    secret(&world, "host/token", "a-token");
    let status = format!(
        "  to: {{commitStatus: {{provider: GitLab, url: 'http://{}/api/v4', repository: \
         contoso/updates, tokenFile: host/token, context: production}}}}",
        host.address
    );
    notify(&repository, &[("hook", webhook(&hook, "/")), ("status", status)]);
    let address = world.listener("content");
    let (ip, _) = address.rsplit_once(':').unwrap();
    let taken = TcpListener::bind(format!("{ip}:8090")).unwrap();
    repository.edit("http: 8080", "http: 8090");
    let commit = repository.commit(&[]);
    let running = controller(&world, &repository.source(), &[]);
    let told = hook.until_told("/", "Failed", "Begun");
    let events = told.json()["events"].clone();
    let failed = events.as_array().unwrap().iter().find(|it| it["event"] == "Failed").unwrap();
    assert_eq!((&failed["site"], &failed["severity"]), (&json!("ONE"), &json!("Error")));
    assert!(failed["text"].as_str().unwrap().contains("is in use by another program"), "{failed}");
    let path = format!("/api/v4/projects/contoso%2Fupdates/statuses/{commit}");
    let posted = host.until(|it| it.path == path && it.json()["state"] == "failed");
    assert_eq!(
        (posted.headers["private-token"].as_str(), &posted.json()["name"]),
        ("a-token", &json!("production"))
    );
    drop(taken);
    let over = hook.until(|it| {
        assert!(!it.events().iter().any(|(kind, state, _)| kind == "Failed" && state == "Begun"));
        it.events().iter().any(|(kind, state, _)| kind == "Failed" && state == "Ended")
    });
    assert!(over.body.contains("Converged"), "{over:?}");
    host.until(|it| it.path == path && it.json()["state"] == "success");
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
}

#[test]
fn manifests_of_a_directory_are_told_too() {
    let world = World::converged("minimal");
    let hook = WebReceiver::start();
    secret(&world, "hook/key", "a key");
    let manifests = world.manifests();
    write(&manifests, &[("hook", webhook(&hook, "/"))]);
    let running = controller(&world, manifests.to_str().unwrap(), &[]);
    let told = hook.until_told("/", "Converged", "Happened");
    assert_eq!(told.json()["source"], manifests.to_str().unwrap());
    world.edit("headwater.yaml", "type: Primary", "type: Primray");
    hook.until_told("/", "ManifestsRefused", "Begun");
    world.edit("headwater.yaml", "type: Primray", "type: Primary");
    hook.until_told("/", "ManifestsRefused", "Ended");
    let away = world.path("away");
    fs::rename(&manifests, &away).unwrap();
    hook.until_told("/", "SourceUnreachable", "Begun");
    fs::rename(&away, &manifests).unwrap();
    hook.until_told("/", "SourceUnreachable", "Ended");
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
}
