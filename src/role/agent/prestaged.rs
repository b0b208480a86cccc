//! Prestaged content on the admin port (PDP-9): packages out of a content library as one file, and
//! such a file into one.
//!
//! | request                                          | answer                                     |
//! |--------------------------------------------------|--------------------------------------------|
//! | `GET /v1/prestaged-content?packages=<ID>,<ID>`   | the file                                   |
//! | `POST /v1/prestaged-content`, the file           | the states of its packages, now visible    |

use std::{
    collections::BTreeSet,
    io::{self, BufWriter, Read, Write},
};

use axum::{
    Json,
    body::Body,
    extract::{Query, State},
    http::{StatusCode, header::CONTENT_LENGTH},
    response::{IntoResponse, Response},
};
use bytes::{Buf, Bytes};
use futures::{StreamExt, stream};
use serde::Deserialize;
use tokio::sync::mpsc;

use crate::{
    blocking::blocking,
    content::{Library, LibraryError, PrestagedError},
    error_text::with_causes,
    model::PackageId,
};

use super::{Agent, admin_port::Served};

/// What is remembered of where a package came from.
const SOURCE: &str = "prestaged content";

/// How much is gathered before it goes onto the network.
const BLOCK: usize = 256 << 10;

/// How many blocks may wait for the disk, or for the network.
const WAITING: usize = 4;

/// Why the admin port does not do it.
pub(super) struct Refused(StatusCode, String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, format!("{}\n", self.1)).into_response()
    }
}

impl From<PrestagedError> for Refused {
    fn from(error: PrestagedError) -> Self {
        let status = match &error {
            PrestagedError::NotWhole(_) => StatusCode::NOT_FOUND,
            PrestagedError::Library(
                LibraryError::DiskFull { .. } | LibraryError::NoRoom { .. },
            ) => StatusCode::INSUFFICIENT_STORAGE,
            PrestagedError::NotOne
            | PrestagedError::Format(_)
            | PrestagedError::Truncated
            | PrestagedError::Damaged(_)
            | PrestagedError::FileList(_)
            | PrestagedError::TooMuch => StatusCode::UNPROCESSABLE_ENTITY,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(status, with_causes(&error))
    }
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    packages: String,
}

/// Writes packages into the answer.
pub(super) async fn export(
    State(served): State<Served>,
    Query(Wanted { packages }): Query<Wanted>,
) -> Result<Response, Refused> {
    let packages: Result<BTreeSet<PackageId>, _> = packages.split(',').map(str::parse).collect();
    let packages =
        packages.map_err(|error| Refused(StatusCode::BAD_REQUEST, with_causes(&error)))?;
    let libraries = served.agent.libraries().await;
    let ready = blocking(move || {
        let whole = |it: &Library| packages.iter().all(|package| it.whole(package).is_some());
        // A computer may carry a site server and a distribution point.
        let chosen = libraries.iter().find(|it| whole(it)).or(libraries.first());
        chosen.map(|library| library.export(&packages)).transpose()
    });
    let none = || {
        let why = "this site system is neither a site server nor a distribution point";
        Refused(StatusCode::CONFLICT, why.to_owned())
    };
    let export = ready.await?.ok_or_else(none)?;
    let size = export.size();
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let writer = BufWriter::with_capacity(BLOCK, Sent(sender.clone()));
        if let Err(error) = export.write(writer) {
            let why = with_causes(&error);
            tracing::warn!(why, "prestaged content was not written to its end");
            // Breaks the answer off; whoever asked for it may be gone already.
            let _ = sender.blocking_send(Err(io::Error::other(why)));
        }
    });
    let blocks = stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|block| (block, receiver))
    });
    Ok(([(CONTENT_LENGTH, size)], Body::from_stream(blocks)).into_response())
}

/// Takes the packages of a file in.
pub(super) async fn extract(State(served): State<Served>, body: Body) -> Result<Response, Refused> {
    let refused = |error: &dyn std::error::Error| Refused(StatusCode::CONFLICT, with_causes(error));
    let point = served.agent.distribution_point().await.map_err(|error| refused(&error))?;
    let library = point.extracting_library().await.map_err(|error| refused(&error))?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let extracting = tokio::task::spawn_blocking(move || {
        let from = Received { blocks: receiver, block: Bytes::new() };
        library.extract(from, SOURCE)
    });
    let mut body = body.into_data_stream();
    let mut wanted = true;
    // A file that is refused is read to its end all the same: the answer would not be heard by one
    // who is still speaking.
    while let Some(block) = body.next().await {
        let block = block.map_err(io::Error::other);
        let broken = block.is_err();
        wanted = wanted && sender.send(block).await.is_ok();
        if broken {
            break;
        }
    }
    drop(sender);
    let extracted = crate::blocking::joined(extracting.await)?;
    for (package, state) in &extracted {
        tracing::info!(%package, files = state.files, bytes = state.bytes, "was prestaged");
    }
    Ok(Json(extracted).into_response())
}

impl Agent {
    /// The content libraries of its roles.
    async fn libraries(&self) -> Vec<Library> {
        let (package_library, point) = {
            let roles = self.0.roles.read().await;
            (roles.package_library.clone(), roles.distribution_point.clone())
        };
        let mut libraries: Vec<Library> =
            package_library.into_iter().map(|it| it.library).collect();
        if let Some(point) = point {
            libraries.extend(point.library().await);
        }
        libraries
    }
}

/// The network, as something to write to.
struct Sent(mpsc::Sender<io::Result<Bytes>>);

impl Write for Sent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let block = Bytes::copy_from_slice(bytes);
        self.0.blocking_send(Ok(block)).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The network, as something to read from.
struct Received {
    blocks: mpsc::Receiver<io::Result<Bytes>>,
    block: Bytes,
}

impl Read for Received {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.block.is_empty() {
            match self.blocks.blocking_recv() {
                Some(block) => self.block = block?,
                None => return Ok(0),
            }
        }
        let length = into.len().min(self.block.len());
        if let Some(into) = into.get_mut(..length) {
            self.block.copy_to_slice(into);
        }
        Ok(length)
    }
}
