//! Sending a package to a standard distribution point (PDP-1): what it lacks, and nothing else, in
//! its open hours and under its rate limit.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::http::{StatusCode, header::CONTENT_LENGTH};
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde::de::DeserializeOwned;

use super::{
    PackageLibrary, PackageLibraryError,
    pacing::{Movement, Passage},
};
use crate::{
    content::{LibraryError, StoredFile, blocking, read_stream},
    engine::distribution_pacing::Opening,
    model::{Digest, Name, Pacing, PackageId, PackageState, Priority},
    net::{
        http::{Body, Client, RequestBuilder},
        trace,
    },
    role::Reporter,
    wire::{
        agent::{AgentOutcome, ProgressUnit},
        file_list::FileList,
        pieces::Pieces,
    },
};

/// Files that are sent at a time, each on its own connection.
const AT_A_TIME: usize = 8;

/// Files up to this size are read in one go.
const AT_ONCE: u64 = 256 << 10;

/// How long a distribution point may accept not a single block.
const STALLED: Duration = Duration::from_mins(1);

/// The most bytes of an answer: the digests of a million files.
const MAX_ANSWER: usize = 96 << 20;

/// How much of a refusal is shown.
const MAX_REFUSAL: usize = 2_000;

/// Rounds of asking and sending: files that were there when the point was asked may be gone when the
/// package is published.
const ROUNDS: u32 = 3;

/// What a point answers whose bytes are not those of the file.
const OTHER_BYTES: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// What a request takes of the budget beside its body: its head and what carries it.
const HEAD: u64 = 400;

/// A package that is to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Sending<'a> {
    /// The package.
    pub package: &'a PackageId,
    /// Its source version.
    pub version: u32,
    /// The site server that sends it.
    pub from: &'a Name,
    /// The admin address of the agent that carries the distribution point.
    pub to: &'a str,
    /// When and how fast it may be sent; `None`: now, as fast as it goes.
    pub pacing: Option<&'a Pacing>,
}

impl PackageLibrary {
    /// Sends a package to a distribution point. `admin` must carry the authorization, and no read
    /// timeout: that would cut off long files, while a point that accepts nothing is noticed here.
    ///
    /// Outside of the point's hours it answers when they open. If they close meanwhile, it stops at
    /// the next block; whole files that have arrived are not sent again.
    ///
    /// # Errors
    ///
    /// The version has not been taken, the point's limits never let it through, or the point does
    /// not answer or refuses.
    pub async fn send(
        &self,
        sending: Sending<'_>,
        admin: &Client,
        report: &Reporter,
    ) -> Result<AgentOutcome, PackageLibraryError> {
        match self.send_within_hours(sending, admin, report).await {
            Err(closed @ PackageLibraryError::Closed { until, priority }) => {
                tracing::info!(package = %sending.package, to = sending.to, why = %closed, "waits");
                let why = format!(
                    "`schedule` of the distribution point is closed to packages of priority \
                     {priority:?} now"
                );
                Ok(AgentOutcome::Waits { until, why })
            }
            ended => ended,
        }
    }

    async fn send_within_hours(
        &self,
        sending: Sending<'_>,
        admin: &Client,
        report: &Reporter,
    ) -> Result<AgentOutcome, PackageLibraryError> {
        let Sending { package, version, from, to, pacing } = sending;
        let (library, wanted) = (self.library.clone(), package.clone());
        let list = blocking(move || Ok(library.whole(&wanted))).await?;
        let not_taken = || PackageLibraryError::NotTaken { package: package.clone(), version };
        let list = list.filter(|list| list.version() == version).ok_or_else(not_taken)?;
        let to = to.trim_end_matches('/');
        let priority = pacing.map(|pacing| pacing.priority).unwrap_or_default();
        let passage = Passage::new(self.budgets.of(to, pacing.cloned()), priority);
        if let Some(closed) = PackageLibraryError::closed(passage.opening(), priority) {
            return Err(closed);
        }
        let (passage, patching) = (Arc::new(passage), tokio::sync::Mutex::default());
        let target = Target { to, admin, passage, patching };
        let url = format!("{to}/v1/content/packages/{package}?from={from}");
        let mut round = 1;
        loop {
            // Another package may bring the same file, or lose it, between the question and the bytes.
            let published = match self.send_missing(&list, &target, report).await {
                Ok(()) => answer::<PackageState>(&url, admin.put(&url)).await,
                Err(error) => Err(error),
            };
            match published {
                Err(PackageLibraryError::Refused { status: StatusCode::CONFLICT, .. })
                    if round < ROUNDS =>
                {
                    round += 1;
                }
                published => {
                    let state = published?;
                    tracing::info!(%package, version, to, "a package was sent");
                    return Ok(AgentOutcome::Package(state));
                }
            }
        }
    }

    async fn send_missing(
        &self,
        list: &Arc<FileList>,
        target: &Target<'_>,
        report: &Reporter,
    ) -> Result<(), PackageLibraryError> {
        let url = format!("{}/v1/content/missing", target.to);
        let encoded = Bytes::from(list.encode().map_err(LibraryError::from)?);
        let request = target.admin.post(&url);
        let asked = target.carry(&url, request, Content::Small(encoded)).await?;
        let missing: Vec<Digest> = read_answer(&url, &asked)?;
        let contents = list.contents();
        // What is not of this package is none of the point's business.
        let missing: BTreeMap<Digest, u64> = missing
            .into_iter()
            .filter_map(|digest| Some((digest, *contents.get(&digest)?)))
            .collect();
        let sum = |sizes: &BTreeMap<_, u64>| {
            sizes.values().fold(0, |sum: u64, it| sum.saturating_add(*it))
        };
        let total = sum(&contents);
        let done = AtomicU64::new(total.saturating_sub(sum(&missing)));
        report.progress(done.load(Ordering::Relaxed), total, ProgressUnit::Bytes);
        let mut sending = stream::iter(missing)
            .map(|(digest, size)| {
                let done = &done;
                async move {
                    let lacks = target.missing_pieces(digest, size).await?;
                    if lacks.is_some() || !self.send_patch(digest, size, target).await? {
                        self.send_file(list.package(), digest, size, lacks, target).await?;
                    }
                    let done = done.fetch_add(size, Ordering::Relaxed).saturating_add(size);
                    report.progress(done, total, ProgressUnit::Bytes);
                    Ok::<_, PackageLibraryError>(())
                }
            })
            .buffer_unordered(AT_A_TIME);
        while let Some(sent) = sending.next().await {
            sent?;
        }
        Ok(())
    }

    async fn send_file(
        &self,
        package: &PackageId,
        digest: Digest,
        size: u64,
        lacks: Option<BTreeSet<u64>>,
        target: &Target<'_>,
    ) -> Result<(), PackageLibraryError> {
        let url = format!("{}/v1/content/files/{}", target.to, digest.to_hex());
        let url = lacks.as_ref().map_or(format!("{url}?size={size}"), |pieces| {
            let numbers: Vec<String> = pieces.iter().map(u64::to_string).collect();
            format!("{url}/pieces?missing={}", numbers.join(","))
        });
        let library = self.library.clone();
        let read = blocking(move || {
            let file = library.open_file(&digest)?;
            if let Some(pieces) = lacks {
                let spans = pieces.into_iter().map(|piece| Pieces::span(piece, size)).collect();
                return Ok(Content::Large(file, spans));
            }
            if size > AT_ONCE {
                return Ok(Content::whole(file));
            }
            let gone = |_| LibraryError::NoFile(digest);
            Ok(Content::Small(file.read(0, size).map_err(gone)?))
        });
        let request = target.admin.put(&url);
        match target.carry(&url, request, read.await?).await {
            // The point has hashed other bytes than those of the file: are they so here?
            Err(refused @ PackageLibraryError::Refused { status: OTHER_BYTES, .. }) => {
                let library = self.library.clone();
                let damaged = blocking(move || library.validate_file(&digest)).await?;
                let package = package.clone();
                Err(if damaged {
                    PackageLibraryError::Damaged { package, digest }
                } else {
                    refused
                })
            }
            carried => carried.map(drop),
        }
    }
}

/// Where a package is sent.
pub(super) struct Target<'a> {
    pub(super) to: &'a str,
    pub(super) admin: &'a Client,
    passage: Arc<Passage>,
    /// Held while a patch goes there.
    pub(super) patching: tokio::sync::Mutex<()>,
}

impl Target<'_> {
    /// Sends a request with a body as fast as it may go; the answer.
    pub(super) async fn carry(
        &self,
        url: &str,
        request: RequestBuilder,
        content: Content,
    ) -> Result<Vec<u8>, PackageLibraryError> {
        let movement = Arc::new(Movement::default());
        let priority = self.passage.priority();
        let closed = |opening| PackageLibraryError::closed(opening, priority);
        if let Err(opening) = self.passage.spend(HEAD, &movement).await {
            return Err(closed(opening).unwrap_or(PackageLibraryError::NeverOpen(priority)));
        }
        let request = request.header(CONTENT_LENGTH, content.size());
        let body = self.body(content, &movement);
        match watched(url, request.body(body), &movement).await {
            // Hours that close break the body off, and the request with it.
            Err(error) => Err(self.passage.closed().and_then(closed).unwrap_or(error)),
            carried => carried,
        }
    }

    /// Sends a request without a body.
    pub(super) async fn ask(&self, url: &str) -> Result<Vec<u8>, PackageLibraryError> {
        self.carry(url, self.admin.get(url), Content::Small(Bytes::new())).await
    }

    /// Which pieces the point lacks of a large file, if it has others: then nothing else is sent. A point
    /// that does not know the question takes the whole file.
    async fn missing_pieces(
        &self,
        digest: Digest,
        size: u64,
    ) -> Result<Option<BTreeSet<u64>>, PackageLibraryError> {
        if Pieces::count(size) == 0 {
            return Ok(None);
        }
        let url = format!("{}/v1/content/files/{}/pieces", self.to, digest.to_hex());
        match self.ask(&url).await {
            Err(PackageLibraryError::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(None),
            answered => read_answer(&url, &answered?).map(Some),
        }
    }

    fn body(&self, content: Content, movement: &Arc<Movement>) -> Body {
        match content {
            Content::Small(bytes) if !self.passage.is_limited() => Body::from(bytes),
            Content::Small(bytes) => {
                let block = stream::once(std::future::ready(Ok(bytes)));
                Body::wrap_stream(self.passage.through(block, movement))
            }
            Content::Large(file, spans) => {
                let file = Arc::new(file);
                let span = move |it: Range<u64>| {
                    read_stream(Arc::clone(&file), it.start, it.end.saturating_sub(it.start))
                };
                let blocks = stream::iter(spans).map(span).flatten();
                Body::wrap_stream(self.passage.through(blocks, movement))
            }
        }
    }
}

/// Sends a request, and gives up if nothing of it moves any more, though it may.
async fn watched(
    url: &str,
    request: RequestBuilder,
    movement: &Movement,
) -> Result<Vec<u8>, PackageLibraryError> {
    let mut sending = std::pin::pin!(done(url, request));
    let mut before = 0;
    loop {
        if let Ok(ended) = tokio::time::timeout(STALLED, &mut sending).await {
            return ended;
        }
        let (now, waits) = movement.seen();
        if now == before && !waits {
            return Err(PackageLibraryError::Stalled { url: url.to_owned() });
        }
        before = now;
    }
}

pub(super) enum Content {
    Small(Bytes),
    /// Parts of a file, one after the other.
    Large(StoredFile, Vec<Range<u64>>),
}

impl Content {
    /// All of a file.
    pub(super) fn whole(file: StoredFile) -> Self {
        let size = file.size();
        Self::Large(file, std::iter::once(0..size).collect())
    }

    fn size(&self) -> u64 {
        match self {
            Self::Small(bytes) => bytes.len() as u64,
            Self::Large(_, spans) => {
                spans.iter().fold(0, |sum, it| sum + it.end.saturating_sub(it.start))
            }
        }
    }
}

impl PackageLibraryError {
    /// Why a package may not be sent, unless it may.
    fn closed(opening: Opening, priority: Priority) -> Option<Self> {
        match opening {
            Opening::Open => None,
            Opening::ClosedUntil(until) => Some(Self::Closed { until, priority }),
            Opening::Never => Some(Self::NeverOpen(priority)),
        }
    }
}

/// Sends a request and reads the value of its answer.
async fn answer<T: DeserializeOwned>(
    url: &str,
    request: RequestBuilder,
) -> Result<T, PackageLibraryError> {
    read_answer(url, &done(url, request).await?)
}

fn read_answer<T: DeserializeOwned>(url: &str, bytes: &[u8]) -> Result<T, PackageLibraryError> {
    serde_json::from_slice(bytes)
        .map_err(|source| PackageLibraryError::BadAnswer { url: url.to_owned(), source })
}

/// Sends a request and reads its answer, if it is a good one.
async fn done(url: &str, request: RequestBuilder) -> Result<Vec<u8>, PackageLibraryError> {
    let unreachable = |source| PackageLibraryError::Unreachable { url: url.to_owned(), source };
    let response = trace::sent_along(request).send().await.map_err(unreachable)?;
    let status = response.status();
    let mut bytes = Vec::new();
    let mut blocks = response.bytes_stream();
    let limit = if status.is_success() { MAX_ANSWER } else { MAX_REFUSAL };
    while let Some(block) = blocks.next().await {
        let block = block.map_err(unreachable)?;
        let left = limit.saturating_sub(bytes.len()).min(block.len());
        bytes.extend_from_slice(block.get(..left).unwrap_or_default());
        if bytes.len() >= limit {
            break;
        }
    }
    if status.is_success() {
        return Ok(bytes);
    }
    let why = String::from_utf8_lossy(&bytes);
    let why = why.trim().chars().flat_map(char::escape_debug).collect();
    Err(PackageLibraryError::Refused { url: url.to_owned(), status, why })
}
