//! A proxy between a pull distribution point and its source that spoils the answers on demand.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

/// What goes wrong with the answers to everything but the list of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// The connection ends after so many bytes of a body.
    Cut(u64),
    /// Nothing comes any more after so many bytes of a body.
    Stall(u64),
    /// So many bytes every five milliseconds.
    Slow(usize),
    /// A bit in the middle of a body is another one.
    WrongByte,
    /// The head promises so many bytes more, or fewer, than come.
    WrongLength(i64),
    /// Another answer altogether, with these headers.
    Status(u16, &'static str),
    /// The head breaks off in the middle.
    TruncatedHead,
    /// A body without a length goes on for ever.
    Endless,
}

/// How much is sent at once, and counted.
const BLOCK: usize = 64 << 10;

/// Where an endless body ends, should the puller take all of it: so much is never right.
const MUCH: u64 = 1 << 30;

pub(crate) struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    source: String,
    fault: Mutex<Fault>,
    /// How long a block takes.
    pace: Duration,
    /// Bytes of bodies that were sent on, lists of files apart.
    served: AtomicU64,
    /// Answers that are being sent.
    under_way: AtomicUsize,
    closed: AtomicBool,
}

impl Proxy {
    pub(crate) fn before(source: &str, pace: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            source: source.to_owned(),
            fault: Mutex::new(Fault::None),
            pace,
            served: AtomicU64::new(0),
            under_way: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if accepting.closed.load(Ordering::SeqCst) {
                    break;
                }
                let shared = Arc::clone(&accepting);
                // A connection that breaks is what this is about.
                thread::spawn(move || drop(shared.serve(client)));
            }
        });
        Self { address, shared }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn set(&self, fault: Fault) {
        *self.shared.fault.lock().unwrap() = fault;
    }

    pub(crate) fn served(&self) -> u64 {
        self.shared.served.load(Ordering::SeqCst)
    }

    pub(crate) fn under_way(&self) -> usize {
        self.shared.under_way.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(self.address);
    }
}

/// An answer that is being sent.
struct UnderWay<'a>(&'a AtomicUsize);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    /// Serves a connection until it ends.
    fn serve(&self, client: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        let mut requests = BufReader::new(client.try_clone()?);
        let mut client = client;
        while let Some(head) = head(&mut requests)? {
            let mut body = vec![0; usize::try_from(length(&head).unwrap_or(0)).unwrap()];
            requests.read_exact(&mut body)?;
            if !self.answer(&head, &body, &mut client)? {
                break;
            }
        }
        Ok(())
    }

    /// Answers a request; whether the connection can be used for another one.
    fn answer(&self, request: &str, body: &[u8], client: &mut TcpStream) -> io::Result<bool> {
        let target = request.split(' ').nth(1).unwrap_or_default();
        let is_list = target.starts_with("/packages/");
        let fault = if is_list { Fault::None } else { *self.fault.lock().unwrap() };
        if let Fault::Status(status, headers) = fault {
            let answer = format!("HTTP/1.1 {status} No\r\nContent-Length: 3\r\n{headers}\r\nno\n");
            client.write_all(answer.as_bytes())?;
            return Ok(true);
        }
        let mut source = TcpStream::connect(&self.source)?;
        let request = without(request, "connection");
        source.write_all(format!("{request}Connection: close\r\n\r\n").as_bytes())?;
        source.write_all(body)?;
        let mut answers = BufReader::with_capacity(BLOCK, source);
        let Some(head) = head(&mut answers)? else { return Ok(false) };
        let length = length(&head);
        let mut sent = without(&head, "connection");
        match fault {
            Fault::TruncatedHead => {
                client.write_all(&sent.as_bytes()[..sent.len() / 2])?;
                return Ok(false);
            }
            Fault::WrongLength(by) => {
                let wrong = length.unwrap_or(0).saturating_add_signed(by);
                sent = format!("{}Content-Length: {wrong}\r\n", without(&sent, "content-length"));
            }
            Fault::Endless => {
                let head = without(&sent, "content-length");
                sent = format!("{head}Transfer-Encoding: chunked\r\n");
            }
            _ => {}
        }
        client.write_all(format!("{sent}\r\n").as_bytes())?;
        self.under_way.fetch_add(1, Ordering::SeqCst);
        let _under_way = UnderWay(&self.under_way);
        if fault == Fault::Endless {
            return self.endless(client);
        }
        let all = self.copy(&mut answers, client, fault, length.unwrap_or(0), is_list)?;
        Ok(all && length.is_some() && !matches!(fault, Fault::WrongLength(_)))
    }

    /// Sends a body on; whether all of it was sent.
    fn copy(
        &self,
        from: &mut impl Read,
        client: &mut TcpStream,
        fault: Fault,
        length: u64,
        is_list: bool,
    ) -> io::Result<bool> {
        let mut sent = 0_u64;
        let mut block = vec![0; if let Fault::Slow(bytes) = fault { bytes } else { BLOCK }];
        loop {
            let mut most = block.len() as u64;
            if let Fault::Cut(after) | Fault::Stall(after) = fault {
                if sent >= after && length > after {
                    while matches!(fault, Fault::Stall(_)) && self.still(fault) {
                        thread::sleep(Duration::from_millis(20));
                    }
                    return Ok(false);
                }
                most = most.min((after - sent.min(after)).max(1));
            }
            let read = from.read(&mut block[..usize::try_from(most).unwrap()])?;
            if read == 0 {
                return Ok(sent == length);
            }
            let middle = length / 2;
            if fault == Fault::WrongByte && (sent..sent + read as u64).contains(&middle) {
                block[usize::try_from(middle - sent).unwrap()] ^= 0x10;
            }
            thread::sleep(if is_list { Duration::ZERO } else { self.pace });
            client.write_all(&block[..read])?;
            sent += read as u64;
            if !is_list {
                self.served.fetch_add(read as u64, Ordering::SeqCst);
            }
            if matches!(fault, Fault::Slow(_)) {
                thread::sleep(Duration::from_millis(5));
            }
        }
    }

    fn endless(&self, client: &mut TcpStream) -> io::Result<bool> {
        let chunk = [b"10000\r\n".as_slice(), &vec![0x5a; BLOCK], b"\r\n"].concat();
        let mut sent = 0;
        while sent < MUCH && self.still(Fault::Endless) {
            client.write_all(&chunk)?;
            sent += BLOCK as u64;
        }
        Ok(false)
    }

    /// Whether this is what goes wrong still.
    fn still(&self, fault: Fault) -> bool {
        !self.closed.load(Ordering::SeqCst) && *self.fault.lock().unwrap() == fault
    }
}

/// The lines of a head, each with its end, without the empty line; `None` if the connection ended.
pub(crate) fn head(from: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        if from.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if line == "\r\n" {
            return Ok(Some(head));
        }
        head.push_str(&line);
    }
}

fn named(line: &str, name: &str) -> bool {
    line.split_once(':').is_some_and(|(it, _)| it.eq_ignore_ascii_case(name))
}

pub(crate) fn length(head: &str) -> Option<u64> {
    let line = head.lines().find(|line| named(line, "content-length"))?;
    line.split_once(':')?.1.trim().parse().ok()
}

pub(crate) fn without(head: &str, name: &str) -> String {
    head.split_inclusive("\r\n").filter(|line| !named(line, name)).collect()
}
