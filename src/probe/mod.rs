//! Connects to the ports of the roles and says what answers there (PORT-5): open or closed, plain or
//! TLS, whose certificate, and which virtual roots demand a secured channel. It tells no secrets,
//! reads little and waits a few seconds at most.

mod certificate;
mod connect;
mod content;
mod exchange;
mod identify;
mod prober;
mod question;
mod tls;
mod virtual_roots;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

pub use prober::{Prober, Role, RoleToProbe};
