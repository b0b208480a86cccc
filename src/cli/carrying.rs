//! Files on their way to an agent and from one, with a bar.

use std::{io, path::Path};

use futures::StreamExt;
use indicatif::ProgressBar;
use tokio_util::io::ReaderStream;

use super::{Failure, files::unusable, operation, working::bar};
use crate::{
    model::Name,
    net::http::{Body, Response},
};

/// How much of a file is read at once.
const BLOCK: usize = 256 << 10;

/// A file as what a request carries; the bar shows how much of it is sent.
pub(super) fn body(file: tokio::fs::File, bar: &ProgressBar) -> Body {
    let shown = bar.clone();
    let blocks = ReaderStream::with_capacity(file, BLOCK)
        .inspect(move |block| shown.inc(block.as_ref().map_or(0, |block| block.len() as u64)));
    Body::wrap_stream(blocks)
}

/// Takes about so many bytes that a site system answers with, block by block, for the file at a path.
///
/// # Errors
///
/// The connection breaks off ([`ExitCode::Failure`](super::ExitCode::Failure)), or a block is not taken
/// ([`ExitCode::Usage`](super::ExitCode::Usage)).
pub(super) async fn receive(
    response: Response,
    bytes: u64,
    from: &Name,
    path: &Path,
    mut take: impl FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), Failure> {
    let bar = bar(bytes);
    let mut blocks = response.bytes_stream();
    while let Some(block) = blocks.next().await {
        let block = block.map_err(|error| {
            operation(
                anyhow::Error::from(error).context(format!("`{from}` broke off: export again")),
            )
        })?;
        take(&block).map_err(|error| unusable("write", path, error))?;
        bar.inc(block.len() as u64);
    }
    bar.finish_and_clear();
    Ok(())
}
