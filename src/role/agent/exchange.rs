//! Files of updates on the admin port (SYNC-7).
//!
//! | request                                  | answer                                             |
//! |------------------------------------------|----------------------------------------------------|
//! | `GET /v1/update-point/exports/<digest>`  | what `ExportUpdates` has written, once             |
//! | `POST /v1/update-point/imports`, a file  | its digest and size: `ImportReceived` imports it   |

use std::io::Write;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{StatusCode, header::CONTENT_LENGTH},
    response::{IntoResponse, Response},
};
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_util::io::ReaderStream;

use super::{
    CommandError,
    admin_port::{Served, failure},
};
use crate::{
    blocking::blocking,
    model::{Digest, FileFacts, Hashing},
    role::update_point::{ExportFailed, Shelf, UpdatePointError, Way},
};

/// How much of a file is read at once.
const BLOCK: usize = 256 << 10;

/// Answers with an export, and takes it down.
pub(super) async fn exported(State(served): State<Served>, Path(digest): Path<String>) -> Response {
    let Ok(digest) = Digest::from_hex(&digest) else {
        return (StatusCode::BAD_REQUEST, "exports are asked for by their digests\n")
            .into_response();
    };
    let point = match served.agent.update_point().await {
        Ok(point) => point,
        Err(error) => return failure(&error),
    };
    let shelf = point.files();
    let taken = blocking(move || {
        let file = shelf.take(Way::Exported, digest).map_err(ExportFailed::Write)?;
        let file = file.ok_or(ExportFailed::Gone(digest))?;
        let bytes = file.metadata().map_err(ExportFailed::Write)?.len();
        Ok::<_, ExportFailed>((file, bytes))
    });
    match taken.await {
        Ok((file, bytes)) => {
            let blocks = ReaderStream::with_capacity(tokio::fs::File::from_std(file), BLOCK);
            ([(CONTENT_LENGTH, bytes)], Body::from_stream(blocks)).into_response()
        }
        Err(error) => failure(&CommandError::from(UpdatePointError::from(error))),
    }
}

/// The longest file that is taken: content may be in it.
const LONGEST: u64 = 1 << 40;

/// How many blocks may wait for the disk.
const WAITING: usize = 4;

/// Takes a file, and keeps it until it is imported or another one comes.
pub(super) async fn receive(State(served): State<Served>, body: Body) -> Response {
    let shelf = match served.agent.update_point().await {
        Ok(point) => point.files(),
        Err(error) => return failure(&error),
    };
    let (sender, receiver) = mpsc::channel(WAITING);
    let keeping = blocking(move || keep(&shelf, receiver));
    let sending = async move {
        let mut body = body.into_data_stream();
        let mut wanted = true;
        // A file that is refused is read to its end all the same: the answer would not be heard by
        // one who is still speaking.
        while let Some(block) = body.next().await {
            let broken = block.is_err();
            let block = block.map_err(std::io::Error::other);
            wanted = wanted && sender.send(block).await.is_ok();
            if broken {
                break;
            }
        }
    };
    match tokio::join!(keeping, sending).0 {
        Ok(facts) => Json(facts).into_response(),
        Err(error) => failure(&CommandError::from(error)),
    }
}

fn keep(
    shelf: &Shelf,
    mut blocks: mpsc::Receiver<std::io::Result<bytes::Bytes>>,
) -> Result<FileFacts, UpdatePointError> {
    let failed = |source| shelf.failed(source);
    let (mut file, temporary) = shelf.begin().map_err(failed)?;
    let mut hashing = Hashing::default();
    let mut size = 0_u64;
    while let Some(block) = blocks.blocking_recv() {
        let block = block.map_err(failed)?;
        size = size.saturating_add(block.len() as u64);
        if size > LONGEST {
            return Err(failed(std::io::ErrorKind::FileTooLarge.into()));
        }
        file.write_all(&block).map_err(failed)?;
        hashing.update(&block);
    }
    let digest = hashing.digest();
    shelf.put(&temporary, Way::Received, digest).map_err(failed)?;
    Ok(FileFacts { digest, size })
}
