//! Tests of the whole: the binary as people use it, and the rules of the house.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod changes;
mod commands;
mod content_port;
mod contract;
mod converge;
mod damage;
mod drift;
mod http;
mod killed;
mod layers;
mod plan;
mod remote_agent;
mod running;
mod schemas;
mod trouble;
mod validate;
mod world;
