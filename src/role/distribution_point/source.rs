//! One source of a transfer: requests that wait where it is busy, and what its answers mean.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use axum::http::{
    StatusCode,
    header::{CONTENT_RANGE, RETRY_AFTER},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{fetching::Failure, means::Means};
use crate::{
    error_text::with_causes,
    model::{Digest, Name, PullSourceSettings},
    net::{
        http::{Blocks, Client, RequestBuilder, Response},
        why_refused,
    },
    wire::content_identity::COMING,
};

/// How long a source may send nothing, before an answer or in the middle of one.
const STALLED: Duration = Duration::from_secs(15);

/// How often a source is asked again that has sent nothing for so long before an answer.
const SILENT_TRIES: u32 = 1;

/// How long a source that says that it is busy is asked again, and one that says that the file is on
/// its way to it.
const BUSY_PATIENCE: Duration = Duration::from_secs(30);
const COMING_PATIENCE: Duration = Duration::from_mins(10);

/// How often a source that has served and does not answer any more is asked again: for about half a
/// minute.
const UNANSWERED_TRIES: u32 = 7;

/// How long to wait for a busy source that does not say, and how long at most.
const BUSY: Duration = Duration::from_secs(2);
const BUSY_AT_MOST: Duration = Duration::from_mins(1);

/// So much of what a source says that it will send is believed: room for it is made at once.
const EXPECTED: u64 = 1 << 20;

/// How long to wait before a broken transfer is taken up; twice as long each time.
const BACK_OFF: Duration = Duration::from_millis(250);

/// One source of one transfer.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub(super) name: Name,
    url: String,
    client: &'a Client,
    stop: CancellationToken,
    /// It does not know bundles: it is a server of somebody else, or an older one.
    no_bundles: AtomicBool,
    /// Bytes that came, and the nanoseconds for which connections waited for them.
    received: AtomicU64,
    waited: AtomicU64,
}

impl<'a> Source<'a> {
    pub(super) fn new(
        settings: &PullSourceSettings,
        means: &'a Means,
        stop: CancellationToken,
    ) -> Self {
        let url = means.addresses.reach(&settings.url).trim_end_matches('/').to_owned();
        let (name, client) = (settings.distribution_point.clone(), &means.client);
        let (received, waited) = (AtomicU64::new(0), AtomicU64::new(0));
        let no_bundles = AtomicBool::new(false);
        Self { name, url, client, stop, no_bundles, received, waited }
    }

    /// Whether it may know bundles.
    pub(super) fn bundles(&self) -> bool {
        !self.no_bundles.load(Ordering::Relaxed)
    }

    /// It does not know bundles.
    pub(super) fn has_no_bundles(&self) {
        self.no_bundles.store(true, Ordering::Relaxed);
    }

    /// How many bytes came, and how long connections waited for them, each counted: what a
    /// connection of it gives.
    pub(super) fn measured(&self) -> (u64, Duration) {
        let waited = Duration::from_nanos(self.waited.load(Ordering::Relaxed));
        (self.received.load(Ordering::Relaxed), waited)
    }

    fn waited(&self, since: Instant) {
        let nanoseconds = u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.waited.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    /// A request for what it has at a path.
    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    /// A request that brings something, for what it has at a path.
    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url))
    }

    /// A request for a file.
    pub(super) fn file(&self, digest: &Digest) -> RequestBuilder {
        tracing::debug!(%digest, source = self.url, "fetching a file");
        self.get(&format!("/files/{}", digest.to_hex()))
    }

    /// Sends the first request of a transfer: a source that is not there is left at once.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        self.send_with(request, 0).await
    }

    /// Sends a request in the middle of a transfer: a source that has just been started again is
    /// waited for.
    pub(super) async fn send_again(&self, request: RequestBuilder) -> Result<Response, Failure> {
        self.send_with(request, UNANSWERED_TRIES).await
    }

    /// One that is busy is asked again when it says.
    async fn send_with(
        &self,
        mut request: RequestBuilder,
        mut tries: u32,
    ) -> Result<Response, Failure> {
        let (mut unanswered, mut busy_since) = (0, None);
        loop {
            let (again, began) = (request.try_clone(), Instant::now());
            let sent = tokio::select! {
                () = self.stop.cancelled() => return Err(Failure::Stopped),
                sent = tokio::time::timeout(STALLED, request.send()) => sent,
            };
            self.waited(began);
            let Ok(sent) = sent else {
                match again.filter(|_| tries > 0) {
                    Some(again) => request = again,
                    None => return Err(Failure::Source(silent())),
                }
                tries = tries.min(SILENT_TRIES) - 1;
                continue;
            };
            match (sent, again) {
                (Ok(response), Some(again)) => match busy(&response) {
                    Some(after)
                        if busy_since.get_or_insert(began).elapsed() < patience(&response) =>
                    {
                        self.pause(after).await?;
                        request = again;
                    }
                    _ => return Ok(response),
                },
                // Nobody becomes somebody else while one waits.
                (Err(error), Some(again)) if tries > 0 && why_refused(&error).is_none() => {
                    tries -= 1;
                    self.back_off(unanswered).await?;
                    unanswered += 1;
                    request = again;
                }
                (Ok(response), None) => return Ok(response),
                (Err(error), _) => {
                    let why = why_refused(&error)
                        .unwrap_or_else(|| format!("it does not answer: {}", with_causes(&error)));
                    return Err(Failure::Source(why));
                }
            }
        }
    }

    /// A body of at most so many bytes.
    pub(super) async fn body(&self, response: Response, limit: u64) -> Result<Bytes, Failure> {
        let too_long = || Failure::Source(format!("it sends more than {limit} bytes"));
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(too_long());
        }
        let length = response.content_length().unwrap_or_default().min(EXPECTED);
        let mut bytes = BytesMut::with_capacity(usize::try_from(length).unwrap_or_default());
        let mut blocks = response.bytes_stream();
        while let Some(block) = self.next(&mut blocks).await? {
            bytes.extend_from_slice(&block.map_err(Failure::Source)?);
            if bytes.len() as u64 > limit {
                return Err(too_long());
            }
        }
        Ok(bytes.freeze())
    }

    /// The next block of a body, or why it broke off; `None` behind the last one.
    ///
    /// # Errors
    ///
    /// The transfer was stopped.
    pub(super) async fn next(
        &self,
        blocks: &mut Blocks,
    ) -> Result<Option<Result<Bytes, String>>, Failure> {
        let began = Instant::now();
        let next = tokio::select! {
            biased;
            () = self.stop.cancelled() => return Err(Failure::Stopped),
            next = tokio::time::timeout(STALLED, blocks.next()) => next,
        };
        self.waited(began);
        if let Ok(Some(Ok(block))) = &next {
            self.received.fetch_add(block.len() as u64, Ordering::Relaxed);
        }
        Ok(match next {
            Ok(None) => None,
            Ok(Some(Ok(block))) => Some(Ok(block)),
            Ok(Some(Err(error))) => Some(Err(format!("it broke off: {}", with_causes(&error)))),
            Err(_) => Some(Err(silent())),
        })
    }

    /// Waits before an attempt, the longer the more there were.
    pub(super) async fn back_off(&self, attempt: u32) -> Result<(), Failure> {
        self.pause(BACK_OFF.saturating_mul(1 << attempt.min(6))).await
    }

    /// Waits about so long: not all at the same moment again.
    async fn pause(&self, about: Duration) -> Result<(), Failure> {
        let [byte, ..] = Uuid::new_v4().into_bytes();
        let exactly = about.mul_f64(0.75 + f64::from(byte) / 512.0);
        tokio::select! {
            () = self.stop.cancelled() => Err(Failure::Stopped),
            () = tokio::time::sleep(exactly) => Ok(()),
        }
    }
}

fn silent() -> String {
    format!("it sent nothing for {} seconds", STALLED.as_secs())
}

/// For how long a source that is busy is asked again.
fn patience(response: &Response) -> Duration {
    if response.headers().contains_key(COMING) { COMING_PATIENCE } else { BUSY_PATIENCE }
}

/// How long to wait, if a source says that it is busy.
fn busy(response: &Response) -> Option<Duration> {
    let status = response.status();
    if status != StatusCode::SERVICE_UNAVAILABLE && status != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let after = response.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok());
    let after = after.and_then(|after| after.trim().parse().ok()).map(Duration::from_secs);
    Some(after.unwrap_or(BUSY).min(BUSY_AT_MOST))
}

/// Whether an answer is exactly this part of a file of the right size.
pub(super) fn is_part(response: &Response, from: u64, last: u64, size: u64) -> bool {
    let expected = format!("bytes {from}-{last}/{size}");
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    range.is_some_and(|range| range.trim() == expected)
}

/// A source has other bytes than it should.
pub(super) fn damaged(digest: Digest) -> Failure {
    Failure::Source(format!("file {digest} is damaged there: its bytes have another digest"))
}

/// What it means that a source answers with this status.
pub(super) fn refused(response: &Response, what: &str) -> Failure {
    let status = response.status();
    Failure::Source(match status {
        StatusCode::NOT_FOUND => format!("it does not have {what} (404)"),
        StatusCode::FORBIDDEN => format!(
            "it refuses {what} (403): on the source, check that it trusts the certificates with which \
             clients authenticate, and that this computer may read its content"
        ),
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            format!("it is too busy for {what} ({})", status.as_u16())
        }
        _ => format!("it answers {status} for {what}"),
    })
}
