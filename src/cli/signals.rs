//! Signals that end a command before it is done.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Failure;

/// The signals by which somebody ends a program that stays. Made once: one that comes is kept until
/// somebody asks, and does nothing else from then on.
pub(super) struct Signals {
    interrupted: Signal,
    terminated: Signal,
}

impl Signals {
    /// From now on signals come here.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupted: signal(SignalKind::interrupt())?,
            terminated: signal(SignalKind::terminate())?,
        })
    }

    /// Waits until one has come. It may be given up at any time.
    pub(super) async fn ended(&mut self) {
        tokio::select! {
            _ = self.interrupted.recv() => {}
            _ = self.terminated.recv() => {}
        }
    }
}

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
