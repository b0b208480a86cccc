//! A word to whoever fetches a repository: now, not only when it is time again.

use std::future::pending;

use tokio::sync::watch::{self, Receiver, Sender};

/// Asks that a repository is fetched at once. Its copies mean the same repository.
#[derive(Debug, Clone)]
pub struct FetchNow(Sender<()>);

/// The other end: who fetches, and listens.
#[derive(Debug)]
pub struct Asked(Receiver<()>);

impl FetchNow {
    /// Both ends.
    pub fn new() -> (Self, Asked) {
        let (sender, receiver) = watch::channel(());
        (Self(sender), Asked(receiver))
    }

    /// Asks for a fetch that begins after this: at once, or a few seconds after the last one began. It
    /// never waits, and who asks several times before that gets one fetch.
    pub fn ask(&self) {
        self.0.send_replace(());
    }
}

impl Asked {
    /// A fetch begins now: it is what everybody has asked for until now.
    pub fn answered(&mut self) {
        self.0.mark_unchanged();
    }

    /// Waits until somebody asks, or has asked since the last fetch began; for ever if nobody can any
    /// more.
    pub async fn asked(&mut self) {
        if self.0.changed().await.is_err() {
            pending::<()>().await;
        }
    }
}
