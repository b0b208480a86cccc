//! Signals that end a command before it is done.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Failure;

/// A token that is cancelled when somebody ends the program, if `wanted`; otherwise signals end it
/// at once, as they always do.
pub(super) fn stop_on_signal(wanted: bool) -> Result<CancellationToken, Failure> {
    let stop = CancellationToken::new();
    if wanted {
        let mut interrupted = signal(SignalKind::interrupt())?;
        let mut terminated = signal(SignalKind::terminate())?;
        let told = stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupted.recv() => {}
                _ = terminated.recv() => {}
            }
            told.cancel();
        });
    }
    Ok(stop)
}
