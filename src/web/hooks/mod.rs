//! The hook: a git server says that something was pushed. Only who knows a secret is believed, and even
//! he can do no more than have the followed repository fetched, which is bounded elsewhere
//! ([`FetchNow`]); therefore a request that comes twice does no harm.

mod genuine;
mod push;
mod receiving;
mod secrets;

pub use receiving::Hooks;
pub(super) use receiving::receive;
pub use secrets::{HookSecretError, HookSecrets};

#[cfg(doc)]
use crate::git::FetchNow;
