//! Hierarchies and plans as diagrams.

mod commands;
mod generated;
mod hierarchies;
