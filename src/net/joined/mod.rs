//! Agents on computers of their own: how they join a hierarchy, and mutual TLS between all that belong to
//! it.
//!
//! ```text
//!  controller                                        agent
//!  registry: tokens, members, refused keys           membership: identity, roster
//!     │ inviting ────── conversation, once ──────▶ listening │
//!     │ admin_http ──── HTTP over mutual TLS ─────▶ listening │ ──▶ router
//!     └ verifying: this very agent                  verifying ┘: controllers, members
//! ```

mod admin_http;
mod conversation;
mod door;
mod identity;
mod inviting;
mod keeper;
mod kept;
mod known;
mod listening;
mod membership;
mod names;
mod registry;
mod renewing;
mod sessions;
#[cfg(test)]
mod tests;
mod token;
mod turned_away;
mod verifying;

pub use admin_http::{AdminHttp, Way};
pub use identity::MembershipError;
pub use inviting::InviteError;
pub use keeper::{Keeper, NotKept};
pub use known::NotReached;
pub use membership::{Caller, Membership};
pub use registry::{RegisteredAgent, Registry, RegistryError, Revoked};
pub use token::{InvalidToken, JoinToken};
pub(super) use turned_away::why_turned_away;
