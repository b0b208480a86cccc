//! Fetching from one source: the list of files, then many files at a time, each verified (PDP-12).
//! Large files come in pieces, also from other sources of the same priority.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::{
    StatusCode,
    header::{IF_RANGE, RANGE},
};
use futures::{StreamExt, TryFutureExt, stream};
use tokio_util::sync::CancellationToken;

use super::{
    counting::Counted,
    job::Job,
    manner::Manner,
    means::Means,
    patched::Patched,
    source::{Source, damaged, is_part, refused},
};
use crate::{
    content::{Claim, Intake, Intaken, LibraryError, ReceiveError, blocking, receive},
    error_text::with_causes,
    model::{Digest, Name, PullSourceSettings},
    role::answering::entity_tag,
    wire::{file_list::FileList, pieces::Pieces},
};

/// Files of one transfer that are fetched at a time, each on its own connection.
pub(super) const AT_A_TIME: usize = 8;

/// Files up to this size are taken into memory and written in one go; larger ones are written as
/// they come, and taken up in the middle after an interruption.
const AT_ONCE: u64 = 256 << 10;

/// Files up to this size are asked for many at a time.
const BUNDLED: u64 = 64 << 10;

/// How often a file is asked for again where its transfer broke off in the middle.
const ATTEMPTS: u32 = 3;

/// Why fetching ended early.
#[derive(Debug)]
pub(super) enum Failure {
    /// The source does not have this version of the package; the text says so.
    Lacks(String),
    /// The source lacks content that it should have, or failed; the text says how.
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

/// A source that failed while the transfer went on with others, and why.
pub(super) type Blamed = Vec<(Name, String)>;

/// One transfer from one source, which others of the same priority help.
pub(super) struct Fetch<'a> {
    pub(super) job: &'a Job,
    pub(super) means: &'a Means,
    pub(super) source: Source<'a>,
    pub(super) helpers: Vec<Source<'a>>,
    /// Helpers that failed, and why.
    blamed: Mutex<BTreeMap<Name, String>>,
    helped: Mutex<BTreeSet<Name>>,
    /// Ends what is under way when one file failed.
    pub(super) stop: CancellationToken,
}

impl<'a> Fetch<'a> {
    pub(super) fn new(
        source: &PullSourceSettings,
        helpers: &[PullSourceSettings],
        job: &'a Job,
        means: &'a Means,
    ) -> Self {
        let stop = job.stop.child_token();
        let new = |settings| Source::new(settings, means, stop.clone());
        let (source, helpers) = (new(source), helpers.iter().map(new).collect());
        let (blamed, helped) = (Mutex::default(), Mutex::default());
        Self { job, means, source, helpers, blamed, helped, stop }
    }

    /// The source and those that help it.
    pub(super) fn sources(&self) -> impl Iterator<Item = &Source<'a>> {
        std::iter::once(&self.source).chain(&self.helpers)
    }

    /// Which other sources content came from, and which of them failed.
    pub(super) fn helpers(self) -> (BTreeSet<Name>, Blamed) {
        let helped = self.helped.into_inner().unwrap_or_else(PoisonError::into_inner);
        let blamed = self.blamed.into_inner().unwrap_or_else(PoisonError::into_inner);
        (helped, blamed.into_iter().collect())
    }

    /// The list of files, if the source has exactly the package that the site named; from then on
    /// the package is on its way here.
    pub(super) async fn list(&self) -> Result<Arc<FileList>, Failure> {
        let record = &self.job.record;
        let request = self.source.get(&format!("/packages/{}", record.package));
        let response = self.source.send(request).await?;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(match refused(&response, "the package") {
                Failure::Source(why) if status == StatusCode::NOT_FOUND => Failure::Lacks(why),
                failure => failure,
            });
        }
        let bytes = self.source.body(response, FileList::MAX_BYTES as u64).await?;
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
            .ok_or_else(|| Failure::Lacks("it has another version of the package".to_owned()))?;
        if *list.package() != record.package {
            return Err(Failure::Source("its list of files is of another package".to_owned()));
        }
        Ok(list)
    }

    /// Fetches these files and makes them durable. The first failure ends it; what is complete by
    /// then stays.
    pub(super) async fn files(
        &self,
        missing: BTreeMap<Digest, u64>,
        pieces: &BTreeMap<Digest, Pieces>,
    ) -> Result<(), Failure> {
        let missing = self.in_bundles(missing).await?;
        let others_have = self.pass(missing, pieces, Others::Skip).await?;
        // Those that another transfer was fetching: most are there by now.
        self.pass(others_have, pieces, Others::Await).await?;
        Ok(())
    }

    /// Fetches what is small in bundles; answers what is left then.
    async fn in_bundles(
        &self,
        mut files: BTreeMap<Digest, u64>,
    ) -> Result<BTreeMap<Digest, u64>, Failure> {
        let small: Vec<_> = files
            .iter()
            .filter(|(_, size)| **size <= BUNDLED)
            .map(|(digest, size)| (*digest, *size))
            .collect();
        let fetched = self.bundles(&small).await;
        let library = self.means.library.clone();
        let left = blocking(move || {
            library.settle()?;
            files.retain(|digest, size| !library.has(digest, *size));
            Ok(files)
        });
        let left = left.await?;
        fetched.map(|()| left)
    }

    /// Answers the files that were skipped.
    async fn pass(
        &self,
        files: BTreeMap<Digest, u64>,
        pieces: &BTreeMap<Digest, Pieces>,
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
                let manner = match pieces.get(&digest) {
                    Some(pieces) => Manner::InPieces(pieces),
                    None if size <= AT_ONCE && !partials.contains_key(&digest) => Manner::AtOnce,
                    None => Manner::AsItComes,
                };
                let fetched = self.file(digest, size, manner, others);
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
        manner: Manner<'_>,
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
            let counted = Counted::new(&self.job.progress);
            if self.means.library.has(&digest, size) {
                counted.verified(size);
                return Ok(true);
            }
            if !matches!(manner, Manner::AtOnce) {
                self.log_info(&format!("Transfer of file {digest}, {size} bytes, begins"));
            }
            let claim = match self.patched(claim, digest, size, manner.pieces(), &counted).await? {
                Patched::No(claim) => claim,
                Patched::Verified => {
                    counted.verified(size);
                    return Ok(true);
                }
            };
            let ended = match manner {
                Manner::AtOnce => self.at_once(claim, digest, size, &counted).await,
                Manner::AsItComes => self.as_it_comes(claim, digest, size, &counted).await,
                Manner::InPieces(pieces) => {
                    self.in_pieces(claim, digest, size, pieces, &counted).await
                }
            };
            self.log_end(&digest, size, &ended);
            match ended? {
                Ended::Verified => {
                    counted.verified(size);
                    return Ok(true);
                }
                Ended::Again(_) if attempt < ATTEMPTS => self.source.back_off(attempt).await?,
                Ended::Again(reason) => return Err(Failure::Source(reason)),
            }
        }
        Err(Failure::Stopped)
    }

    /// Fetches a file into memory and stores it.
    async fn at_once(
        &self,
        claim: Claim,
        digest: Digest,
        size: u64,
        counted: &Counted<'_>,
    ) -> Result<Ended, Failure> {
        let response = self.source.send_again(self.source.file(&digest)).await?;
        if response.status() != StatusCode::OK {
            return Err(refused(&response, &format!("file {}", digest.to_hex())));
        }
        let bytes = match self.source.body(response, size).await {
            Ok(bytes) => bytes,
            Err(Failure::Source(why)) => return Ok(Ended::Again(why)),
            Err(failure) => return Err(failure),
        };
        counted.received(bytes.len() as u64);
        if bytes.len() as u64 != size {
            return Ok(Ended::Again(format!("it broke off in the middle of file {digest}")));
        }
        let library = self.means.library.clone();
        let right = blocking(move || library.store(Some(claim), digest, &bytes)).await?;
        if right { Ok(Ended::Verified) } else { Err(damaged(digest)) }
    }

    /// Fetches a file as it comes, from where an earlier transfer ended.
    async fn as_it_comes(
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
        if begun_at > 0 {
            self.log_info(&format!("Transfer of file {digest} resumes at byte {begun_at}"));
        }
        if intake.complete() {
            return match blocking(move || intake.finish()).await? {
                Intaken::Verified => Ok(Ended::Verified),
                // What was on the disk is removed now, and no fault of this source.
                _ => Ok(Ended::Again(format!("file {digest} was damaged on this computer"))),
            };
        }
        let mut request = self.source.file(&digest);
        if begun_at > 0 {
            let range = format!("bytes={begun_at}-");
            request = request.header(RANGE, range).header(IF_RANGE, entity_tag(&digest));
        }
        let response = self.source.send_again(request).await?;
        let last = size.saturating_sub(1);
        match response.status() {
            StatusCode::PARTIAL_CONTENT
                if begun_at > 0 && is_part(&response, begun_at, last, size) => {}
            StatusCode::OK if begun_at == 0 => {}
            StatusCode::OK => intake = self.restart(intake, counted).await?,
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE if begun_at > 0 => {
                self.restart(intake, counted).await?;
                return Ok(Ended::Again(format!("it does not continue file {digest}")));
            }
            _ => return Err(refused(&response, &format!("file {}", digest.to_hex()))),
        }
        let body = response.bytes_stream();
        match receive(intake, body, &self.stop, |bytes| counted.received(bytes)).await {
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

    pub(super) fn helped(&self) -> MutexGuard<'_, BTreeSet<Name>> {
        self.helped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn blamed(&self) -> MutexGuard<'_, BTreeMap<Name, String>> {
        self.blamed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What to do about files that another transfer is fetching.
#[derive(Debug, Clone, Copy)]
enum Others {
    Skip,
    Await,
}

/// How an attempt to fetch a file ended.
pub(super) enum Ended {
    Verified,
    /// Worth another attempt, the text says why: what was downloaded is taken up.
    Again(String),
}
