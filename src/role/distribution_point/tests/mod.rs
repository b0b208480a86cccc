//! Distribution points on real sockets, each on a loopback address of its own.

mod adaptive;
mod client_certificates;
mod logging;
mod on_demand;
mod pacing;
mod patches;
mod pieces;
mod pulling;
mod resuming;
mod secured;
mod serving;
mod settings;
mod validating;
mod validating_at_once;
mod world;
