//! Tests of the whole: the binary as people use it, and the rules of the house.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod adopting;
mod changes;
mod checkouts;
mod commands;
mod content_port;
mod contract;
mod converge;
mod corpus;
mod damage;
mod drift;
mod drift_explained;
mod explain;
mod graph;
mod http;
mod killed;
mod layers;
mod many_problems;
mod observed_file;
mod origins;
mod plan;
mod plan_schema;
mod ports;
mod pruning;
mod remote_agent;
mod running;
mod sarif;
mod saved_plan;
mod schema_agreement;
mod schemas;
mod show;
mod trouble;
mod undo;
mod validate;
mod workspace;
mod world;
