//! Waiting for what may pass.

use jiff::SignedDuration;

/// How long to wait really: tests do not.
pub(super) fn really(wait: SignedDuration) -> SignedDuration {
    if cfg!(test) { wait / 100 } else { wait }
}
