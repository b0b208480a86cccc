//! Tests of the whole: the binary as people use it, and the rules of the house.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod contract;
mod layers;
mod plan;
mod schemas;
mod validate;
