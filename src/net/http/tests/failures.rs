//! How requests come to nothing, and what is said of it.

use std::{io, time::Duration};

use bytes::Bytes;
use futures::stream;
use tokio::time;

use super::{super::Body, *};
use crate::{
    clock,
    error_text::with_causes,
    model::ClientCertificates,
    net::{
        BoundPort, CertificateSource, Certificates, Limits, ServerTls, Trust, outside_client,
        outside_tls, why_refused,
    },
};

const BEGINS: &str = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nbegin";

/// Believes nobody whom this computer does not.
fn stranger() -> Client {
    outside_client(outside_tls(&Trust::system()).unwrap())
}

/// From now on time passes where nothing else happens. Not before all is sent that shall come: what is
/// on its way would be overtaken.
fn hurry() {
    time::pause();
}

#[tokio::test]
async fn an_answer_that_does_not_begin_is_not_waited_for() {
    let (listener, url) = listening().await;
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let asked = head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nx-slow: ").await.unwrap();
        hurry();
        // Until the client hangs up.
        (asked, head(&mut stream).await)
    };
    let began = time::Instant::now();
    let (sent, (asked, _)) = tokio::join!(plain().get(&url).send(), serving);
    assert!(asked.starts_with("GET"));
    let error = sent.unwrap_err();
    assert!(matches!(error, HttpError::Silent(limit) if limit == Duration::from_mins(1)));
    assert_eq!(with_causes(&error), "nothing came for 60 seconds");
    assert!(began.elapsed() >= Duration::from_mins(1));
}

#[tokio::test]
async fn a_body_that_stands_still_is_not_waited_for_but_a_slow_reader_is() {
    let (listener, url) = listening().await;
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        answer(&mut stream, BEGINS).await;
        stream
    };
    let (sent, mut stream) = tokio::join!(plain().get(&url).send(), serving);
    let mut response = sent.unwrap();
    assert_eq!(response.content_length(), Some(10));
    assert_eq!(response.chunk().await.unwrap().unwrap(), "begin");
    hurry();
    // Whoever reads may take hours.
    time::sleep(Duration::from_hours(2)).await;
    time::resume();
    stream.write_all(b"go").await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), "go");
    hurry();
    let began = time::Instant::now();
    let error = response.chunk().await.unwrap_err();
    assert!(matches!(error, HttpError::Silent(_)), "{error:?}");
    let waited = began.elapsed();
    assert!(waited >= Duration::from_mins(1) && waited < Duration::from_secs(61), "{waited:?}");
}

#[tokio::test]
async fn a_connection_that_does_not_come_is_not_waited_for() {
    let (listener, url) = listening().await;
    // TLS is part of it.
    let client = stranger();
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 16];
        stream.read_exact(&mut hello).await.unwrap();
        hurry();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
    };
    let url = url.replace("http:", "https:");
    let (sent, ()) = tokio::join!(client.get(url).send(), serving);
    let error = sent.unwrap_err();
    assert!(matches!(error, HttpError::Connect(_)), "{error:?}");
    let told = with_causes(&error);
    assert_eq!(told, "no connection: it does not answer within 10 seconds");
}

#[tokio::test]
async fn a_body_that_is_cut_short_is_an_error() {
    let (listener, url) = listening().await;
    for begins in [BEGINS, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n8\r\nbegin"] {
        let serving = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            answer(&mut stream, begins).await;
        };
        let (sent, ()) = tokio::join!(plain().get(&url).send(), serving);
        let error = body(sent.unwrap()).await.unwrap_err();
        assert!(matches!(error, HttpError::Body(_)), "{error:?}");
        let told = with_causes(&error);
        assert!(told.starts_with("the answer broke off: "), "{told}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_has_not_answered() {
    let (listener, url) = listening().await;
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
    };
    let (sent, ()) = tokio::join!(plain().get(&url).send(), serving);
    let error = sent.unwrap_err();
    assert!(matches!(error, HttpError::Request(_)), "{error:?}");
    let told = with_causes(&error);
    assert_eq!(told, "the request broke off: connection closed before message completed");
}

#[tokio::test]
async fn a_body_that_breaks_off_here_breaks_the_request_off() {
    let (listener, url) = listening().await;
    let blocks = [Ok(Bytes::from_static(b"begin")), Err(io::Error::other("the hours are over"))];
    let request = plain().put(&url).body(Body::wrap_stream(stream::iter(blocks)));
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        head(&mut stream).await;
        let mut came = Vec::new();
        let _ = stream.read_to_end(&mut came).await;
        came
    };
    let (sent, came) = tokio::join!(request.send(), serving);
    let told = with_causes(&sent.unwrap_err());
    assert!(told.starts_with("the request broke off: "), "{told}");
    assert!(told.contains("the hours are over"), "{told}");
    assert!(!came.ends_with(b"0\r\n\r\n"), "what was cut off does not look whole");
}

#[tokio::test]
async fn who_is_not_believed_is_not_asked_and_why_is_known() {
    let data = tempfile::tempdir().unwrap();
    let certificates = Certificates::open(data.path(), None, clock::now()).unwrap();
    let names = CertificateSource::Issued(vec!["127.0.0.1".to_owned()]);
    let presented = certificates.present(names).await.unwrap();
    let tls = ServerTls::new(&certificates, presented, ClientCertificates::Ignore).unwrap();
    let bound = BoundPort::bind([127, 0, 0, 1].into(), 0).await.unwrap();
    let router = axum::Router::new().fallback(|| async { "hello" });
    let port = bound.serve_within(router, Some(tls.into()), Limits::content());
    let url = format!("https://{}/", port.address());
    let believing = outside_client(outside_tls(certificates.trust()).unwrap());
    assert_eq!(body(believing.get(&url).send().await.unwrap()).await.unwrap(), b"hello");
    let error = stranger().get(&url).send().await.unwrap_err();
    assert!(matches!(error, HttpError::Connect(_)), "{error:?}");
    let why = why_refused(&error).unwrap();
    assert!(why.contains("does not lead to a root that is trusted here"), "{why}");
}
