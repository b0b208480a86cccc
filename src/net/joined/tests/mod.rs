//! Joining, and what comes after it, over real TLS on loopback addresses.

mod joining;
mod members;
mod world;
