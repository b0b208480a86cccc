//! The whole program on several simulated computers, in one thread and in virtual time, where a seed
//! decides what happens, and when.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod below;
mod catalogs;
mod chance;
mod clients;
mod computer;
mod events;
mod faults;
mod hierarchy;
mod network;
mod order;
mod programs;
mod run;
mod seeds;
