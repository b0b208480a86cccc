//! Somebody else's listeners: web sites in the clear and over TLS that answer as a test says.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::Arc,
    thread,
};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ServerConfig, ServerConnection, StreamOwned, pki_types::PrivateKeyDer};

use crate::world::{World, digest};

/// Status and body for method and path.
type Answers = fn(&str, &str) -> (u16, String);

/// A loopback address for this world alone, below those of embedded hierarchies, and as long as any
/// other one.
pub(super) fn own_ip(world: &World, number: u8) -> String {
    let digest = digest(world.data().to_str().unwrap().as_bytes());
    let part = |at: usize| u8::from_str_radix(&digest[at..at + 2], 16).unwrap();
    format!("127.{}.{}.{}", 100 + part(4) % 28, 100 + part(6) % 150, 100 + number)
}

/// Serves until the test ends.
pub(super) fn serve(at: &str, tls: Option<Arc<ServerConfig>>, answers: Answers) {
    let listener = TcpListener::bind(at).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let tls = tls.clone();
            thread::spawn(move || {
                let stream = stream.unwrap();
                match tls {
                    None => answer(stream, answers),
                    Some(tls) => {
                        let connection = ServerConnection::new(tls).unwrap();
                        answer(StreamOwned::new(connection, stream), answers);
                    }
                }
            });
        }
    });
}

/// Accepts connections and sends these bytes to whoever comes.
pub(super) fn say(at: &str, bytes: &'static [u8]) {
    let listener = TcpListener::bind(at).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || {
                let mut stream: TcpStream = stream.unwrap();
                let _ = stream.write_all(bytes);
                let _ = stream.read(&mut [0; 1024]);
            });
        }
    });
}

fn answer(mut stream: impl Read + Write, answers: Answers) {
    let mut head = Vec::new();
    while !head.windows(4).any(|it| it == b"\r\n\r\n") {
        let mut piece = [0; 1024];
        match stream.read(&mut piece) {
            Ok(length) if length > 0 => head.extend_from_slice(&piece[..length]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut words = head.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (status, body) = answers(method, path);
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status} x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    let _ = stream.write_all(text.as_bytes());
    let _ = stream.flush();
}

/// A web site for `host`, or for no name at all, and the root of its certificate in a file.
pub(super) fn certificate(host: &str, root: &Path) -> Arc<ServerConfig> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    fs::write(root, params.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let names = if host.is_empty() { Vec::new() } else { vec![host.to_owned()] };
    let params = CertificateParams::new(names).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap().der().clone();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    Arc::new(builder.with_single_cert(vec![certificate], key).unwrap())
}
