//! A new version of a file out of a patch and the version that is here, where that is quicker than the
//! whole file. The patch comes first: what it measures of the source says which way is the better
//! one, and little has come for nothing if it is the other.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use axum::http::{
    StatusCode,
    header::{IF_RANGE, RANGE},
};
use bytes::BytesMut;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{
    counting::Counted,
    fetching::{Failure, Fetch},
    logs::Log,
    source::is_part,
};
use crate::{
    content::{Applied, Claim, LibraryError, blocking, may_be_patched},
    engine::patch_choice::{self, Offer, PACKED_AT_FIRST, Way},
    model::Digest,
    net::http::Response,
    role::answering::entity_tag,
    wire::{
        patches::{PatchEntry, PatchList},
        pieces::Pieces,
    },
};

/// After so many bytes of a patch its source is known well enough, or after this part of the file: what
/// comes for nothing if the whole file comes then.
const MEASURED: u64 = 256 << 10;
const MEASURED_PART: u64 = 64;

/// What came before that may have come in one burst: no link is believed to be faster by it.
const BURST: u64 = 25_000_000;

/// How often a patch is taken up where it broke off, with nothing won in between.
const ATTEMPTS: u32 = 3;

/// Fewer bytes packed than this measure nothing.
const TELLING: u64 = 4 << 20;

/// One file at a time is made of a patch, however many points there are in this process: it takes
/// memory for both versions of it.
static TURN: Semaphore = Semaphore::const_new(1);

/// Waits for the turn of one more file.
pub(super) async fn turn() -> Option<SemaphorePermit<'static>> {
    // It is never closed.
    TURN.acquire().await.ok()
}

/// How files are made of patches on this computer.
#[derive(Debug)]
pub(super) struct Patching {
    /// How many bytes it has packed in a second the last time.
    packed_a_second: AtomicU64,
}

impl Default for Patching {
    fn default() -> Self {
        Self { packed_a_second: AtomicU64::new(PACKED_AT_FIRST) }
    }
}

impl Patching {
    fn work(&self, patch: &PatchEntry) -> Duration {
        let plain = patch.old_plain.saturating_add(patch.new_plain);
        let rate = self.packed_a_second.load(Ordering::Relaxed);
        patch_choice::work(plain, patch.deflated, rate)
    }

    fn measured(&self, patch: &PatchEntry, took: Duration) {
        let plain = patch.old_plain.saturating_add(patch.new_plain);
        let packing = took.saturating_sub(patch_choice::work(plain, 0, 1));
        let millis = u64::try_from(packing.as_millis()).unwrap_or(u64::MAX).max(1);
        if patch.deflated >= TELLING {
            let rate = patch.deflated.saturating_mul(1_000) / millis;
            self.packed_a_second.store(rate.max(1), Ordering::Relaxed);
        }
    }
}

/// What came of looking for a patch.
pub(super) enum Patched {
    Verified,
    /// The file has to come as a whole.
    No(Claim),
}

/// A patch that could be used.
struct Offered {
    patch: PatchEntry,
    /// How many bytes of the whole file would have to come.
    whole: u64,
    work: Duration,
}

impl Fetch<'_> {
    /// Makes a file of a patch, if its source has one for a version that is here, and that is quicker.
    pub(super) async fn patched(
        &self,
        claim: Claim,
        digest: Digest,
        size: u64,
        pieces: Option<&Pieces>,
        counted: &Counted<'_>,
    ) -> Result<Patched, Failure> {
        let Some(offered) = self.offered(&digest, size, pieces).await? else {
            return Ok(Patched::No(claim));
        };
        let patch = &offered.patch;
        let Some(bytes) = self.patch_bytes(&digest, &offered, counted).await? else {
            counted.reset();
            return Ok(Patched::No(claim));
        };
        let _turn = tokio::select! {
            () = self.stop.cancelled() => return Err(Failure::Stopped),
            turn = turn() => turn,
        };
        let (library, from, began) = (self.means.library.clone(), patch.from, Instant::now());
        let applied = blocking(move || library.apply_patch(claim, size, &from, &bytes));
        match applied.await? {
            Applied::Verified => {
                self.means.patching.measured(patch, began.elapsed());
                let saved = size.saturating_sub(patch.size);
                let text = format!(
                    "File {digest} of {size} bytes was made of a patch of {} bytes and file {}: \
                     {saved} bytes saved",
                    patch.size, patch.from
                );
                self.tell(&text);
                Ok(Patched::Verified)
            }
            Applied::Failed { claim, why } => {
                let package = &self.job.record.package;
                let text = format!(
                    "The patch for file {digest} (package {package} from {}) did not work, the whole \
                     file is transferred: {why}",
                    self.source.name
                );
                self.means.logs.warn(Log::Pull, text);
                counted.reset();
                Ok(Patched::No(claim))
            }
        }
    }

    /// The patch of the source that could be used here.
    async fn offered(
        &self,
        digest: &Digest,
        size: u64,
        pieces: Option<&Pieces>,
    ) -> Result<Option<Offered>, Failure> {
        let (library, wanted) = (self.means.library.clone(), *digest);
        if !may_be_patched(size) || library.list(&self.job.record.package).is_none() {
            return Ok(None);
        }
        // What was begun as a whole goes on as it was.
        let begun = blocking(move || Ok::<_, LibraryError>(library.has_begun(&wanted)));
        if begun.await? {
            return Ok(None);
        }
        let list = match self.patch_list(digest).await {
            Ok(list) => list,
            // Servers of others have none. What else is wrong shows when the file is asked for.
            Err(Failure::Source(_) | Failure::Lacks(_)) => return Ok(None),
            Err(failure) => return Err(failure),
        };
        let (library, pieces) = (self.means.library.clone(), pieces.cloned());
        let found = blocking(move || {
            let usable = |it: &PatchEntry| it.size <= size / 2 && library.holds(&it.from);
            let Some(patch) = list.patches.into_iter().find(usable) else { return Ok(None) };
            let elsewhere = pieces.map_or(0, |pieces| library.bytes_elsewhere(&pieces, size));
            Ok(Some((patch, size.saturating_sub(elsewhere))))
        });
        let found: Result<_, LibraryError> = found.await;
        Ok(found?.map(|(patch, whole)| {
            let work = self.means.patching.work(&patch);
            Offered { patch, whole, work }
        }))
    }

    async fn patch_list(&self, digest: &Digest) -> Result<PatchList, Failure> {
        let request = self.source.get(&format!("/patches/{}", digest.to_hex()));
        let response = self.source.send_again(request).await?;
        if response.status() != StatusCode::OK {
            return Ok(PatchList::default());
        }
        let bytes = self.source.body(response, PatchList::MAX_BYTES).await?;
        Ok(PatchList::decode(&bytes).unwrap_or_default())
    }

    /// The bytes of the patch; `None` if the whole file comes sooner, or the patch does not come.
    async fn patch_bytes(
        &self,
        digest: &Digest,
        offered: &Offered,
        counted: &Counted<'_>,
    ) -> Result<Option<BytesMut>, Failure> {
        let Offered { patch, whole, work } = offered;
        let mut coming = Coming { bytes: BytesMut::new(), looked: 0, took: Duration::ZERO };
        let look = MEASURED.min(whole / MEASURED_PART).max(1);
        let mut attempt = 1;
        while (coming.bytes.len() as u64) < patch.size {
            let before = coming.bytes.len();
            let choose = |coming: &Coming| {
                let left = patch.size.saturating_sub(coming.bytes.len() as u64);
                Offer { whole: *whole, patch: left, work: *work }.way(coming.rate())
            };
            match self.patch_part(digest, patch, &mut coming, look, choose, counted).await? {
                Part::All => {}
                Part::Whole => {
                    self.log_info(&format!(
                        "File {digest} is transferred as a whole: at {} bytes a second that is quicker \
                         than a patch of {} bytes",
                        coming.rate(),
                        patch.size
                    ));
                    return Ok(None);
                }
                Part::Broke(why) => {
                    attempt = if coming.bytes.len() > before { 1 } else { attempt + 1 };
                    if attempt > ATTEMPTS {
                        self.log_info(&format!("The patch for file {digest} does not come: {why}"));
                        return Ok(None);
                    }
                    self.source.back_off(attempt).await?;
                }
            }
        }
        Ok(Some(coming.bytes))
    }

    /// Asks for the rest of a patch and takes what comes.
    async fn patch_part(
        &self,
        digest: &Digest,
        patch: &PatchEntry,
        coming: &mut Coming,
        look: u64,
        choose: impl Fn(&Coming) -> Way,
        counted: &Counted<'_>,
    ) -> Result<Part, Failure> {
        let place = format!("/patches/{}/{}", digest.to_hex(), patch.from.to_hex());
        let (from, last) = (coming.bytes.len() as u64, patch.size.saturating_sub(1));
        let mut request = self.source.get(&place);
        if from > 0 {
            let range = format!("bytes={from}-{last}");
            request = request.header(RANGE, range).header(IF_RANGE, entity_tag(&patch.digest));
        }
        let response = match self.source.send_again(request).await {
            Ok(response) => response,
            Err(Failure::Source(why)) => return Ok(Part::Broke(why)),
            Err(failure) => return Err(failure),
        };
        if !continues(&response, from, last, patch.size) {
            return Ok(Part::Broke(format!("it answers {}", response.status())));
        }
        let mut began = Instant::now();
        let mut blocks = response.bytes_stream();
        loop {
            let block = match self.source.next(&mut blocks).await? {
                Some(Ok(block)) => block,
                Some(Err(why)) => return Ok(Part::Broke(why)),
                None if coming.bytes.len() as u64 == patch.size => return Ok(coming.end(&choose)),
                None => return Ok(Part::Broke("it broke off".to_owned())),
            };
            counted.received(block.len() as u64);
            coming.bytes.extend_from_slice(&block);
            coming.took = coming.took.saturating_add(began.elapsed());
            began = Instant::now();
            let here = coming.bytes.len() as u64;
            if here > patch.size {
                return Ok(Part::Broke("it sends more than it said".to_owned()));
            }
            if here.saturating_sub(coming.looked) >= look {
                coming.looked = here;
                if choose(coming) == Way::Whole {
                    return Ok(Part::Whole);
                }
            }
        }
    }

    /// A line of both logs.
    fn tell(&self, text: &str) {
        self.log_info(text);
        let text =
            format!("{text} (package {} from {})", self.job.record.package, self.source.name);
        self.means.logs.info(Log::Pull, text);
    }
}

/// A patch that is coming.
struct Coming {
    bytes: BytesMut,
    /// How many there were when it was looked last whether it is the better way.
    looked: u64,
    /// How long it was waited for them.
    took: Duration,
}

impl Coming {
    /// Bytes a second.
    fn rate(&self) -> u64 {
        let micros = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX).max(1);
        let bytes = self.bytes.len() as u64;
        let rate = bytes.saturating_mul(1_000_000) / micros;
        if bytes < MEASURED { rate.min(BURST) } else { rate }
    }

    fn end(&self, choose: &impl Fn(&Self) -> Way) -> Part {
        match choose(self) {
            Way::Patch => Part::All,
            Way::Whole => Part::Whole,
        }
    }
}

/// How a request for a patch ended.
enum Part {
    All,
    /// The whole file comes sooner.
    Whole,
    Broke(String),
}

/// Whether an answer is a patch from this byte on.
fn continues(response: &Response, from: u64, last: u64, size: u64) -> bool {
    match response.status() {
        StatusCode::OK => from == 0,
        StatusCode::PARTIAL_CONTENT => from > 0 && is_part(response, from, last, size),
        _ => false,
    }
}
