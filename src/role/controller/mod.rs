//! The controller: looks, plans, applies, until the hierarchy is as the manifests say.

mod by_hand;
mod controller_state;
mod exactly;
mod in_force_file;
mod locate;
mod session;
mod undo_file;
mod upkeep;

pub use by_hand::{SynchronizeError, Synchronized};
pub use controller_state::{Controller, ControllerError, Converged, Looked};
pub use exactly::{CarriedOut, Exactly, Manner};
pub use in_force_file::{InForceError, InForceFile};
pub use locate::locate;
pub use session::{Purpose, Session, SessionError};
pub use undo_file::{UndoError, UndoFile};
pub use upkeep::{RenewError, renew_agent, tell_agents};
