//! A stream of bytes from the network into a file of the library.

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::blocking::{begun_apart, joined};

use super::{Intake, Intaken, LibraryError};

/// Blocks from the network are gathered up to this size: waking the writer for each small one would
/// cost more than the copy.
const GATHERED: usize = 256 << 10;

/// How many gathered blocks may wait for the disk: the network is slowed down before memory fills.
const WAITING: usize = 4;

/// A file could not be received.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError<E> {
    /// The library refused it.
    #[error(transparent)]
    Library(LibraryError),
    /// The sender broke off.
    #[error("the transfer broke off")]
    Body(#[source] E),
    /// The work was stopped.
    #[error("the transfer was stopped")]
    Stopped,
}

/// Writes a stream into a file: the network is read here, the hash and the disk have a thread of
/// their own. Whatever ends it, the file is closed when this answers.
///
/// # Errors
///
/// The library refused, the stream broke off, or the work was stopped; a download keeps its bytes.
pub async fn receive<E>(
    mut intake: Intake,
    body: impl Stream<Item = Result<Bytes, E>>,
    stop: &CancellationToken,
    received: impl Fn(u64),
) -> Result<Intaken, ReceiveError<E>> {
    let (blocks, mut waiting) = mpsc::channel::<Bytes>(WAITING);
    let writer = begun_apart(async move {
        while let Some(block) = waiting.recv().await {
            intake.write(&block)?;
        }
        intake.finish()
    });
    let mut body = std::pin::pin!(body);
    let mut broken = None;
    let mut gathered = BytesMut::new();
    loop {
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => {
                broken = Some(ReceiveError::Stopped);
                break;
            }
            next = body.next() => next,
        };
        match next {
            Some(Ok(block)) => {
                received(block.len() as u64);
                if gathered.is_empty() {
                    gathered.reserve(GATHERED);
                }
                gathered.extend_from_slice(&block);
                // Refused only when the disk failed, which the writer tells below.
                if gathered.len() >= GATHERED
                    && blocks.send(gathered.split().freeze()).await.is_err()
                {
                    break;
                }
            }
            Some(Err(error)) => {
                broken = Some(ReceiveError::Body(error));
                break;
            }
            None => break,
        }
    }
    // What came is kept, however it ended.
    let _ = blocks.send(gathered.freeze()).await;
    drop(blocks);
    let written = joined(writer.await);
    match (written, broken) {
        (Err(error), _) => Err(ReceiveError::Library(error)),
        // Every byte came before it broke off.
        (Ok(Intaken::Verified), _) => Ok(Intaken::Verified),
        (Ok(_), Some(broken)) => Err(broken),
        (Ok(ended), None) => Ok(ended),
    }
}
