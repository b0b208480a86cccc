//! The client, against real listeners on loopback.

mod connections;
mod failures;
mod requests;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{Client, HttpError};
use crate::net::{Addresses, client::client};

/// A client as all roles have one.
fn plain() -> Client {
    client(&Addresses::system()).unwrap()
}

/// A port, and its URL.
async fn listening() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    (listener, url)
}

/// The head of the next request; empty where the client hangs up.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

/// Answers the next request of a connection like this; the head of it.
async fn answer(stream: &mut TcpStream, answer: &str) -> String {
    let asked = head(stream).await;
    stream.write_all(answer.as_bytes()).await.unwrap();
    asked
}

/// The whole body of an answer.
async fn body(mut response: super::Response) -> Result<Vec<u8>, HttpError> {
    let mut body = Vec::new();
    while let Some(block) = response.chunk().await? {
        body.extend_from_slice(&block);
    }
    Ok(body)
}
