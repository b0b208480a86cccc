//! Who is told by notifications: a web server that keeps what is posted to it, and a mail server.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde_json::Value;

use super::world::PATIENCE;

/// A request that was posted.
#[derive(Debug)]
pub(crate) struct Posted {
    pub(crate) path: String,
    /// By names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Posted {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// What each event of a webhook says: kind, state and text.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<(String, String, String)> {
        let body = self.json();
        let events = body["events"].as_array().unwrap().iter();
        let text = |event: &Value, field: &str| event[field].as_str().unwrap().to_owned();
        events.map(|it| (text(it, "event"), text(it, "state"), text(it, "text"))).collect()
    }
}

/// A web server that keeps what is posted to it.
pub(crate) struct WebReceiver {
    pub(crate) address: String,
    posted: Receiver<Posted>,
    /// What it answers.
    status: Arc<AtomicU16>,
}

impl WebReceiver {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, posted) = channel();
        let status = Arc::new(AtomicU16::new(200));
        let answer = Arc::clone(&status);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (sender, answer) = (sender.clone(), Arc::clone(&answer));
                thread::spawn(move || serve(connection, &sender, &answer));
            }
        });
        Self { address, posted, status }
    }

    /// What it answers from now on.
    pub(crate) fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// Waits until something is posted that is the one.
    #[track_caller]
    pub(crate) fn until(&self, mut is_it: impl FnMut(&Posted) -> bool) -> Posted {
        let mut others = Vec::new();
        loop {
            match self.posted.recv_timeout(PATIENCE) {
                Ok(posted) if is_it(&posted) => return posted,
                Ok(posted) => others.push(posted),
                Err(error) => panic!("{error}; only other things are posted: {others:#?}"),
            }
        }
    }

    /// Waits until an event is told to a path.
    #[track_caller]
    pub(crate) fn until_told(&self, path: &str, event: &str, state: &str) -> Posted {
        self.until(|it| {
            it.path == path
                && it.events().iter().any(|(kind, its, _)| kind == event && its == state)
        })
    }

    /// What was posted up to now and not looked at.
    pub(crate) fn so_far(&self) -> Vec<Posted> {
        self.posted.try_iter().collect()
    }
}

fn serve(connection: TcpStream, sender: &Sender<Posted>, status: &AtomicU16) {
    let mut answers = connection.try_clone().unwrap();
    let mut requests = BufReader::new(connection);
    loop {
        let mut line = String::new();
        // The other side goes away: that is how it ends.
        if requests.read_line(&mut line).unwrap_or_default() == 0 {
            return;
        }
        let mut words = line.split(' ');
        assert_eq!(words.next(), Some("POST"), "{line}");
        let path = words.next().unwrap().to_owned();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            requests.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let mut body = vec![0; headers["content-length"].parse().unwrap()];
        requests.read_exact(&mut body).unwrap();
        let status = status.load(Ordering::SeqCst);
        // Told before it is answered: who has the answer may look at once.
        let body = String::from_utf8(body).unwrap();
        if sender.send(Posted { path, headers, body }).is_err() {
            return;
        }
        let answer = format!("HTTP/1.1 {status} Told\r\nContent-Length: 0\r\n\r\n");
        if answers.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// A mail that was taken.
#[derive(Debug)]
pub(crate) struct Mail {
    /// What was said after the handshake, up to the message.
    pub(crate) said: Vec<String>,
    /// The message, as it came.
    pub(crate) message: String,
}

/// A mail server that takes mail over TLS only, and only from who logs in.
pub(crate) struct MailServer {
    pub(crate) port: u16,
    /// The root that its certificate leads to: itself.
    pub(crate) root: String,
    taken: Receiver<Mail>,
}

impl MailServer {
    pub(crate) fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(rustls::ALL_VERSIONS)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, taken) = channel();
        let config = Arc::new(config);
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (sender, config) = (sender.clone(), Arc::clone(&config));
                thread::spawn(move || {
                    // One that does not go on, because it does not believe the certificate, say.
                    let _ = converse(connection, config, &sender);
                });
            }
        });
        Self { port, root: made.cert.pem(), taken }
    }

    /// Waits for a mail.
    #[track_caller]
    pub(crate) fn next(&self) -> Mail {
        self.taken.recv_timeout(PATIENCE).unwrap()
    }
}

fn converse(
    mut connection: TcpStream,
    config: Arc<ServerConfig>,
    sender: &Sender<Mail>,
) -> std::io::Result<()> {
    connection.write_all(b"220-mail.example\r\n220 ready\r\n")?;
    let mut clear = BufReader::new(connection.try_clone()?);
    for (begins, reply) in [
        ("EHLO [127.0.0.1]", &b"250-mail.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n"[..]),
        ("STARTTLS", b"220 go on\r\n"),
    ] {
        let mut line = String::new();
        clear.read_line(&mut line)?;
        assert_eq!(line, format!("{begins}\r\n"));
        connection.write_all(reply)?;
    }
    let connection = StreamOwned::new(ServerConnection::new(config).unwrap(), connection);
    let mut secured = BufReader::new(connection);
    let mut said = Vec::new();
    loop {
        let mut line = String::new();
        if secured.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let line = line.trim_end().to_owned();
        let reply = match line.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => "250-mail.example\r\n250 AUTH LOGIN PLAIN",
            "AUTH" => "235 welcome",
            // One address is not right any more.
            "RCPT" if line.contains("gone@") => "550 nobody",
            "MAIL" | "RCPT" => "250 taken",
            "DATA" => "354 go on",
            "QUIT" => "221 goodbye",
            other => panic!("{other}"),
        };
        let data = line == "DATA";
        said.push(line);
        secured.get_mut().write_all(format!("{reply}\r\n").as_bytes())?;
        if !data {
            continue;
        }
        let mut message = String::new();
        loop {
            let mut line = String::new();
            secured.read_line(&mut line)?;
            if line == ".\r\n" {
                break;
            }
            message += &line;
        }
        secured.get_mut().write_all(b"250 taken\r\n")?;
        let said = std::mem::take(&mut said);
        if sender.send(Mail { said, message }).is_err() {
            return Ok(());
        }
    }
}
