//! Sending a package to a standard distribution point (PDP-1): what it lacks, and nothing else.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, stream};
use reqwest::{Body, Client, RequestBuilder, StatusCode, header::CONTENT_LENGTH};
use serde::de::DeserializeOwned;

use super::{PackageLibrary, PackageLibraryError};
use crate::{
    content::{LibraryError, StoredFile, blocking, read_stream},
    model::{Digest, Name, PackageId, PackageState},
    role::Reporter,
    wire::{
        agent::{AgentOutcome, ProgressUnit},
        file_list::FileList,
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

impl PackageLibrary {
    /// Sends a package to the distribution point behind the admin address `to`, in the name of this
    /// site server. `admin` must carry the authorization, and no read timeout: that would cut off long
    /// files, while a point that accepts nothing is noticed here.
    ///
    /// # Errors
    ///
    /// The version has not been taken, or the point does not answer or refuses.
    pub async fn send(
        &self,
        package: &PackageId,
        version: u32,
        from: &Name,
        to: &str,
        admin: &Client,
        report: &Reporter,
    ) -> Result<AgentOutcome, PackageLibraryError> {
        let (library, wanted) = (self.library.clone(), package.clone());
        let list = blocking(move || Ok(library.whole(&wanted))).await?;
        let not_taken = || PackageLibraryError::NotTaken { package: package.clone(), version };
        let list = list.filter(|list| list.version() == version).ok_or_else(not_taken)?;
        let to = to.trim_end_matches('/');
        let mut round = 1;
        loop {
            self.send_missing(&list, to, admin, report).await?;
            let url = format!("{to}/v1/content/packages/{package}?from={from}");
            match answer::<PackageState>(&url, admin.put(&url)).await {
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
        to: &str,
        admin: &Client,
        report: &Reporter,
    ) -> Result<(), PackageLibraryError> {
        let url = format!("{to}/v1/content/missing");
        let encoded = list.encode().map_err(LibraryError::from)?;
        let missing: Vec<Digest> = answer(&url, admin.post(&url).body(encoded)).await?;
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
                    self.send_file(digest, size, to, admin).await?;
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
        digest: Digest,
        size: u64,
        to: &str,
        admin: &Client,
    ) -> Result<(), PackageLibraryError> {
        let url = format!("{to}/v1/content/files/{}?size={size}", digest.to_hex());
        let library = self.library.clone();
        let read = blocking(move || {
            let file = library.open_file(&digest)?;
            if size > AT_ONCE {
                return Ok(Content::Large(file));
            }
            let gone = |_| LibraryError::NoFile(digest);
            Ok(Content::Small(file.read(0, size).map_err(gone)?))
        });
        let sent = Arc::new(AtomicU64::new(0));
        let body = match read.await? {
            Content::Small(bytes) => Body::from(bytes),
            Content::Large(file) => {
                let sent = Arc::clone(&sent);
                Body::wrap_stream(read_stream(Arc::new(file), 0, size).inspect(move |_| {
                    sent.fetch_add(1, Ordering::Relaxed);
                }))
            }
        };
        let request = admin.put(&url).header(CONTENT_LENGTH, size).body(body);
        let mut sending = std::pin::pin!(done(&url, request));
        let mut before = 0;
        loop {
            if let Ok(ended) = tokio::time::timeout(STALLED, &mut sending).await {
                return ended.map(drop);
            }
            let now = sent.load(Ordering::Relaxed);
            if now == before {
                return Err(PackageLibraryError::Stalled { url: url.clone() });
            }
            before = now;
        }
    }
}

enum Content {
    Small(bytes::Bytes),
    Large(StoredFile),
}

/// Sends a request and reads the value of its answer.
async fn answer<T: DeserializeOwned>(
    url: &str,
    request: RequestBuilder,
) -> Result<T, PackageLibraryError> {
    let bytes = done(url, request).await?;
    serde_json::from_slice(&bytes)
        .map_err(|source| PackageLibraryError::BadAnswer { url: url.to_owned(), source })
}

/// Sends a request and reads its answer, if it is a good one.
async fn done(url: &str, request: RequestBuilder) -> Result<Vec<u8>, PackageLibraryError> {
    let unreachable = |source| PackageLibraryError::Unreachable { url: url.to_owned(), source };
    let response = request.send().await.map_err(unreachable)?;
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
