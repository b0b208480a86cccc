//! Carries a plan out: actions as a dependency graph, at the same time where they may be, events
//! as it goes, every step in the journal. It never decides: what is done stands in the plan, and
//! in which order messages and requests move is the engine's affair.

mod actions;
mod distribute;
mod event;
mod executor;
mod flowing;
mod graph;
mod late_reports;
mod local_updates;
mod machines;
mod messages;
mod on_demand;
mod origin;
mod push;
mod synchronize;
mod transfer;
mod transfer_notes;
mod turns;
mod verify_ports;

pub use event::{ApplyEvent, ApplyReport, Outcome, Removals};
pub use executor::{Apply, ApplyError, apply, refuse_outside_windows, refuse_removals};
pub use late_reports::LateReports;
pub use machines::Machines;
pub use origin::Origin;
