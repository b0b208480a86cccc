//! Reads what is at a URL as fast as it comes and keeps nothing: the client with which
//! `benches/content.py` compares servers, since `curl` is slower than some of them.
//!
//! ```text
//! cargo bench --bench reader -- URL [CERTIFICATES.pem]
//! ```
//!
//! Prints how many bytes came and the seconds from the request to the last of them. Over TLS it believes
//! the certificates in the file and no others.
#![expect(clippy::print_stdout, reason = "the figures are the result")]

use std::{
    error::Error,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::Arc,
    time::Instant,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

type Failed = Box<dyn Error>;

/// How much is read at once: more is not read any faster.
const BLOCK: usize = 256 << 10;

fn main() -> Result<(), Failed> {
    let given: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let [url, roots @ ..] = given.as_slice() else {
        // `cargo bench` runs all benchmarks: this one has nothing to read then.
        return Ok(());
    };
    let (scheme, rest) = url.split_once("://").ok_or("a URL begins with http:// or https://")?;
    let (host, path) = rest.split_once('/').ok_or("the URL has no path")?;
    let connection = TcpStream::connect(host)?;
    connection.set_nodelay(true)?;
    let request = format!("GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    if scheme == "http" {
        return read(connection, &request);
    }
    let mut trusted = RootCertStore::empty();
    for file in roots {
        for certificate in CertificateDer::pem_file_iter(file)? {
            trusted.add(certificate?)?;
        }
    }
    let config = ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth();
    let name = host.split(':').next().unwrap_or(host).to_owned();
    let client = ClientConnection::new(Arc::new(config), ServerName::try_from(name)?)?;
    read(StreamOwned::new(client, connection), &request)
}

fn read(mut connection: impl Read + Write, request: &str) -> Result<(), Failed> {
    let began = Instant::now();
    connection.write_all(request.as_bytes())?;
    let mut connection = BufReader::with_capacity(BLOCK, connection);
    let (mut length, mut line) = (None, String::new());
    while line != "\r\n" {
        line.clear();
        if connection.read_line(&mut line)? == 0 {
            return Err("it has no answer".into());
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = Some(value.trim().parse::<u64>()?);
        }
    }
    let length = length.ok_or("it does not say how many bytes come")?;
    let mut block = vec![0; BLOCK];
    let mut came = 0;
    while came < length {
        let read = connection.read(&mut block)?;
        if read == 0 {
            return Err(format!("it broke off after {came} bytes").into());
        }
        came += read as u64;
    }
    println!("{came} {:.6}", began.elapsed().as_secs_f64());
    Ok(())
}
