//! Serving what is still being downloaded (cut-through): the pieces that are verified at once, the
//! others when they have come.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::{Stream, stream};

use crate::{
    blocking::begun,
    content::{Download, Library, LibraryError, StoredFile, blocking},
    model::Digest,
    wire::pieces::{PIECE, Pieces},
};

/// How long a reader waits for a piece: longer than it takes to find another source, shorter than he
/// would wait for an answer that does not go on.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often to look for a download that has ended, or has not begun again.
const LOOK: Duration = Duration::from_millis(100);

/// How much is read at once.
const BLOCK: u64 = 512 << 10;

/// A file that is being downloaded.
#[derive(Debug, Clone)]
pub(super) struct ComingFile {
    library: Library,
    digest: Digest,
    size: u64,
}

/// Where a part of it can be read now.
enum Place {
    Download(Arc<Download>),
    Stored(StoredFile),
}

impl ComingFile {
    /// `None` if nobody downloads it now, or what has come of it is not shared.
    pub(super) fn find(library: &Library, digest: Digest) -> Option<Self> {
        let download = library.coming(&digest)?;
        Some(Self { library: library.clone(), digest, size: download.size() })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// A part of it as a stream of blocks, each as soon as it is verified.
    pub(super) fn read(
        self,
        start: u64,
        length: u64,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let end = start.saturating_add(length).min(self.size);
        stream::try_unfold((self, start), move |(file, at)| async move {
            if at >= end {
                return Ok(None);
            }
            // Never over the end of a piece, which may be the last one that is there.
            let index = at / PIECE;
            let next = Pieces::span(index, file.size).end.min(end).min(at.saturating_add(BLOCK));
            let block = file.block(index, at, next - at).await?;
            Ok(Some((block, (file, next))))
        })
    }

    async fn block(&self, index: u64, start: u64, length: u64) -> io::Result<Bytes> {
        let place = tokio::time::timeout(PATIENCE, self.place(index)).await;
        let place = place.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        let read = begun(move || match place {
            Place::Download(download) => download.read(start, length),
            Place::Stored(file) => file.read(start, length),
        });
        read.await.map_err(io::Error::other)?
    }

    /// Waits until a piece can be read. A download that breaks off begins again as another one.
    async fn place(&self, index: u64) -> io::Result<Place> {
        loop {
            if let Some(download) = self.library.coming(&self.digest) {
                if tokio::time::timeout(LOOK, download.wait_for(index)).await.is_ok() {
                    return Ok(Place::Download(download));
                }
                continue;
            }
            let (library, digest) = (self.library.clone(), self.digest);
            match blocking(move || library.open_file(&digest)).await {
                Ok(file) => return Ok(Place::Stored(file)),
                Err(LibraryError::NoFile(_)) => tokio::time::sleep(LOOK).await,
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}
