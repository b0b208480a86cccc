//! What is asked, and what of an answer is passed on.

use std::io;

use axum::{Router, body::Body as Served, extract::Request, http::StatusCode};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::json;

use super::{super::Body, *};
use crate::{error_text::with_causes, net::OpenPort};

/// Answers with what it is sent, while it comes.
async fn echo() -> (OpenPort, String) {
    let router = Router::new().fallback(|request: Request| async {
        Served::from_stream(request.into_body().into_data_stream())
    });
    let port = OpenPort::open([127, 0, 0, 1].into(), 0, router).await.unwrap();
    let url = format!("http://{}/", port.address());
    (port, url)
}

#[tokio::test]
async fn a_request_says_what_it_is_told_to_say() {
    let (listener, url) = listening().await;
    let request = plain()
        .post(format!("{url}a b?c=d#e"))
        .header("x-number", 7_u64)
        .header("accept", "text/plain")
        .json(&json!({"a": 1}));
    let (sent, asked) = tokio::join!(request.send(), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = answer(&mut stream, "HTTP/1.1 204 No Content\r\n\r\n").await;
        let mut body = [0; 7];
        stream.read_exact(&mut body).await.unwrap();
        assert_eq!(&body, b"{\"a\":1}");
        head
    });
    assert_eq!(sent.unwrap().status(), StatusCode::NO_CONTENT);
    let host = url.trim_start_matches("http://").trim_end_matches('/');
    assert!(asked.starts_with("POST /a%20b?c=d HTTP/1.1\r\n"), "{asked}");
    for line in [
        &format!("host: {host}"),
        "x-number: 7",
        "accept: text/plain",
        "content-type: application/json",
        "content-length: 7",
        &format!("user-agent: headwater/{}", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(asked.contains(&format!("\r\n{line}\r\n")), "{line}: {asked}");
    }
    assert_eq!(asked.matches("accept").count(), 1, "{asked}");
}

#[tokio::test]
async fn the_account_of_a_url_goes_into_a_header_and_into_no_error() {
    let (listener, url) = listening().await;
    let url = url.replace("http://", "http://bob:h%3Anter@");
    let (sent, asked) = tokio::join!(plain().get(&url).send(), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        answer(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await
    });
    sent.unwrap();
    // bob:h:nter
    assert!(asked.contains("\r\nauthorization: Basic Ym9iOmg6bnRlcg==\r\n"), "{asked}");
    assert!(!asked.contains("bob") && !asked.contains("nter@"), "{asked}");
    let request = plain().get(&url);
    assert!(!format!("{request:?}").contains("nter") && !format!("{request:?}").contains("Ym9i"));
    drop(listener);
    let error = plain().get(&url).send().await.unwrap_err();
    let told = format!("{} {error:?}", with_causes(&error));
    assert!(!told.contains("nter") && !told.contains("bob") && !told.contains("127.0"), "{told}");
}

#[tokio::test]
async fn bodies_stream_both_ways() {
    let (_port, url) = echo().await;
    let (sender, blocks) = futures::channel::mpsc::unbounded::<io::Result<Bytes>>();
    let send = |text: &'static str| sender.unbounded_send(Ok(text.into())).unwrap();
    send("one");
    let request = plain().put(&url).body(Body::wrap_stream(blocks));
    assert!(request.try_clone().is_none(), "a stream comes once");
    let response = request.send().await.unwrap();
    assert_eq!(response.content_length(), None);
    let mut echoed = response.bytes_stream();
    // Each block comes back before the next one is given.
    for text in ["one", "two", "three"] {
        if text != "one" {
            send(text);
        }
        assert_eq!(echoed.next().await.unwrap().unwrap(), text);
    }
    drop(sender);
    assert!(echoed.next().await.is_none());
}

#[tokio::test]
async fn large_bodies_come_as_they_were_sent() {
    let (_port, url) = echo().await;
    let sent: Vec<u8> = (0..4_000_000_u32).map(|it| it.to_le_bytes()[(it % 4) as usize]).collect();
    let request = plain().post(&url).body(sent.clone());
    let again = request.try_clone().unwrap();
    assert_eq!(body(request.send().await.unwrap()).await.unwrap(), sent);
    assert_eq!(body(again.send().await.unwrap()).await.unwrap(), sent);
    let blocks: Vec<_> = sent.chunks(70_000).map(|it| Ok(Bytes::copy_from_slice(it))).collect();
    let streamed = Body::wrap_stream(stream::iter(blocks));
    let request = plain().post(&url).header("content-length", sent.len()).body(streamed);
    assert_eq!(body(request.send().await.unwrap()).await.unwrap(), sent);
}

#[tokio::test]
async fn redirects_are_not_followed_and_nothing_is_unpacked() {
    let (listener, url) = listening().await;
    let packed = "HTTP/1.1 302 Found\r\nlocation: http://192.0.2.1/\r\ncontent-encoding: gzip\r\n\
                  content-length: 6\r\n\r\npacked";
    let (sent, asked) = tokio::join!(plain().get(&url).send(), async {
        let (mut stream, _) = listener.accept().await.unwrap();
        answer(&mut stream, packed).await
    });
    let response = sent.unwrap();
    assert_eq!((response.status(), response.content_length()), (StatusCode::FOUND, Some(6)));
    assert_eq!(response.headers()["content-encoding"], "gzip");
    assert_eq!(body(response).await.unwrap(), b"packed");
    assert!(!asked.contains("accept-encoding"), "{asked}");
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_before_anything_is_sent() {
    let told = async |url: &str| with_causes(&plain().get(url).send().await.unwrap_err());
    assert_eq!(told("a:b@c").await, "its URL does not begin with `http://` or `https://`");
    assert_eq!(told("http://").await, "its URL cannot be read: empty host");
    assert_eq!(told("no url").await, "its URL cannot be read: relative URL without a base");
    let wrong = plain().get("http://127.0.0.1:1/").header("a", "b\nc").json(&1);
    assert!(wrong.try_clone().is_none());
    assert!(matches!(wrong.send().await, Err(HttpError::Header)));
    let tls = crate::net::tls::trusting_nobody().unwrap();
    let secured = crate::net::client::with(&Addresses::system(), tls).https_only().build();
    let error = secured.get("http://127.0.0.1:1/").send().await.unwrap_err();
    assert_eq!(error.to_string(), "its URL does not begin with `https://`");
}
