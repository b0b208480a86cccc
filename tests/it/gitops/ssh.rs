//! A repository on a server that is reached by ssh: the real `sshd`, one process for each connection.

use std::{
    fs,
    net::TcpListener,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use super::repository::{
    Repository, controller, manifests, port, ssh_key, until, until_done, until_nothing_to_do,
};
use crate::world::World;

/// A server for the user who runs the tests. While it is away, it closes each connection.
struct SshServer {
    port: u16,
    user: String,
    away: Arc<AtomicBool>,
    /// What each of its processes has said.
    said: Arc<Mutex<Vec<String>>>,
}

impl SshServer {
    /// One that lets in who has the key, and shows a key of its own.
    fn of(world: &World, client: &Path, host: &Path) -> Self {
        let output = Command::new("id").arg("-un").output().unwrap();
        let user = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        if user == "root" {
            // The package makes it at each start of the computer.
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let configuration = world.path("sshd_config");
        let lines = [
            format!("HostKey {}", host.display()),
            format!("AuthorizedKeysFile {}", client.with_extension("pub").display()),
            "AuthenticationMethods publickey".to_owned(),
            "PasswordAuthentication no".to_owned(),
            "KbdInteractiveAuthentication no".to_owned(),
            "PermitRootLogin yes".to_owned(),
            "UsePAM no".to_owned(),
            // The directory of the test is in one that others may write to.
            "StrictModes no".to_owned(),
            "PidFile none".to_owned(),
            "LogLevel VERBOSE".to_owned(),
        ];
        fs::write(&configuration, lines.join("\n") + "\n").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (away, said) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (is_away, all) = (Arc::clone(&away), Arc::clone(&said));
        let program = program();
        // It goes on until the test ends.
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                if is_away.load(Ordering::SeqCst) {
                    continue;
                }
                let mut command = Command::new(&program);
                command.args(["-i", "-e", "-f"]).arg(&configuration).stderr(Stdio::piped());
                command.stdin(OwnedFd::from(client.try_clone().unwrap()));
                command.stdout(OwnedFd::from(client));
                let child = command.spawn().unwrap();
                drop(command);
                let all = Arc::clone(&all);
                thread::spawn(move || {
                    let output = child.wait_with_output().unwrap();
                    all.lock().unwrap().push(String::from_utf8_lossy(&output.stderr).into_owned());
                });
            }
        });
        Self { port, user, away, said }
    }

    fn source(&self, repository: &Repository) -> String {
        let (user, port, path) = (&self.user, self.port, repository.directory.display());
        format!("git+ssh://{user}@127.0.0.1:{port}{path}#main:hierarchy")
    }

    /// The line of `known_hosts` that believes a key.
    fn known(&self, host: &Path) -> String {
        let key = fs::read_to_string(host.with_extension("pub")).unwrap();
        format!("[127.0.0.1]:{} {key}", self.port)
    }
}

/// It has to be called by its whole name, because it calls itself.
fn program() -> PathBuf {
    let path = std::env::var("PATH").unwrap() + ":/usr/local/sbin:/usr/sbin";
    let found = path.split(':').map(|it| Path::new(it).join("sshd")).find(|it| it.is_file());
    found.unwrap_or_else(|| {
        panic!("`sshd` is needed: `scripts/test` installs it (`openssh-server`)")
    })
}

#[test]
fn a_repository_is_followed_over_ssh() {
    let world = World::converged("minimal");
    let repository = Repository::of(&world);
    let (client, _) = ssh_key(&world, "client");
    let (host, _) = ssh_key(&world, "host");
    let server = SshServer::of(&world, &client, &host);
    let known = world.path("known_hosts");
    fs::write(&known, server.known(&host)).unwrap();
    let source = server.source(&repository);
    let key = client.to_str().unwrap();
    let options = ["--ssh-key", key, "--known-hosts", known.to_str().unwrap()];
    let mut running = controller(&world, &source, &options);
    until_nothing_to_do(&mut running, &repository.head());
    repository.edit("http: 8080", "http: 8090");
    let second = repository.commit(&[]);
    until_done(&mut running, &second);
    assert_eq!(port(&world), "8090");

    server.away.store(true, Ordering::SeqCst);
    until(&mut running, "git could not fetch the commit: ");
    assert_eq!(manifests(&world)["commit"]["id"], second);
    repository.edit("http: 8090", "http: 8100");
    let third = repository.commit(&["--amend"]);
    server.away.store(false, Ordering::SeqCst);
    until(&mut running, &format!("{source} can be fetched again"));
    until_done(&mut running, &third);
    assert_eq!(port(&world), "8100");
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
    let said = server.said.lock().unwrap().concat();
    assert!(said.contains("Accepted publickey for"), "{said}");
}

#[test]
fn neither_another_host_nor_another_client_passes() {
    let world = World::of("minimal");
    let repository = Repository::of(&world);
    let [(client, _), (host, _), (other, _)] =
        ["client", "host", "other"].map(|name| ssh_key(&world, name));
    let server = SshServer::of(&world, &client, &host);
    let path = |name: &str, text: String| {
        fs::write(world.path(name), text).unwrap();
        world.path(name).to_str().unwrap().to_owned()
    };
    let known = path("known", server.known(&host));
    let changed = path("changed", server.known(&other));
    let nobody = path("nobody", String::new());
    let (client, other) = (client.to_str().unwrap(), other.to_str().unwrap());
    for (key, hosts, why) in [
        (client, &changed, "HOST IDENTIFICATION HAS CHANGED"),
        (client, &nobody, "Host key verification failed"),
        (other, &known, "Permission denied (publickey)"),
    ] {
        let options = ["--ssh-key", key, "--known-hosts", hosts, "--mode", "observe"];
        let mut running = controller(&world, &server.source(&repository), &options);
        let told = |line: &str| line.starts_with("git could not fetch") && line.contains(why);
        assert!(running.until(told), "{why}: {:?}", running.said);
    }
    assert_eq!(fs::read_to_string(nobody).unwrap(), "", "nobody is believed for the first time");
}
