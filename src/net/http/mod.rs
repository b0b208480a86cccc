//! HTTP asked: requests, their answers, and bodies that stream both ways, over a pool of connections that
//! are kept. HTTP/1.1 alone, which moves large files faster than HTTP/2. No redirects, no proxies, nothing
//! is unpacked: a program talks to the address that it was given, and takes what it says as it is.

mod body;
mod client;
mod connecting;
mod connection;
mod error;
mod request;
mod response;
#[cfg(test)]
mod tests;

pub use body::Body;
pub use client::{Client, ClientBuilder};
pub(super) use connecting::Find;
pub use error::HttpError;
pub use request::RequestBuilder;
pub use response::{Blocks, Response};
