//! The controller: looks, plans, applies, until the hierarchy is as the manifests say.

mod controller_state;
mod session;

pub use controller_state::{Controller, ControllerError, Converged, Looked};
pub use session::{Purpose, Session, SessionError};
