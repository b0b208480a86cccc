//! A repository on a server that is reached over TLS, asks who one is, and goes away.

use std::{ffi::OsStr, fs, path::Path, sync::atomic::Ordering};

use super::{
    https_server::{Authority, HOST, HttpsServer, Proxy, USER},
    repository::{Repository, controller, manifests, port, until, until_done, until_nothing_to_do},
};
use crate::world::World;

/// A repository, and a bare one that it pushes to, which the server serves.
fn served(world: &World) -> Repository {
    let repository = Repository::of(world);
    repository.git(&["clone", "--quiet", "--bare", ".", "../served/updates.git"]);
    repository.git(&["-C", "../served/updates.git", "config", "http.receivepack", "true"]);
    repository
}

fn push(repository: &Repository, server: &HttpsServer, authority: &Authority, more: &[&str]) {
    let url = format!("https://{USER}@localhost:{}/updates.git", server.port);
    let environment = [("GIT_SSL_CAINFO", authority.file.as_os_str())];
    let push = ["push", "--quiet", &url, "main"];
    repository.git_with(&environment, &[&push[..], more].concat());
}

fn source(port: u16) -> String {
    format!("git+https://localhost:{port}/updates.git#main:hierarchy")
}

fn file(world: &World, name: &str, text: &str) -> String {
    let path = world.path(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn what_is_pushed_is_brought_about_and_what_is_broken_is_refused() {
    let world = World::converged("minimal");
    let repository = served(&world);
    let authority = Authority::at(world.path("authority.pem"));
    let root = world.path("served");
    let server = HttpsServer::of(&root, &authority, 0);
    let credentials = format!("https://{USER}@localhost:{}\n", server.port);
    let credentials = file(&world, "credentials", &credentials);
    let ca = authority.file.to_str().unwrap();
    let options = ["--git-credentials", &credentials, "--git-ca", ca];
    let source = source(server.port);
    let mut running = controller(&world, &source, &options);
    until_nothing_to_do(&mut running, &repository.head());

    repository.edit("http: 8080", "http: 8090");
    let good = repository.commit(&[]);
    push(&repository, &server, &authority, &[]);
    until_done(&mut running, &good);
    assert_eq!(port(&world), "8090");

    repository.edit("type: Primary", "type: Primray");
    let broken = repository.commit(&[]);
    push(&repository, &server, &authority, &[]);
    until(&mut running, &format!("commit {} is refused: the manifests are not", &broken[..12]));
    assert_eq!(manifests(&world)["commit"]["id"], good);

    // The network goes away, and what stood there is rewritten before it comes back.
    let at = server.port;
    drop(server);
    until(&mut running, "git could not fetch the commit: ");
    let told = manifests(&world);
    assert_eq!(told["commit"]["id"], good);
    assert!(told["unreachable"]["why"].as_str().unwrap().contains("localhost"), "{told}");
    let server = HttpsServer::of(&root, &authority, at);
    until(&mut running, &format!("{source} can be fetched again"));
    repository.edit("type: Primray", "type: Primary");
    repository.edit("http: 8090", "http: 8100");
    let other = repository.commit(&["--amend"]);
    push(&repository, &server, &authority, &["--force"]);
    until_done(&mut running, &other);
    assert_eq!(port(&world), "8100");
    assert!(server.turned_away.load(Ordering::SeqCst) > 0, "it has asked who that is");
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
    no_secret_in(&said.join("\n"), &world);
}

#[test]
fn who_is_not_known_and_who_knows_no_authority_is_told_so() {
    let world = World::of("minimal");
    let repository = served(&world);
    let authority = Authority::at(world.path("authority.pem"));
    let server = HttpsServer::of(&world.path("served"), &authority, 0);
    let ca = authority.file.to_str().unwrap();
    let host = format!("localhost:{}", server.port);
    let wrong = format!("https://ada:wr0ng@{host}\n");
    let wrong = file(&world, "wrong", &wrong);
    let right = file(&world, "right", &format!("https://{USER}@{host}\n"));
    let other = Authority::at(world.path("other.pem"));
    let follow = |options: &[&str]| {
        let observe = [options, &["--mode", "observe"]].concat();
        controller(&world, &source(server.port), &observe)
    };
    for (options, why) in [
        (vec!["--git-credentials", &*right], "certificate"),
        (
            vec!["--git-credentials", &right, "--git-ca", other.file.to_str().unwrap()],
            "certificate",
        ),
        (vec!["--git-ca", ca], "could not read Username"),
        (vec!["--git-ca", ca, "--git-credentials", &wrong], "Authentication failed"),
    ] {
        let mut running = follow(&options);
        let told = |line: &str| line.starts_with("git could not fetch") && line.contains(why);
        assert!(running.until(told), "{why}: {:?}", running.said);
        let (code, said) = running.terminate();
        assert_eq!(code, 0, "{said:?}");
        no_secret_in(&said.join("\n"), &world);
    }
    // What the server has refused is still in the file.
    assert!(fs::read_to_string(&wrong).unwrap().contains("wr0ng"));
    let mut running = follow(&["--git-ca", ca, "--git-credentials", &right]);
    until(&mut running, &format!("commit {} is in force", &repository.head()[..12]));
}

#[test]
fn a_proxy_that_asks_who_one_is_is_on_the_way() {
    let world = World::of("minimal");
    let repository = served(&world);
    let authority = Authority::at(world.path("authority.pem"));
    let server = HttpsServer::of(&world.path("served"), &authority, 0);
    let proxy = Proxy::before(server.port);
    let ca = authority.file.to_str().unwrap();
    let lines = format!("https://{USER}@{HOST}\nhttp://bob:pr0xy@{}\n", proxy.address);
    let credentials = file(&world, "credentials", &lines);
    // A name that only the proxy knows.
    let source = format!("git+https://{HOST}/updates.git#main:hierarchy");
    let url = format!("http://bob@{}", proxy.address);
    let options = ["--git-ca", ca, "--git-credentials", &credentials, "--git-proxy", &url];
    let options = [&options[..], &["--mode", "observe"]].concat();
    let mut running = controller(&world, &source, &options);
    until(&mut running, &format!("commit {} is in force", &repository.head()[..12]));
    assert!(proxy.let_through.load(Ordering::SeqCst) > 0);
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
    no_secret_in(&said.join("\n"), &world);
    // Without its name nobody gets through.
    let url = format!("http://{}", proxy.address);
    let options = ["--git-ca", ca, "--git-proxy", &url, "--mode", "observe"];
    let mut running = controller(&world, &source, &options);
    let told = |line: &str| line.starts_with("git could not fetch") && line.contains("407");
    assert!(running.until(told), "{:?}", running.said);
}

/// Neither what it has said nor what it has left in its directory holds a password.
#[track_caller]
fn no_secret_in(said: &str, world: &World) {
    let secrets = ["s3cret", "wr0ng", "pr0xy"];
    for secret in secrets {
        assert!(!said.contains(secret), "{said}");
    }
    let sources = world.data().join("sources");
    crate::world::walk(&sources, &mut |path: &Path| {
        // Packs are compressed; those who have the repository have them.
        let bytes = fs::read(path).unwrap();
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|it| it == secret.as_bytes());
            assert!(!found, "{}", path.display());
        }
        assert_ne!(path.file_name(), Some(OsStr::new(".git-credentials")));
    });
}
