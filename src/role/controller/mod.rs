//! The controller: looks, plans, applies, until the hierarchy is as the manifests say.

mod approval_files;
mod by_hand;
mod controller_state;
mod exactly;
mod in_force_file;
mod leaving;
mod locate;
mod permitted;
mod remembered;
mod session;
mod told;
mod undo_file;
mod upkeep;
mod way_back_target;

pub use approval_files::{APPROVAL_COUNTS_FOR, ApprovalError, ApprovalFiles};
pub use by_hand::{SynchronizeError, Synchronized};
pub use controller_state::{Controller, ControllerError, Converged, Looked};
pub use exactly::{CarriedOut, Exactly, Manner};
pub use in_force_file::{InForceError, InForceFile};
pub use leaving::Leaving;
pub use locate::locate;
pub use permitted::{NeedsApproval, failed_before};
pub use remembered::{KeptAt, Remembered};
pub use session::{Purpose, Session, SessionError, Waiting};
pub use undo_file::{UndoError, UndoFile};
pub use upkeep::{RenewError, renew_agent, tell_agents};
pub use way_back_target::{Target, TargetError};
