//! What a port bears, on real sockets.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, routing::get};
use bytes::Bytes;
use futures::{StreamExt, future::join_all, stream};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    net::TcpStream,
    sync::Semaphore,
};
use tokio_rustls::TlsConnector;

use super::{Limits, watched::Watched};
use crate::{
    clock,
    model::ClientCertificates,
    net::{BoundPort, CertificateSource, Certificates, OpenPort, ServerTls, tls},
};

const GENEROUS: Limits = Limits {
    connections: 64,
    requests: 256,
    wait: Duration::ZERO,
    head: Duration::from_mins(1),
    still: Duration::from_mins(1),
};

async fn open(router: Router, limits: Limits) -> (OpenPort, SocketAddr) {
    let ip = IpAddr::from([127, 77, 90, 1]);
    let port = BoundPort::bind(ip, 0).await.unwrap().serve_within(router, None, limits);
    let address = port.address();
    (port, address)
}

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

/// A body that begins, and goes on when somebody lets it.
fn waiting(gate: &Arc<Semaphore>) -> Router {
    let gate = Arc::clone(gate);
    let body = move || {
        let gate = Arc::clone(&gate);
        let rest = stream::once(async move {
            gate.acquire().await.unwrap().forget();
            Ok::<_, std::io::Error>(Bytes::from_static(b"end"))
        });
        let begin = stream::once(async { Ok(Bytes::from_static(b"begin")) });
        async move { Body::from_stream(begin.chain(rest)) }
    };
    Router::new().route("/", get(body))
}

const ASK: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// A connection that has sent this.
async fn sent(address: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Reads until this has come.
async fn until(stream: &mut TcpStream, expected: &str) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&text).contains(expected) {
        let read = stream.read(&mut byte).await.unwrap();
        assert_ne!(read, 0, "{}", String::from_utf8_lossy(&text));
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}

/// Everything until the other side has closed, or broken off.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let _broken_off = stream.read_to_end(&mut text).await;
    String::from_utf8(text).unwrap()
}

/// Asks until there is a place.
async fn at_last(address: SocketAddr) {
    loop {
        let mut stream =
            sent(address, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
        if rest(&mut stream).await.starts_with("HTTP/1.1 200") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_connection_too_many_is_told_to_come_back() {
    let (_port, address) = open(hello(), Limits { connections: 2, ..GENEROUS }).await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = sent(address, ASK).await;
        until(&mut stream, "hello").await;
        held.push(stream);
    }
    for _ in 0..3 {
        let answer = rest(&mut sent(address, ASK).await).await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        let later = answer.lines().find_map(|line| line.strip_prefix("retry-after: ")).unwrap();
        assert!((5..=21).contains(&later.parse::<u32>().unwrap()), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
    // Those who have a place keep it.
    held[0].write_all(ASK).await.unwrap();
    until(&mut held[0], "hello").await;
    held.pop();
    at_last(address).await;
}

#[tokio::test]
async fn a_request_too_many_is_told_to_come_back_and_keeps_its_connection() {
    let gate = Arc::new(Semaphore::new(0));
    let (_port, address) = open(waiting(&gate), Limits { requests: 1, ..GENEROUS }).await;
    let mut first = sent(address, ASK).await;
    until(&mut first, "begin").await;
    let mut second = sent(address, ASK).await;
    let answer = until(&mut second, "come back later\n").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: "), "{answer}");
    assert!(!answer.contains("connection: close"), "{answer}");
    gate.add_permits(64);
    until(&mut first, "end").await;
    loop {
        second.write_all(ASK).await.unwrap();
        let answer = until(&mut second, "\r\n\r\n").await;
        if answer.starts_with("HTTP/1.1 200") {
            break;
        }
        until(&mut second, "come back later\n").await;
    }
    // A client that does not wait for the end gives its place back too.
    let shut = Arc::new(Semaphore::new(0));
    let (_port, address) = open(waiting(&shut), Limits { requests: 1, ..GENEROUS }).await;
    let mut first = sent(address, ASK).await;
    until(&mut first, "begin").await;
    drop(first);
    shut.add_permits(64);
    at_last(address).await;
}

#[tokio::test]
async fn a_request_waits_for_the_place_of_another() {
    let gate = Arc::new(Semaphore::new(0));
    let limits = Limits { requests: 1, wait: Duration::from_mins(1), ..GENEROUS };
    let (_port, address) = open(waiting(&gate), limits).await;
    let mut first = sent(address, ASK).await;
    until(&mut first, "begin").await;
    let mut others: Vec<_> = join_all((0..8).map(|_| sent(address, ASK))).await;
    gate.add_permits(64);
    for other in others.iter_mut().rev() {
        let answer = until(other, "end").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test]
async fn a_head_that_does_not_end_ends_the_connection() {
    let head = Duration::from_millis(200);
    let limits = Limits { connections: 1, head, ..GENEROUS };
    let (_port, address) = open(hello(), limits).await;
    let mut slow = sent(address, b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ").await;
    // A letter now and then makes no difference.
    while slow.write_all(b"a").await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    at_last(address).await;
    // Nor does a connection without any request, before the first one or after it.
    let mut silent = TcpStream::connect(address).await.unwrap();
    assert_eq!(rest(&mut silent).await, "");
    at_last(address).await;
}

#[tokio::test]
async fn who_reads_nothing_does_not_keep_a_place() {
    let endless = || async {
        Body::from_stream(stream::repeat_with(|| {
            Ok::<_, std::io::Error>(Bytes::from(vec![7; 65536]))
        }))
    };
    let router = hello().route("/endless", get(endless));
    let still = Duration::from_millis(200);
    let (_port, address) = open(router, Limits { connections: 1, still, ..GENEROUS }).await;
    let _unread = sent(address, b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n").await;
    at_last(address).await;
}

#[tokio::test(start_paused = true)]
async fn a_few_bytes_now_and_then_are_no_life() {
    for (bytes, lives) in [(1_usize, false), (20, true)] {
        let (mut client, server) = duplex(64);
        let trickle = tokio::spawn(async move {
            for _ in 0..60 {
                if client.write_all(&vec![7; bytes]).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_secs(4)).await;
            }
        });
        let mut server = Watched::new(server, Duration::from_mins(1));
        let mut read = Vec::new();
        let ended = server.read_to_end(&mut read).await;
        assert_eq!(ended.is_ok(), lives, "{bytes} bytes every four seconds: {ended:?}");
        assert_eq!(read.len() == 60 * bytes, lives);
        drop(server);
        trickle.await.unwrap();
    }
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let (_port, address) = open(hello(), GENEROUS).await;
    let long = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n", "a".repeat(17 << 10));
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X-Many: a\r\n".repeat(64));
    for head in [long, many] {
        let answer = rest(&mut sent(address, head.as_bytes()).await).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    let fits = format!("GET / HTTP/1.1\r\nHost: a\r\nX-Long: {}\r\n\r\n", "a".repeat(8 << 10));
    until(&mut sent(address, fits.as_bytes()).await, "hello").await;
}

#[tokio::test]
async fn a_port_that_closes_ends_what_it_began_and_nothing_else() {
    let gate = Arc::new(Semaphore::new(0));
    let (port, address) = open(waiting(&gate), GENEROUS).await;
    let mut first = sent(address, ASK).await;
    until(&mut first, "begin").await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    let closing = tokio::spawn(port.close());
    assert_eq!(rest(&mut idle).await, "");
    assert!(TcpStream::connect(address).await.is_err());
    gate.add_permits(1);
    until(&mut first, "end").await;
    assert!(rest(&mut first).await.len() < 16);
    closing.await.unwrap();
}

/// An HTTP/2 connection to a port over TLS.
async fn http2(
    address: SocketAddr,
    certificates: &Certificates,
) -> hyper::client::conn::http2::SendRequest<Body> {
    let identity = tls::ClientIdentity::new(certificates, tls::KnownAs::Hosts(Vec::new()));
    let mut config = tls::client_config(certificates.trust(), identity).unwrap();
    config.alpn_protocols = vec![tls::HTTP_2.to_vec()];
    let stream = TcpStream::connect(address).await.unwrap();
    let name = address.ip().into();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(tls::HTTP_2));
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    sender
}

#[tokio::test]
async fn http2_has_a_bounded_number_of_requests_at_a_time() {
    let data = tempfile::tempdir().unwrap();
    let certificates = Certificates::open(data.path(), None, clock::now()).unwrap();
    let ip = IpAddr::from([127, 77, 90, 2]);
    let source = CertificateSource::Issued(vec![ip.to_string()]);
    let presented = certificates.present(source).await.unwrap();
    let tls =
        Arc::new(ServerTls::new(&certificates, presented, ClientCertificates::Ignore).unwrap());
    let (now, most, gate) =
        (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)), Arc::new(Semaphore::new(0)));
    let (counted, highest, held) = (now.clone(), most.clone(), gate.clone());
    let handler = move || {
        let (now, most, gate) = (counted.clone(), highest.clone(), held.clone());
        async move {
            let at_once = now.fetch_add(1, Ordering::SeqCst) + 1;
            if most.fetch_max(at_once, Ordering::SeqCst) + 1 == Limits::STREAMS {
                gate.add_permits(1000);
            }
            gate.acquire().await.unwrap().forget();
            now.fetch_sub(1, Ordering::SeqCst);
            "hello"
        }
    };
    let router = hello().route("/counted", get(handler));
    let bound = BoundPort::bind(ip, 0).await.unwrap();
    let port = bound.serve_within(router.clone(), Some(Arc::clone(&tls)), GENEROUS);
    let mut sender = http2(port.address(), &certificates).await;
    let request = |path: &str| {
        let uri = format!("https://{}{path}", port.address());
        axum::http::Request::get(uri).body(Body::empty()).unwrap()
    };
    // With the first answer the client knows how many it may ask for.
    assert_eq!(sender.send_request(request("/")).await.unwrap().status(), 200);
    let asking = (0..100).map(|_| sender.clone().send_request(request("/counted")));
    for answer in join_all(asking).await {
        let answer = answer.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.version()),
            (200, axum::http::Version::HTTP_2)
        );
    }
    assert_eq!(most.load(Ordering::SeqCst), Limits::STREAMS);
    // Without a place there is an answer too.
    let full = BoundPort::bind(ip, 0).await.unwrap();
    let full = full.serve_within(router, Some(tls), Limits { connections: 0, ..GENEROUS });
    let mut sender = http2(full.address(), &certificates).await;
    let answer = sender.send_request(request("/")).await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
}
