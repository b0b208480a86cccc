//! One file: asked for from where it was left, written as it comes, kept if it is the right one.

use axum::http::{
    StatusCode,
    header::{CONTENT_RANGE, RANGE, RETRY_AFTER},
};
use bytes::Bytes;
use futures::StreamExt;
use jiff::SignedDuration;
use tokio::sync::mpsc;

use crate::{
    blocking::{begun_apart, blocking, joined},
    content::{IncomingUpdateFile, UpdateFileError, UpdateFiles},
    error_text::with_causes,
    net::{
        http::{Blocks, Client, HttpError, Response},
        why_refused,
    },
    wire::{range::ByteRange, update_content::UpdateContent},
};

/// Blocks of the network that may wait for the disk: it is slowed down before memory fills.
const WAITING: usize = 16;

/// How often a file goes on at once whose transfer broke off, as long as something has come.
const GOES_ON: u32 = 5;

/// Why a file has not come.
#[derive(Debug)]
pub(in crate::role) enum Trouble {
    /// It is not there.
    NotThere,
    /// Whoever should have it has another one.
    Wrong(UpdateFileError),
    /// Something that may pass; `after` is how long the server asks to be left alone.
    Passing { why: String, after: Option<SignedDuration> },
    /// This disk is full, or refuses.
    Disk(UpdateFileError),
}

impl From<UpdateFileError> for Trouble {
    fn from(error: UpdateFileError) -> Self {
        match error {
            error if error.is_wrong() => Self::Wrong(error),
            error if error.is_about_the_disk() => Self::Disk(error),
            error => passing(with_causes(&error)),
        }
    }
}

fn passing(why: String) -> Trouble {
    Trouble::Passing { why, after: None }
}

/// Downloads a file. One that was begun before goes on where it was.
pub(in crate::role) async fn download(
    client: &Client,
    url: &str,
    files: &UpdateFiles,
    wanted: &UpdateContent,
) -> Result<(), Trouble> {
    let mut tries = 0;
    loop {
        let (library, content) = (files.clone(), wanted.clone());
        let incoming = blocking(move || library.download(&content)).await?;
        let before = incoming.written();
        let result = try_once(client, url, incoming).await;
        tries += 1;
        let has_moved = files.begun(wanted.name.sha1()) > before;
        match result {
            Err(Trouble::Passing { after: None, .. }) if has_moved && tries < GOES_ON => {}
            result => return result,
        }
    }
}

async fn try_once(
    client: &Client,
    url: &str,
    mut incoming: IncomingUpdateFile,
) -> Result<(), Trouble> {
    let (from, size) = (incoming.written(), incoming.wanted().size);
    if from == size {
        return Ok(blocking(move || incoming.finish()).await?);
    }
    let mut request = client.get(url);
    if from > 0 {
        request = request.header(RANGE, format!("bytes={from}-"));
    }
    let response = request.send().await.map_err(|error| passing(unreachable(&error)))?;
    match response.status() {
        StatusCode::PARTIAL_CONTENT if is_rest(&response, from, size) => {}
        StatusCode::OK => {
            if response.content_length().is_some_and(|it| it != size) {
                let name = incoming.wanted().name.clone();
                let written = response.content_length().unwrap_or(0);
                return Err(Trouble::Wrong(if written > size {
                    UpdateFileError::TooLong { name, size }
                } else {
                    UpdateFileError::Short { name, written, size }
                }));
            }
            if from > 0 {
                incoming = blocking(move || incoming.restart().map(|()| incoming)).await?;
            }
        }
        StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
            // It has less than what is here: what is here is not believed either.
            blocking(move || incoming.restart()).await?;
            return Err(passing("it does not go on where the download was left".to_owned()));
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => return Err(Trouble::NotThere),
        status => {
            let busy = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS];
            let after = busy.contains(&status).then(|| retry_after(&response)).flatten();
            return Err(Trouble::Passing { why: format!("it answers {status}"), after });
        }
    }
    receive(incoming, response.bytes_stream()).await
}

/// Writes what comes: the network is read here, the disk and the hashes have a thread of their own.
async fn receive(mut incoming: IncomingUpdateFile, mut body: Blocks) -> Result<(), Trouble> {
    let (blocks, mut waiting) = mpsc::channel::<Bytes>(WAITING);
    let writer = begun_apart(async move {
        while let Some(block) = waiting.recv().await {
            incoming.write(&block)?;
        }
        incoming.finish()
    });
    let mut broken = None;
    while let Some(block) = body.next().await {
        match block {
            // Refused only when the disk failed, which the writer tells below.
            Ok(block) => {
                if blocks.send(block).await.is_err() {
                    break;
                }
            }
            Err(error) => {
                broken = Some(passing(format!("it broke off: {}", with_causes(&error))));
                break;
            }
        }
    }
    drop(blocks);
    match (joined(writer.await), broken) {
        (Err(UpdateFileError::Short { .. }), Some(broken)) => Err(broken),
        (written, _) => Ok(written?),
    }
}

/// Whether an answer is the rest of a file of the right size.
fn is_rest(response: &Response, from: u64, size: u64) -> bool {
    let rest = ByteRange { start: from, end_inclusive: size.saturating_sub(1) };
    let range = response.headers().get(CONTENT_RANGE).and_then(|it| it.to_str().ok());
    range.is_some_and(|it| it.trim() == rest.content_range(size))
}

fn retry_after(response: &Response) -> Option<SignedDuration> {
    let after = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse::<u32>().ok()?;
    Some(SignedDuration::from_secs(i64::from(after)))
}

fn unreachable(error: &HttpError) -> String {
    why_refused(error).unwrap_or_else(|| format!("it does not answer: {}", with_causes(error)))
}
