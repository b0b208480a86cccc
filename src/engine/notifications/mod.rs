//! Who is told what of what the controller does and finds: occurrences in, messages out. What lasts is
//! told once, again only after a while, and once more when it is over; what heals by itself is not
//! told. What was told and what is still to be delivered is a value that lasts over a restart.
//!
//! ```text
//!  occurrence ─▶ notifications: what holds ─▶ receiver: is it news to this one? ─▶ outbox ─▶ message
//! ```

mod machine;
mod message;
mod occurrence;
mod outbox;
mod receiver;
#[cfg(test)]
mod tests;

pub use machine::{Memory, Notifications};
pub use message::{CommitState, CommitUpdate, Message, MessageContent, Told, ToldState};
pub use occurrence::{Condition, Look, Manifests, Occurrence, PassEnded};
pub use outbox::{LONGEST_QUEUE, Outbox, Trouble};
pub use receiver::{Receiver, ReceiverMemory};
