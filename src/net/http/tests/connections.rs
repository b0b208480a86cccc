//! Which connections are made, and which are kept.

use std::{io, net::SocketAddr};

use futures::{FutureExt, future::BoxFuture};
use tokio::net::TcpSocket;

use super::{
    super::{Find, connecting::notice_death},
    *,
};
use crate::{error_text::with_causes, model::Digest, net::tls::trusting_nobody};

const EMPTY: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

/// Serves the connections of a listener one after the other.
fn serve(listener: TcpListener) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            while !answer(&mut stream, EMPTY).await.is_empty() {}
        }
    })
}

/// Knows every host at these addresses.
struct Known(Vec<SocketAddr>);

impl Find for Known {
    fn find(&self, _host: &str, _port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let found = self.0.clone();
        async { Ok(found) }.boxed()
    }
}

fn knowing(addresses: Vec<SocketAddr>) -> Client {
    Client::builder(trusting_nobody().unwrap(), Known(addresses)).build()
}

#[tokio::test]
async fn site_systems_are_found_by_their_declared_names_before_others() {
    let addresses = Addresses::embedded(Digest::of(b"net::http"));
    let ip = addresses.register("cen-dp.contoso.example").unwrap().unwrap();
    let listener = TcpListener::bind((ip, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = serve(listener);
    let client = client(&addresses).unwrap();
    let url = format!("http://CEN-DP.contoso.example:{port}/");
    client.get(url).send().await.unwrap();
    serving.abort();
    // Nobody is called so: RFC 2606.
    let error = client.get("http://nobody.invalid/").send().await.unwrap_err();
    assert!(matches!(error, HttpError::Connect(_)), "{error:?}");
    assert!(with_causes(&error).starts_with("no connection: "), "{}", with_causes(&error));
}

#[tokio::test]
async fn an_ip_address_is_not_looked_for() {
    let lost = knowing(Vec::new());
    for ip in ["127.0.0.1", "[::1]"] {
        // Not every computer has IPv6.
        let Ok(listener) = TcpListener::bind(format!("{ip}:0")).await else { continue };
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let serving = serve(listener);
        lost.get(url).send().await.unwrap();
        serving.abort();
    }
    let error = lost.get("http://a.example/").send().await.unwrap_err();
    assert_eq!(with_causes(&error), "no connection: its name has no address");
}

#[tokio::test]
async fn all_addresses_of_a_host_are_tried() {
    let (listener, _) = listening().await;
    let good = listener.local_addr().unwrap();
    let serving = serve(listener);
    let (closed, _) = listening().await;
    let refusing = closed.local_addr().unwrap();
    drop(closed);
    // One that lets nobody in any more, and refuses nobody.
    let silent = TcpSocket::new_v4().unwrap();
    silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let silent = silent.listen(0).unwrap();
    let full = silent.local_addr().unwrap();
    let _first = TcpStream::connect(full).await.unwrap();
    for addresses in [vec![refusing, good], vec![full, good], vec![full, refusing, good]] {
        knowing(addresses).get("http://a.example/").send().await.unwrap();
    }
    let error = knowing(vec![refusing]).get("http://a.example/").send().await.unwrap_err();
    let told = with_causes(&error);
    assert_eq!(told, "no connection: Connection refused (os error 111)");
    serving.abort();
}

#[tokio::test]
async fn connections_are_kept() {
    let (listener, url) = listening().await;
    let client = plain();
    let once = async || {
        let response = client.get(&url).send().await.unwrap();
        assert!(body(response).await.unwrap().is_empty());
    };
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        for _ in 0..3 {
            assert!(answer(&mut stream, EMPTY).await.starts_with("GET"));
        }
    };
    let asking = async {
        for _ in 0..3 {
            once().await;
        }
    };
    // A second connection would never be answered.
    tokio::join!(serving, asking);
}

#[tokio::test]
async fn the_system_watches_over_connections() {
    use rustix::net::sockopt;

    let (listener, _) = listening().await;
    let socket = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    assert!(!sockopt::socket_keepalive(&socket).unwrap());
    notice_death(&socket).unwrap();
    assert!(sockopt::socket_keepalive(&socket).unwrap());
    assert_eq!(sockopt::tcp_keepidle(&socket).unwrap().as_secs(), 15);
    assert_eq!(sockopt::tcp_user_timeout(&socket).unwrap(), 30_000);
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_replaced() {
    let (listener, url) = listening().await;
    let client = plain();
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        answer(&mut stream, EMPTY).await;
        stream.shutdown().await.unwrap();
        // The client has seen it.
        assert!(head(&mut stream).await.is_empty());
    };
    let (first, ()) = tokio::join!(client.get(&url).send(), serving);
    first.unwrap();
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        answer(&mut stream, EMPTY).await
    };
    let (second, asked) = tokio::join!(client.get(&url).send(), serving);
    second.unwrap();
    assert!(asked.starts_with("GET / "), "{asked}");
}

#[tokio::test]
async fn two_clients_share_no_connection_and_clones_do() {
    let (listener, url) = listening().await;
    let client = plain();
    let other = plain();
    let asking = async {
        client.get(&url).send().await.unwrap();
        client.clone().get(&url).send().await.unwrap();
        other.get(&url).send().await.unwrap();
    };
    let serving = async {
        let (mut one, _) = listener.accept().await.unwrap();
        answer(&mut one, EMPTY).await;
        answer(&mut one, EMPTY).await;
        let (mut other, _) = listener.accept().await.unwrap();
        answer(&mut other, EMPTY).await;
    };
    tokio::join!(asking, serving);
}
