//! A git server over TLS: `git http-backend` behind as much of a web server as it needs; and a proxy
//! that wants to know who asks.

use std::{
    convert::Infallible,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{Request, Response, StatusCode, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{io::AsyncWriteExt, process::Command, runtime::Runtime};
use tokio_rustls::TlsAcceptor;

/// Who may read and write the repositories.
pub(super) const USER: &str = "ada:s3cret";

/// The host that the certificate names, besides `localhost`.
pub(super) const HOST: &str = "git.contoso.example";

/// A git server that goes when it is dropped, and takes its connections with it.
pub(super) struct HttpsServer {
    pub(super) port: u16,
    /// How many requests had no credentials, or others.
    pub(super) turned_away: Arc<AtomicUsize>,
    _runtime: Runtime,
}

/// The authority of such servers, and the certificate that it has issued.
pub(super) struct Authority {
    /// Its certificate, as PEM.
    pub(super) file: PathBuf,
    tls: Arc<ServerConfig>,
}

impl Authority {
    /// A new one, whose certificate lies at a path.
    pub(super) fn at(file: PathBuf) -> Self {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
        let issuer = rcgen::Issuer::new(params, key);
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new([HOST, "localhost"].map(str::to_owned)).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        Self { file, tls: Arc::new(tls) }
    }
}

impl HttpsServer {
    /// Serves the repositories below a directory, at a port or at any.
    pub(super) fn of(root: &Path, authority: &Authority, port: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let listener =
            runtime.block_on(tokio::net::TcpListener::bind(("127.0.0.1", port))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let turned_away = Arc::new(AtomicUsize::new(0));
        let acceptor = TlsAcceptor::from(Arc::clone(&authority.tls));
        let (root, count) = (root.to_owned(), Arc::clone(&turned_away));
        runtime.spawn(async move {
            while let Ok((plain, _)) = listener.accept().await {
                let (acceptor, root, count) = (acceptor.clone(), root.clone(), count.clone());
                tokio::spawn(async move {
                    // Who does not believe the certificate leaves.
                    let Ok(stream) = acceptor.accept(plain).await else { return };
                    let service = service_fn(|request| answer(request, &root, &count));
                    let served =
                        http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                    let _ = served.await;
                });
            }
        });
        Self { port, turned_away, _runtime: runtime }
    }
}

async fn answer(
    request: Request<Incoming>,
    root: &Path,
    turned_away: &AtomicUsize,
) -> Result<Response<Body>, Infallible> {
    let wanted = format!("Basic {}", BASE64_STANDARD.encode(USER));
    let shown = request.headers().get(header::AUTHORIZATION);
    if shown.is_none_or(|it| it.as_bytes() != wanted.as_bytes()) {
        turned_away.fetch_add(1, Ordering::SeqCst);
        let refused = Response::builder().status(StatusCode::UNAUTHORIZED);
        let refused = refused.header(header::WWW_AUTHENTICATE, "Basic realm=\"updates\"");
        return Ok(refused.body(Body::empty()).unwrap());
    }
    let (head, body) = request.into_parts();
    let body = to_bytes(Body::new(body), 64 << 20).await.unwrap();
    let text = |name: &str| {
        head.headers.get(name).map(|it| it.to_str().unwrap().to_owned()).unwrap_or_default()
    };
    let mut command = Command::new("git");
    command
        .arg("http-backend")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", root)
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REMOTE_USER", "ada")
        .env("REMOTE_ADDR", "127.0.0.1")
        .env("REQUEST_METHOD", head.method.as_str())
        .env("PATH_INFO", head.uri.path())
        .env("QUERY_STRING", head.uri.query().unwrap_or_default())
        .env("CONTENT_TYPE", text("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", text("content-encoding"))
        .env("GIT_PROTOCOL", text("git-protocol"));
    let output = run(command, body).await;
    Ok(translated(&output))
}

async fn run(mut command: Command, body: Bytes) -> Vec<u8> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let written = async move {
        // It may know enough before it has read everything.
        let _ = stdin.write_all(&body).await;
    };
    let ((), output) = tokio::join!(written, child.wait_with_output());
    output.unwrap().stdout
}

/// The answer of a program, as a server hands it on.
fn translated(output: &[u8]) -> Response<Body> {
    let end = output.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    let mut answer = Response::builder();
    for line in str::from_utf8(&output[..end]).unwrap().lines() {
        let (name, value) = line.split_once(": ").unwrap();
        answer = match name {
            "Status" => answer.status(value[..3].parse::<u16>().unwrap()),
            _ => answer.header(name, value),
        };
    }
    answer.body(Body::from(output[end + 4..].to_vec())).unwrap()
}

/// A proxy that lets through who is `bob:pr0xy`, and leads every name to one address. It goes on
/// until the test ends.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    pub(super) let_through: Arc<AtomicUsize>,
}

impl Proxy {
    pub(super) fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let let_through = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&let_through);
        thread::spawn(move || {
            for client in listener.incoming() {
                let count = Arc::clone(&count);
                // A connection that ends does.
                thread::spawn(move || drop(pass(&client.unwrap(), port, &count)));
            }
        });
        Self { address, let_through }
    }
}

fn pass(client: &TcpStream, port: u16, let_through: &AtomicUsize) -> std::io::Result<()> {
    let wanted = format!("basic {}", BASE64_STANDARD.encode("bob:pr0xy"));
    let mut reader = BufReader::new(client.try_clone()?);
    loop {
        let (mut first, mut known) = (String::new(), false);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if line.trim().is_empty() {
                break;
            }
            if first.is_empty() {
                first = line;
            } else if let Some((name, value)) = line.split_once(": ") {
                let value = value.trim().replacen("Basic", "basic", 1);
                known |= name.eq_ignore_ascii_case("proxy-authorization") && value == wanted;
            }
        }
        let mut writer = client;
        if known && first.starts_with("CONNECT ") {
            break;
        }
        writer.write_all(
            b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\n\
              Content-Length: 0\r\n\r\n",
        )?;
    }
    let_through.fetch_add(1, Ordering::SeqCst);
    let server = TcpStream::connect(("127.0.0.1", port))?;
    (&*client).write_all(b"HTTP/1.1 200 Go on\r\n\r\n")?;
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let mut buffer = [0; 16 << 10];
    loop {
        let length = reader.read(&mut buffer)?;
        if length == 0 {
            return server.shutdown(Shutdown::Write);
        }
        (&server).write_all(&buffer[..length])?;
    }
}
