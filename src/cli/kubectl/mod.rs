//! `kubectl headwater`: this program as a plugin of `kubectl`, which finds it as `kubectl-headwater`.
//!
//! What it does goes by objects: it reads what the operator writes, and writes what the operator reads. It
//! never talks to site systems, and needs no rights but those on objects.

mod approve;
mod arguments;
mod completing;
mod plan;
mod ready;
mod run;
mod status;
mod suspend;
mod sync;

pub use arguments::{Plugin, PluginCommand};
pub(super) use completing::complete;
pub(super) use run::run;
