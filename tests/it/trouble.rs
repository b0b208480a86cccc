//! What goes wrong around it: a port in use, an upstream that is not there, a full disk. It says
//! so, and the next run heals.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use headwater::{
    content::{Library, LibraryError, Taking},
    model::Digest,
    net::Addresses,
};

use super::{
    converge::{exported, held},
    world::{World, revisions},
};

/// Where the site system of that address will listen in this world.
pub(super) fn loopback(world: &World, address: &str) -> String {
    let data = world.data().canonicalize().unwrap();
    let addresses = Addresses::embedded(Digest::of(data.as_os_str().as_encoded_bytes()));
    addresses.register(address).unwrap().unwrap().to_string()
}

#[test]
fn a_port_in_use_is_told_and_the_next_run_heals() {
    let world = World::of("minimal");
    let ip = loopback(&world, "server.contoso.example");
    // From the beginning, and when it has been open before.
    for port in [8530, 8080] {
        let address = format!("{ip}:{port}");
        let taken = TcpListener::bind(&address).unwrap();
        let ended = world.with_manifests("up --once").expect(1);
        let told = format!("{address} is in use by another program");
        assert!(ended.stderr.contains(&told), "{}", ended.stderr);
        assert!(ended.stdout.contains(&told), "{}", ended.stdout);
        let plan = world.plan();
        assert!(plan.to_string().contains("SoftwareUpdatePoint/updates") || port == 8080, "{plan}");
        drop(taken);
        world.with_manifests("up --once").expect(0);
    }
    assert_eq!(world.listener("updates"), format!("{ip}:8530"));
    assert_eq!(world.listener("content"), format!("{ip}:8080"));
}

/// Makes the point of the smallest example synchronize with an upstream server.
fn with_upstream(world: &World, url: &str) -> String {
    let path = world.manifests().join("headwater.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let begin = text.find("    type: Import\n").unwrap();
    let end = begin + text[begin..].find("---").unwrap();
    let before = text[begin..end].to_owned();
    let after = format!("    type: UpstreamServer\n    url: {url}\n");
    fs::write(path, text.replace(&before, &after)).unwrap();
    before
}

#[test]
fn an_upstream_that_is_not_there_is_told_and_the_next_run_heals() {
    let world = World::of("minimal");
    let url = "http://127.0.0.1:1";
    let source = with_upstream(&world, url);
    let ended = world.with_manifests("up --once").expect(1);
    let failed =
        ended.stderr.lines().find(|it| it.starts_with("failed   Synchronize:")).unwrap().to_owned();
    assert!(failed.contains(url), "{failed}");
    let messages = world.messages("server");
    let numbers: Vec<u16> =
        messages.iter().map(|it| it.0).filter(|it| (6701..=6706).contains(it)).collect();
    assert!(numbers.starts_with(&[6701, 6704, 6703]), "{messages:?}");
    assert!(!numbers.contains(&6702), "{messages:?}");
    let status = world.with_manifests("status").expect(0).stdout;
    assert!(status.contains("6703") && status.contains(url), "{status}");
    assert_eq!(revisions(&world.catalog("server")), 0);
    let wrong = format!("    type: UpstreamServer\n    url: {url}\n");
    world.edit("headwater.yaml", &wrong, &source);
    world.with_manifests("up --once").expect(0);
    assert_eq!(revisions(&world.catalog("server")), 4125);
}

/// Passes connections on to an address, and keeps what clients said.
fn proxy(to: String) -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(&to) else { continue };
            let (there, back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let heard = Arc::clone(&heard);
            thread::spawn(move || pass(client, there, Some(&heard)));
            thread::spawn(move || pass(server, back, None));
        }
    });
    (format!("http://{address}"), said)
}

fn pass(mut from: TcpStream, mut to: TcpStream, heard: Option<&Mutex<Vec<u8>>>) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length) = from.read(&mut buffer) {
        if length == 0 || to.write_all(&buffer[..length]).is_err() {
            break;
        }
        if let Some(heard) = heard {
            heard.lock().unwrap().extend_from_slice(&buffer[..length]);
        }
    }
    // The other direction ends as well; it may have ended already.
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}

/// The updates whose documents were asked for, each as often as it was.
fn asked_for(heard: &Mutex<Vec<u8>>) -> Vec<(String, i32)> {
    let text = String::from_utf8_lossy(&std::mem::take(&mut *heard.lock().unwrap())).into_owned();
    let between = |text: &str, name: &str| -> Option<String> {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        Some(rest.split_once('<')?.0.to_owned())
    };
    text.split("<UpdateIdentity>")
        .skip(1)
        .map(|identity| {
            let id = between(identity, "UpdateID").unwrap().replace('-', "").to_lowercase();
            (id, between(identity, "RevisionNumber").unwrap().parse().unwrap())
        })
        .collect()
}

/// Two hierarchies: the second one synchronizes from the first one, is killed on the way, and goes
/// on. What was asked for is read on the wire between them.
#[test]
fn what_is_stored_is_not_asked_for_again() {
    let upstream = World::converged("minimal");
    let manifests = upstream.manifests();
    let mut up = upstream.start(&["up", "--every", "1h", manifests.to_str().unwrap()], "warn");
    assert!(up.until(|line| line.starts_with("Nothing to do")));
    let (url, heard) = proxy(upstream.listener("updates"));

    let downstream = World::of("minimal");
    with_upstream(&downstream, &url);
    let manifests = downstream.manifests();
    let arguments = ["up", "--once", manifests.to_str().unwrap()];
    let mut run = downstream.start(&arguments, "headwater=trace");
    let mut progress = 0;
    assert!(run.until(|line| {
        progress += u32::from(line.contains("unit=Updates"));
        progress == 15
    }));
    run.kill();
    let before = asked_for(&heard);
    let stored: BTreeSet<_> = held(&downstream.catalog("server")).into_keys().collect();
    assert!(stored.len() > 500 && stored.len() < 4000, "{} are stored", stored.len());

    downstream.with_manifests("up --once").expect(0);
    let after = asked_for(&heard);
    let distinct: BTreeSet<_> = after.iter().cloned().collect();
    assert_eq!(distinct.len(), after.len(), "nothing is asked for twice");
    assert!(distinct.is_disjoint(&stored));
    assert_eq!(distinct.len() + stored.len(), 4125);
    assert!(stored.iter().all(|it| before.contains(it)));
    assert!(held(&downstream.catalog("server")) == exported());
    // Nothing new: one list, no document.
    downstream.with_manifests("up --once").expect(0);
    assert_eq!(asked_for(&heard), []);
    let (code, said) = up.terminate();
    assert_eq!(code, 0, "{said:?}");
}

/// A file system of its own, as small as it is told. Unmounted when it is dropped.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    /// `None` where mounting is not permitted.
    fn mount(at: std::path::PathBuf, size: &str) -> Option<Self> {
        let options = format!("size={size},nr_inodes=100000");
        mount(&["-t", "tmpfs", "-o", &options, "headwater-test"], &at).then(|| Self(at))
    }

    fn grow(&self, size: &str) {
        assert!(mount(&["-o", &format!("remount,size={size}")], &self.0));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn mount(arguments: &[&str], at: &std::path::Path) -> bool {
    let mut command = Command::new("mount");
    let status = command.args(arguments).arg(at).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[test]
fn on_a_full_disk_what_no_package_needs_makes_room() {
    let (home, world) = (tempfile::tempdir().unwrap(), World::of("minimal"));
    let Some(_disk) = SmallDisk::mount(world.data(), "24m") else {
        println!("skipped: this user may not mount a file system");
        return;
    };
    let library = Library::open(&world.data().join("library")).unwrap();
    fs::write(home.path().join("large"), vec![7; 14 << 20]).unwrap();
    let package = "CEN00001".parse().unwrap();
    let taking = Taking { package: &package, version: 1, origin: None, content: None };
    library.ingest_directory(home.path(), taking, &|_, _| {}).unwrap();
    let wanted = Digest::of(b"another file");
    let refused = library.incoming(wanted, 14 << 20).unwrap_err();
    assert!(matches!(refused, LibraryError::DiskFull { .. }), "{refused}");
    library.remove(&package).unwrap();
    let small = vec![7; 9 << 20];
    assert!(library.store(None, Digest::of(&small), &small).unwrap(), "it lies beside the other");
    library.settle().unwrap();
    library.check_room(&[(wanted, 14 << 20)].into()).unwrap();
    drop(library.incoming(wanted, 14 << 20).unwrap());
}

#[test]
fn a_full_disk_is_told_and_the_next_run_heals() {
    for size in ["1m", "12m"] {
        let world = World::of("minimal");
        let Some(disk) = SmallDisk::mount(world.data(), size) else {
            println!("skipped: this user may not mount a file system");
            return;
        };
        let ended = world.with_manifests("up --once").expect(1);
        println!("{size}: {}{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains("disk is full"), "{size}: {}", ended.stderr);
        disk.grow("200m");
        world.with_manifests("up --once").expect(0);
        assert_eq!(revisions(&world.catalog("server")), 4125);
        assert_eq!(world.plan()["actions"].as_array().unwrap().len(), 0);
    }
}

#[test]
fn update_services_that_could_not_be_opened_are_opened_once_they_can_be() {
    let world = World::of("minimal");
    let path = world.manifests().join("headwater.yaml");
    let whole = fs::read_to_string(&path).unwrap();
    world.remove_document("headwater.yaml", "SoftwareUpdatePoint", "updates");
    let manifests = world.manifests();
    let mut up = world.start(&["up", "--every", "1s", manifests.to_str().unwrap()], "warn");
    assert!(up.until(|line| line.ends_with("is as the manifests say.")));
    // What is in the way stands for any disk that is not ready just then.
    let in_the_way = world.site_system("server").join("update-services");
    fs::write(&in_the_way, "").unwrap();
    fs::write(&path, whole).unwrap();
    assert!(up.until(|line| line.starts_with("failed   InstallUpdateServices:SiteSystem/server")));
    fs::remove_file(&in_the_way).unwrap();
    // The same process, which has not opened them.
    assert!(up.until(|line| line.ends_with("is as the manifests say.")));
}
