//! Fetching from one source: the list of files, then many files at a time, each verified (PDP-12).

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryFutureExt, TryStreamExt, stream};
use reqwest::{
    RequestBuilder, Response, StatusCode,
    header::{CONTENT_RANGE, IF_RANGE, RANGE},
};
use tokio_util::sync::CancellationToken;

use super::{
    job::{Job, Progress},
    means::Means,
    validators::entity_tag,
};
use crate::{
    content::{Claim, Intake, Intaken, LibraryError, ReceiveError, blocking, receive},
    error_text::with_causes,
    model::{Digest, PullSourceSettings},
    wire::file_list::FileList,
};

/// Files of one transfer that are fetched at a time, each on its own connection.
const AT_A_TIME: usize = 8;

/// Files up to this size are taken into memory and written in one go; larger ones are written as
/// they come, and taken up in the middle after an interruption.
const AT_ONCE: u64 = 256 << 10;

/// How often a file is asked for again where its transfer broke off in the middle.
const ATTEMPTS: u32 = 3;

/// Why fetching ended early.
#[derive(Debug)]
pub(super) enum Failure {
    /// The source lacks the content or failed; the text says how.
    Source(String),
    /// This computer failed.
    Library(LibraryError),
    /// It was told to stop, or another file failed.
    Stopped,
}

impl From<LibraryError> for Failure {
    fn from(error: LibraryError) -> Self {
        Self::Library(error)
    }
}

/// One source of one transfer.
pub(super) struct Fetch<'a> {
    job: &'a Job,
    means: &'a Means,
    url: String,
    /// Ends what is under way when one file failed.
    stop: CancellationToken,
}

impl<'a> Fetch<'a> {
    pub(super) fn new(source: &PullSourceSettings, job: &'a Job, means: &'a Means) -> Self {
        let url = means.addresses.reach(&source.url).trim_end_matches('/').to_owned();
        Self { job, means, url, stop: job.stop.child_token() }
    }

    /// The list of files, if the source has exactly the package that the site named; from then on
    /// the package is on its way here.
    pub(super) async fn list(&self) -> Result<Arc<FileList>, Failure> {
        let record = &self.job.record;
        let url = format!("{}/packages/{}", self.url, record.package);
        let response = self.send(self.means.client.get(url)).await?;
        if response.status() != StatusCode::OK {
            return Err(refused(&response, "the package"));
        }
        let bytes = self.body(response, FileList::MAX_BYTES as u64).await?;
        let (library, digest) = (self.means.library.clone(), record.digest);
        let read = blocking(move || {
            // Nothing is read of a list before it is known to be the right one.
            if Digest::of(&bytes) != digest {
                return Ok(None);
            }
            let list = Arc::new(FileList::decode(&bytes)?);
            library.begin(Arc::clone(&list))?;
            Ok(Some(list))
        });
        let list = read
            .await?
            .ok_or_else(|| Failure::Source("it has another version of the package".to_owned()))?;
        if *list.package() != record.package {
            return Err(Failure::Source("its list of files is of another package".to_owned()));
        }
        Ok(list)
    }

    /// Fetches these files and makes them durable. The first failure ends it; what is complete by
    /// then stays.
    pub(super) async fn files(&self, missing: BTreeMap<Digest, u64>) -> Result<(), Failure> {
        let others_have = self.pass(missing, Others::Skip).await?;
        // Those that another transfer was fetching: most are there by now.
        self.pass(others_have, Others::Await).await?;
        Ok(())
    }

    /// Answers the files that were skipped.
    async fn pass(
        &self,
        files: BTreeMap<Digest, u64>,
        others: Others,
    ) -> Result<BTreeMap<Digest, u64>, Failure> {
        let mut skipped = BTreeMap::new();
        if files.is_empty() {
            return Ok(skipped);
        }
        let library = self.means.library.clone();
        let partials = blocking(move || library.partials()).await?;
        let mut fetches = stream::iter(files)
            .map(|(digest, size)| {
                let fetched = self.file(digest, size, partials.contains_key(&digest), others);
                fetched.map_ok(move |there| (digest, size, there))
            })
            .buffer_unordered(AT_A_TIME);
        let mut first = None;
        // All are waited for: a file must not be written by two at once.
        while let Some(fetched) = fetches.next().await {
            match fetched {
                Ok((_, _, true)) => {}
                Ok((digest, size, false)) => drop(skipped.insert(digest, size)),
                Err(failure) => {
                    self.stop.cancel();
                    first.get_or_insert(failure);
                }
            }
        }
        let library = self.means.library.clone();
        blocking(move || library.settle()).await?;
        first.map_or(Ok(skipped), Err)
    }

    /// Answers whether the file is there now, or was skipped.
    async fn file(
        &self,
        digest: Digest,
        size: u64,
        begun: bool,
        others: Others,
    ) -> Result<bool, Failure> {
        if self.stop.is_cancelled() {
            return Err(Failure::Stopped);
        }
        let Ok(_connection) = self.means.connections.acquire().await else {
            return Err(Failure::Stopped);
        };
        for attempt in 1.. {
            let claim = match (self.means.library.try_claim(digest), others) {
                (Some(claim), _) => claim,
                (None, Others::Skip) => return Ok(false),
                (None, Others::Await) => tokio::select! {
                    () = self.stop.cancelled() => return Err(Failure::Stopped),
                    claim = self.means.library.claim(digest) => claim?,
                },
            };
            let counted = Counted { progress: &self.job.progress, bytes: AtomicU64::new(0) };
            if self.means.library.has(&digest, size) {
                counted.verified(size);
                return Ok(true);
            }
            let ended = if size <= AT_ONCE && !begun {
                self.small(claim, digest, size, &counted).await?
            } else {
                self.large(claim, digest, size, &counted).await?
            };
            match ended {
                Ended::Verified => {
                    counted.verified(size);
                    return Ok(true);
                }
                Ended::Again(_) if attempt < ATTEMPTS => {}
                Ended::Again(reason) => return Err(Failure::Source(reason)),
            }
        }
        Err(Failure::Stopped)
    }

    /// Fetches a file into memory and stores it.
    async fn small(
        &self,
        claim: Claim,
        digest: Digest,
        size: u64,
        counted: &Counted<'_>,
    ) -> Result<Ended, Failure> {
        let response = self.send(self.request(&digest)).await?;
        if response.status() != StatusCode::OK {
            return Err(refused(&response, &format!("file {}", digest.to_hex())));
        }
        let bytes = self.body(response, size).await?;
        counted.add(bytes.len() as u64);
        if bytes.len() as u64 != size {
            return Err(Failure::Source(format!("it broke off in the middle of file {digest}")));
        }
        let library = self.means.library.clone();
        let right = blocking(move || library.store(Some(claim), digest, &bytes)).await?;
        if right { Ok(Ended::Verified) } else { Err(damaged(digest)) }
    }

    /// Fetches a file as it comes, from where an earlier transfer ended.
    async fn large(
        &self,
        claim: Claim,
        digest: Digest,
        size: u64,
        counted: &Counted<'_>,
    ) -> Result<Ended, Failure> {
        let library = self.means.library.clone();
        let mut intake = blocking(move || library.resume(claim, digest, size)).await?;
        let begun_at = intake.written();
        counted.add(begun_at);
        if intake.complete() {
            return match blocking(move || intake.finish()).await? {
                Intaken::Verified => Ok(Ended::Verified),
                // What was on the disk is removed now, and no fault of this source.
                _ => Ok(Ended::Again(format!("file {digest} was damaged on this computer"))),
            };
        }
        let mut request = self.request(&digest);
        if begun_at > 0 {
            let range = format!("bytes={begun_at}-");
            request = request.header(RANGE, range).header(IF_RANGE, entity_tag(&digest));
        }
        let response = self.send(request).await?;
        match response.status() {
            StatusCode::PARTIAL_CONTENT if continues(&response, begun_at, size) => {}
            StatusCode::OK if begun_at == 0 => {}
            StatusCode::OK => intake = self.restart(intake, counted).await?,
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE if begun_at > 0 => {
                self.restart(intake, counted).await?;
                return Ok(Ended::Again(format!("it does not continue file {digest}")));
            }
            _ => return Err(refused(&response, &format!("file {}", digest.to_hex()))),
        }
        let body = response.bytes_stream();
        match receive(intake, body, &self.stop, |bytes| counted.add(bytes)).await {
            Ok(Intaken::Verified) => Ok(Ended::Verified),
            Ok(Intaken::Short { written }) => {
                Ok(Ended::Again(format!("it broke off after {written} bytes of file {digest}")))
            }
            // Earlier bytes may have come from elsewhere: this source gets a chance of its own.
            Ok(Intaken::WrongDigest(_) | Intaken::TooLong) if begun_at > 0 => {
                Ok(Ended::Again(format!("file {digest} is damaged there")))
            }
            Ok(Intaken::WrongDigest(_) | Intaken::TooLong) => Err(damaged(digest)),
            Err(ReceiveError::Body(error)) => {
                Ok(Ended::Again(format!("it broke off in file {digest}: {}", with_causes(&error))))
            }
            Err(ReceiveError::Library(error)) => Err(error.into()),
            Err(ReceiveError::Stopped) => Err(Failure::Stopped),
        }
    }

    async fn restart(&self, mut intake: Intake, counted: &Counted<'_>) -> Result<Intake, Failure> {
        counted.reset();
        let restarted = blocking(move || {
            intake.restart()?;
            Ok(intake)
        });
        Ok(restarted.await?)
    }

    fn request(&self, digest: &Digest) -> RequestBuilder {
        tracing::debug!(%digest, source = self.url, "fetching a file");
        self.means.client.get(format!("{}/files/{}", self.url, digest.to_hex()))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Failure> {
        tokio::select! {
            () = self.stop.cancelled() => Err(Failure::Stopped),
            sent = request.send() => {
                sent.map_err(|error| Failure::Source(format!("it does not answer: {}", with_causes(&error))))
            }
        }
    }

    /// A body of at most so many bytes.
    async fn body(&self, response: Response, limit: u64) -> Result<Bytes, Failure> {
        let too_long = || Failure::Source(format!("it sends more than {limit} bytes"));
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(too_long());
        }
        let mut bytes = BytesMut::new();
        let mut blocks = response.bytes_stream();
        loop {
            let next = tokio::select! {
                () = self.stop.cancelled() => return Err(Failure::Stopped),
                next = blocks.try_next() => next,
            };
            match next {
                Ok(Some(block)) => bytes.extend_from_slice(&block),
                Ok(None) => return Ok(bytes.freeze()),
                Err(error) => {
                    return Err(Failure::Source(format!("it broke off: {}", with_causes(&error))));
                }
            }
            if bytes.len() as u64 > limit {
                return Err(too_long());
            }
        }
    }
}

/// What to do about files that another transfer is fetching.
#[derive(Debug, Clone, Copy)]
enum Others {
    Skip,
    Await,
}

/// How an attempt to fetch a file ended.
enum Ended {
    Verified,
    /// Worth another attempt, the text says why: what was downloaded is taken up.
    Again(String),
}

/// Counts a file that is coming; what it counted goes when the attempt ends.
struct Counted<'a> {
    progress: &'a Progress,
    bytes: AtomicU64,
}

impl Counted<'_> {
    fn add(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.progress.coming.fetch_add(bytes, Ordering::Relaxed);
    }

    fn reset(&self) {
        let bytes = self.bytes.swap(0, Ordering::Relaxed);
        self.progress.coming.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn verified(&self, size: u64) {
        self.reset();
        self.progress.verified.fetch_add(size, Ordering::Relaxed);
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.reset();
    }
}

/// Whether an answer goes on exactly where the download ended, in a file of the right size.
fn continues(response: &Response, from: u64, size: u64) -> bool {
    let expected = format!("bytes {from}-{}/{size}", size.saturating_sub(1));
    let range = response.headers().get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    from > 0 && range.is_some_and(|range| range.trim() == expected)
}

fn damaged(digest: Digest) -> Failure {
    Failure::Source(format!("file {digest} is damaged there: its bytes have another digest"))
}

/// What it means that a source answers with this status.
fn refused(response: &Response, what: &str) -> Failure {
    let status = response.status();
    Failure::Source(match status {
        StatusCode::NOT_FOUND => format!("it does not have {what} (404)"),
        StatusCode::FORBIDDEN => format!(
            "it refuses {what} (403): on the source, check that it trusts the certificates with which \
             clients authenticate, and that this computer may read its content"
        ),
        _ => format!("it answers {status} for {what}"),
    })
}
