//! Tests of computers, and of Headwater's own ports and connections on them.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{
            AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
    time::Duration,
};

use axum::{Router, routing::get};
use headwater::{
    blocking::{Interrupted, blocking},
    net::{OpenPort, Stream, names},
    world::here,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime::Builder,
    task::LocalSet,
    time::{sleep, timeout},
};

use super::{Computer, Machine, Step};
use crate::network::{Crash, Links, Network};

const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));
const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));
const LONG: Duration = Duration::from_hours(1);

/// What a computer tells its machine.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Said>>>);

#[derive(Debug, Clone, PartialEq)]
enum Said {
    Enter(i64, bool),
    Leave,
    Synced(PathBuf),
    Crash(Crash),
}

impl Told {
    fn note(&self, said: Said) {
        self.0.lock().unwrap().push(said);
    }
}

impl Machine for Told {
    fn enter(&self, step: Step) {
        self.note(Said::Enter(step.clock_offset, step.over));
    }

    fn leave(&self) {
        self.note(Said::Leave);
    }

    fn synced_below(&self, directory: &Path) {
        self.note(Said::Synced(directory.to_owned()));
    }

    fn crash(&self, how: Crash) {
        self.note(Said::Crash(how));
    }
}

fn computers(network: &Network) -> [Computer; 2] {
    [("a.example", A), ("b.example", B)].map(|(name, ip)| {
        let directory = PathBuf::from("/data").join(name);
        Computer::new(network, name, ip, directory, Told::default())
    })
}

/// A program that serves a greeting until it is killed.
async fn serves() {
    let router = Router::new().route("/", get(|| async { "good morning" }));
    let port = OpenPort::open(IpAddr::from([0; 4]), 80, router).await.unwrap();
    std::future::pending::<()>().await;
    drop(port);
}

/// Asks for it.
async fn asked() -> io::Result<String> {
    let mut stream = Stream::connect(&names::lookup("b.example", 80).await?).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: b.example\r\nConnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.split("\r\n\r\n").nth(1).unwrap_or_default().to_owned())
}

/// A runtime of its own, as programs need it.
fn in_virtual_time<T>(run: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    LocalSet::new().block_on(&runtime, run)
}

#[test]
fn a_port_of_headwater_answers_another_computer() {
    in_virtual_time(async {
        let network = Network::new(1);
        let [a, b] = computers(&network);
        let serving = b.start(serves());
        let answer = a.start(asked()).await.unwrap();
        assert_eq!(answer.unwrap().unwrap(), "good morning");
        assert!(!a.is_running() && b.is_running());

        b.kill(Crash::Program).await;
        assert_eq!(serving.await.unwrap(), None);
        let refused = a.start(asked()).await.unwrap().unwrap();
        assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        let _serving = b.start(serves());
        assert_eq!(a.start(asked()).await.unwrap().unwrap().unwrap(), "good morning");
    });
}

#[test]
fn the_same_seed_plays_the_same() {
    let play = |seed| {
        in_virtual_time(async {
            let network = Network::new(seed);
            let [a, b] = computers(&network);
            let mut serving = b.start(serves());
            for round in 0..5 {
                let answered = a.start(timeout(LONG, asked()));
                sleep(Duration::from_millis(round * 10)).await;
                b.kill(if round % 2 == 0 { Crash::Program } else { Crash::Power }).await;
                let _heard = answered.await.unwrap();
                serving = b.start(serves());
            }
            serving.abort();
            (network.digest(), network.last_events())
        })
    };
    for seed in 0..10 {
        let (first, again) = (play(seed), play(seed));
        assert_eq!(first, again, "{}\n{}", first.1, again.1);
        assert_ne!(first.0, play(seed + 1).0);
    }
}

#[test]
fn time_limits_end_in_virtual_time_where_a_link_is_cut() {
    in_virtual_time(async {
        let network = Network::new(2);
        let [a, b] = computers(&network);
        let _serving = b.start(serves());
        network.cut(Links::From(b.ip(), a.ip()));
        let began = tokio::time::Instant::now();
        let answer = a.start(timeout(LONG, asked())).await.unwrap();
        assert!(answer.unwrap().is_err());
        assert_eq!(began.elapsed(), LONG);
        network.mend(Links::All);
        assert_eq!(a.start(asked()).await.unwrap().unwrap().unwrap(), "good morning");
    });
}

#[test]
fn a_program_is_killed_after_any_of_its_steps_and_does_nothing_any_more() {
    let mut reached = Vec::new();
    for last in 1..1000 {
        let done = Arc::new(AtomicU64::new(0));
        let killed = in_virtual_time(async {
            let network = Network::new(3);
            let [a, b] = computers(&network);
            let _serving = b.start(serves());
            let count = Arc::clone(&done);
            let running = a.start(async move {
                // A task of its own, which outlives the one who started it but not the program.
                let other = Arc::clone(&count);
                tokio::spawn(here(async move {
                    loop {
                        sleep(Duration::from_millis(20)).await;
                        other.fetch_add(1, Relaxed);
                    }
                }));
                for _ in 0..3 {
                    asked().await.unwrap();
                    let written = Arc::clone(&count);
                    let work = move || Ok::<_, Interrupted>(written.fetch_add(1, Relaxed));
                    blocking(work).await.unwrap();
                }
            });
            a.kill_after_polls(last);
            let killed = running.await.unwrap().is_none();
            assert!(!killed || a.steps() == last, "{} of {last}", a.steps());
            let before = (done.load(SeqCst), network.digest());
            a.kill(Crash::Program).await;
            assert_eq!(a.tasks(), 0);
            sleep(LONG).await;
            // The peer may still say something: it is the one who was left.
            assert_eq!(done.load(SeqCst), before.0, "something went on");
            killed
        });
        if !killed {
            break;
        }
        reached.push(done.load(SeqCst));
    }
    // It was killed at every step until it was quick enough to come to its end.
    assert!((20..900).contains(&reached.len()), "{reached:?}");
    assert!(reached.is_sorted() && reached[0] == 0, "{reached:?}");
}

#[test]
fn a_machine_is_told_whose_steps_are_done() {
    in_virtual_time(async {
        let network = Network::new(4);
        let told = Told::default();
        let computer = Computer::new(&network, "a", A, "/data".into(), told.clone());
        assert_eq!((computer.name(), computer.directory()), ("a", PathBuf::from("/data")));
        computer.set_clock_offset(-5);
        let running = computer.start(std::future::pending::<()>());
        tokio::task::yield_now().await;
        computer.kill(Crash::Power).await;
        assert_eq!(running.await.unwrap(), None);
        let said = std::mem::take(&mut *told.0.lock().unwrap());
        let [step, last] = [false, true].map(|over| [Said::Enter(-5, over), Said::Leave]);
        let crash = said.iter().position(|it| *it == Said::Crash(Crash::Power)).unwrap();
        assert_eq!(said[..crash], step);
        assert!(!said[crash + 1..].is_empty(), "nothing was dropped");
        assert!(said[crash + 1..].chunks(2).all(|it| *it == last), "{said:?}");

        computer.set_directory(Path::new("/left"));
        assert_eq!(computer.directory(), PathBuf::from("/left"));
        assert!(headwater::world::current().is_none(), "a test lives in no world");
        let world =
            async { headwater::world::current().unwrap().synced_below(Path::new("/left/x")) };
        computer.start(world).await.unwrap().unwrap();
        assert!(told.0.lock().unwrap().contains(&Said::Synced("/left/x".into())));
    });
}

#[test]
fn what_is_killed_leaves_its_ports_and_names_nobody() {
    in_virtual_time(async {
        let network = Network::new(5);
        let [a, b] = computers(&network);
        let unknown = a.start(names::lookup("c.example", 80)).await.unwrap().unwrap();
        assert_eq!(unknown.unwrap_err().kind(), io::ErrorKind::NotFound);
        let found = a.start(names::lookup("b.example", 80)).await.unwrap().unwrap().unwrap();
        assert_eq!(found, [SocketAddr::new(b.ip(), 80)]);

        // The same port again and again: the one before is not there any more.
        for how in [Crash::Program, Crash::Power, Crash::Program] {
            let serving = b.start(serves());
            assert_eq!(a.start(asked()).await.unwrap().unwrap().unwrap(), "good morning");
            b.kill(how).await;
            assert_eq!(serving.await.unwrap(), None);
            let without = a.start(timeout(LONG, asked())).await.unwrap().unwrap();
            assert_eq!(without.is_err(), how == Crash::Power, "no answer at all without power");
        }
    });
}
