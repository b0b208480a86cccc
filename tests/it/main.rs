//! Tests of the whole: the binary as people use it, and the rules of the house.

mod contract;
mod layers;
mod plan;
mod schemas;
mod validate;
