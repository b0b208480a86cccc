//! A network in memory, in virtual time: computers by IP address, names, ports, connections.
//!
//! ```text
//!  Stream ── write ──> segments, each with the time when it arrives ── read ──> Stream
//!                        |  links: latency, rate, cut
//!                        |  trace: what happened, and when
//! ```
//!
//! - A connection keeps the order of its bytes, as TCP does; connections do not wait for each other.
//! - A directed link has a latency and a little jitter, in whole milliseconds, which are not a matter
//!   of how long segments are. Only where a rate is set do segments wait for those before them.
//! - A link that is cut holds back what is sent, as TCP repeats it, and lets it through after it is
//!   mended. What is under way when it is cut arrives. A connection has no time limit of its own: who
//!   waits for ever at a cut link has to have one.
//! - The receipts for what was read take no time, and are held back by a cut link as well. So a link
//!   that is cut one way stops the other way once a window is full.
//! - An attempt to connect takes a round trip. It is refused where nothing listens, and waits for ever
//!   where nobody is, or nobody answers.
//! - Loopback stays inside a computer and takes no time.

mod connecting;
mod connection;
mod faults;
mod links;
mod port;
mod stream;
mod switch;
mod tests;
mod trace;

pub(crate) use faults::Crash;
pub(crate) use links::Links;
pub(crate) use switch::Network;
