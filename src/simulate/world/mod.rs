//! The virtual world: one queue of events, the engine's machines, and what they move.

mod actions;
mod begin;
mod choosing;
mod content;
mod events;
mod faults;
mod job;
mod judging;
mod moving;
mod pulling;
mod pushing;
mod run;
mod settling;
mod synchronizing;
mod tally;
mod turns;
mod windows;

pub(super) use begin::Making;
pub(super) use run::World;
