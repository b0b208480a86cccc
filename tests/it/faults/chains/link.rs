//! A proxy between an update point and its upstream server: it sees what is asked for, and holds or
//! breaks connections on demand.

use std::{
    collections::BTreeMap,
    io::{self, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread,
    time::Duration,
};

use headwater::{
    model::UpdateIdentity,
    wire::{server_sync::GetUpdateData, soap::Operation},
};
use rusqlite::{Connection, OpenFlags};

use super::super::super::world::PATIENCE;
use super::super::proxy::{head, length, without};

/// Where in a call a moment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It was asked, and the server has not seen it yet.
    Asked,
    /// The server has answered, and nothing of it has come back.
    Answered,
    /// Half of the answer has come back.
    Half,
}

pub(super) struct Link(Arc<Shared>);

struct Shared {
    upstream: String,
    /// The catalog of the point that asks.
    catalog: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    calls: u64,
    /// The call, counted from the first one, and where in it.
    moment: Option<(u64, Phase)>,
    /// The moment has come, and what happens then is not over yet.
    holds: bool,
    is_cut: bool,
    /// Connections, by the call's client and server.
    open: BTreeMap<u64, Vec<TcpStream>>,
    connections: u64,
    /// Updates whose documents were asked for.
    asked: u64,
    /// Those among them that were stored already.
    twice: Vec<UpdateIdentity>,
    is_closed: bool,
}

impl Link {
    /// Listens at an address for what a server at another one is asked.
    pub(super) fn between(listens: &str, upstream: String, catalog: PathBuf) -> Self {
        let address: SocketAddr = listens.parse().unwrap();
        let listener = TcpListener::bind(address).unwrap();
        let (state, changed) = (Mutex::default(), Condvar::new());
        let shared = Arc::new(Shared { upstream, catalog, state, changed });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if accepting.state().is_closed {
                    break;
                }
                let shared = Arc::clone(&accepting);
                // A connection that breaks is what this is about.
                thread::spawn(move || drop(shared.serve(client)));
            }
        });
        Self(shared)
    }

    /// Stops at this call from now on, the first one being 1.
    pub(super) fn stop_at(&self, call: u64, phase: Phase) {
        let mut state = self.0.state();
        state.moment = Some((state.calls + call, phase));
    }

    /// Whether the moment has come that it was to stop at.
    pub(super) fn holds(&self) -> bool {
        self.0.state().holds
    }

    /// Goes on.
    pub(super) fn go_on(&self) {
        let mut state = self.0.state();
        state.moment = None;
        state.holds = false;
        self.0.changed.notify_all();
    }

    /// Breaks all connections, and lets none through.
    pub(super) fn cut(&self) {
        let mut state = self.0.state();
        state.is_cut = true;
        for stream in std::mem::take(&mut state.open).into_values().flatten() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Lets connections through again.
    pub(super) fn mend(&self) {
        self.0.state().is_cut = false;
    }

    /// How many documents were asked for, and which of them were stored already.
    pub(super) fn asked(&self) -> (u64, Vec<UpdateIdentity>) {
        let state = self.0.state();
        (state.asked, state.twice.clone())
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.0.state().is_closed = true;
        self.go_on();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Serves one call, which is all that a connection is good for.
    fn serve(&self, client: TcpStream) -> io::Result<()> {
        let number = {
            let mut state = self.state();
            state.connections += 1;
            state.connections
        };
        let served = self.pass_on(number, client);
        for stream in self.state().open.remove(&number).into_iter().flatten() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        served
    }

    fn pass_on(&self, number: u64, mut client: TcpStream) -> io::Result<()> {
        self.open(number, &client)?;
        let mut requests = BufReader::new(client.try_clone()?);
        let Some(head) = head(&mut requests)? else { return Ok(()) };
        let mut body = vec![0; usize::try_from(length(&head).unwrap_or(0)).unwrap()];
        requests.read_exact(&mut body)?;
        let call = self.note(&head, &body);
        self.stop(call, Phase::Asked);
        let mut server = TcpStream::connect(&self.upstream)?;
        self.open(number, &server)?;
        let head = without(&head, "connection");
        server.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
        server.write_all(&body)?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer)?;
        self.stop(call, Phase::Answered);
        let (first, second) = answer.split_at(answer.len() / 2);
        client.write_all(first)?;
        self.stop(call, Phase::Half);
        client.write_all(second)
    }

    fn open(&self, number: u64, stream: &TcpStream) -> io::Result<()> {
        let stream = stream.try_clone()?;
        let mut state = self.state();
        if state.is_cut {
            stream.shutdown(Shutdown::Both)?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        state.open.entry(number).or_default().push(stream);
        Ok(())
    }

    /// Counts a call, and compares the documents that it asks for with what is stored.
    fn note(&self, head: &str, body: &[u8]) -> u64 {
        let asked = match GetUpdateData::decode_request(body) {
            Ok(request) if head.contains(GetUpdateData::ACTION) => request.update_ids,
            _ => Vec::new(),
        };
        let stored = stored(&self.catalog, &asked);
        let mut state = self.state();
        state.asked += asked.len() as u64;
        state.twice.extend(stored);
        state.calls += 1;
        state.calls
    }

    /// Stops here, if this is the moment, until it goes on.
    fn stop(&self, call: u64, phase: Phase) {
        let mut state = self.state();
        if state.moment == Some((call, phase)) {
            state.holds = true;
            let waited = self.changed.wait_timeout_while(state, PATIENCE, |it| it.holds).unwrap();
            assert!(!waited.1.timed_out(), "nobody lets the call go on");
        }
    }
}

/// Those of these revisions that a catalog holds at this moment, whoever writes to it.
fn stored(catalog: &Path, identities: &[UpdateIdentity]) -> Vec<UpdateIdentity> {
    if identities.is_empty() {
        return Vec::new();
    }
    let read = || -> rusqlite::Result<Vec<UpdateIdentity>> {
        let catalog = Connection::open_with_flags(catalog, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        catalog.busy_timeout(Duration::from_secs(10))?;
        let mut there = catalog.prepare(
            "SELECT 1 FROM identifier JOIN revision ON identifier = number
             WHERE update_id = ?1 AND revision = ?2",
        )?;
        let mut stored = Vec::new();
        for identity in identities {
            if there.exists(rusqlite::params![identity.update_id.as_bytes(), identity.revision])? {
                stored.push(*identity);
            }
        }
        Ok(stored)
    };
    // A process that comes up at this moment may have it for itself.
    for _ in 0..100 {
        if let Ok(stored) = read() {
            return stored;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("{} cannot be read", catalog.display());
}
