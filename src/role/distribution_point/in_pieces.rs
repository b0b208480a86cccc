//! A large file in pieces: several connections, from several sources of equal priority, each piece
//! verified as it comes.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use axum::http::{
    StatusCode,
    header::{CONTENT_LENGTH, RANGE},
};
use futures::future::join_all;
use tokio::sync::mpsc;

use super::{
    counting::Counted,
    fetching::{Ended as FileEnded, Failure, Fetch},
    runs::{Run, Runs},
    source::{Source, is_part, refused},
    writing::{Part, Written, WrittenEnd, write},
};
use crate::{
    blocking::{begun_apart, joined},
    content::{Claim, Download, PieceWriter, blocking},
    engine::source_pace::SourcePace,
    model::Digest,
    net::http::Response,
    wire::pieces::{PIECE, Pieces},
};

/// Connections for one large file: more share the same wire.
const CONNECTIONS: usize = 4;

/// Below so many bytes that are left a file comes from one source alone: the others would hardly have
/// begun.
const SEVERAL_SOURCES: u64 = 16 * PIECE;

/// How much is gathered before it is hashed and written: less would wake a thread for nothing, more
/// would be out of the processor's cache by then. The copy is worth it: blocks that are written from
/// where they came would be new memory each time, which the system clears first.
const GATHERED: usize = 512 << 10;

/// What may come at once behind a block that is almost full: more makes it grow once.
const ROOM: usize = 512 << 10;

/// Such blocks of one connection: one fills while the other is written.
const BLOCKS: usize = 2;

/// How often a run is asked for again where its transfer broke off, with nothing won in between.
const ATTEMPTS: u32 = 3;

/// Fewer bytes than this win nothing.
const WON: u64 = 64 << 10;

impl Fetch<'_> {
    /// Fetches a file piece by piece, from several sources if much is left of it.
    pub(super) async fn in_pieces(
        &self,
        claim: Claim,
        digest: Digest,
        size: u64,
        pieces: &Pieces,
        counted: &Counted<'_>,
    ) -> Result<FileEnded, Failure> {
        let (library, pieces) = (self.means.library.clone(), pieces.clone());
        let opened = blocking(move || {
            let download = library.download(&claim, digest, size, pieces)?;
            Ok((download, claim))
        });
        // What is given to others to read is held by them too, but not the right to write it.
        let (download, claim) = opened.await?;
        let missing = download.missing();
        let left = missing
            .iter()
            .map(|index| Pieces::span(*index, size))
            .fold(0, |sum: u64, span| sum.saturating_add(span.end - span.start));
        counted.add(size.saturating_sub(left));
        if left < size {
            let here = size.saturating_sub(left);
            self.log_info(&format!(
                "Transfer of file {digest} resumes: {here} of {size} bytes are here"
            ));
        }
        let blamed = self.blamed().clone();
        let helpers = if left < SEVERAL_SOURCES { &[] } else { self.helpers.as_slice() };
        let helpers = helpers.iter().filter(|helper| !blamed.contains_key(&helper.name));
        let sources: Vec<_> = std::iter::once(&self.source).chain(helpers).collect();
        // The connection that is held already, and as many more as are free.
        let wanted = missing.len().div_ceil(2).min(CONNECTIONS);
        let more = (1..wanted).map_while(|_| self.means.connections.try_acquire().ok());
        let more: Vec<_> = more.collect();
        let connections = more.len().saturating_add(1);
        let fetching = InPieces::new(digest, Arc::clone(&download), &sources, connections, counted);
        let end = self.judge(&sources, fetching.fetch().await)?;
        let library = self.means.library.clone();
        let finished = blocking(move || {
            let finished = download.finish(claim)?;
            // Whoever reads it already should not have to wait until all others are there too.
            if finished && library.shares_downloads() {
                library.settle()?;
            }
            Ok(finished)
        });
        let finished = finished.await?;
        match end {
            // Other sources had what it lacked.
            _ if finished => Ok(FileEnded::Verified),
            Some(why) => Err(Failure::Source(why)),
            None => Ok(FileEnded::Again(format!("pieces of file {digest} are missing"))),
        }
    }

    /// Remembers which of the others helped and which failed; answers why the first one failed.
    fn judge(
        &self,
        sources: &[&Source<'_>],
        ends: Vec<Result<(), Failure>>,
    ) -> Result<Option<String>, Failure> {
        let mut of_first = None;
        for (at, (source, end)) in sources.iter().zip(ends).enumerate() {
            match end {
                Ok(()) if at == 0 => {}
                Ok(()) => drop(self.helped().insert(source.name.clone())),
                Err(Failure::Source(why)) if at == 0 => of_first = Some(why),
                Err(Failure::Source(why)) => {
                    tracing::warn!(source = %source.name, why, "a source of equal priority failed");
                    self.blamed().insert(source.name.clone(), why);
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(of_first)
    }
}

/// One file that is fetched in pieces.
pub(super) struct InPieces<'a> {
    digest: Digest,
    download: Arc<Download>,
    sources: &'a [&'a Source<'a>],
    connections: usize,
    runs: Arc<Runs>,
    counted: &'a Counted<'a>,
    began: Instant,
    /// The best pace of each source, as it was measured last.
    paces: Vec<AtomicU64>,
}

/// How a request ended.
enum Ended {
    /// The run is over.
    Over,
    /// It broke off in this piece.
    Broke(PieceWriter, String),
}

impl<'a> InPieces<'a> {
    /// Fetches what is missing of a download from these sources, on so many connections.
    pub(super) fn new(
        digest: Digest,
        download: Arc<Download>,
        sources: &'a [&'a Source<'a>],
        connections: usize,
        counted: &'a Counted<'a>,
    ) -> Self {
        let runs = Arc::new(Runs::new(download.missing(), connections));
        let paces = sources.iter().map(|_| AtomicU64::new(0)).collect();
        let began = Instant::now();
        Self { digest, download, sources, connections, runs, counted, began, paces }
    }

    /// Works until nothing is left or every source has failed; answers how each source did that was
    /// given work.
    pub(super) async fn fetch(&self) -> Vec<Result<(), Failure>> {
        let mut ends: Vec<_> = self.sources.iter().map(|_| Ok(())).collect();
        loop {
            let good: Vec<usize> =
                (0..ends.len()).filter(|at| matches!(ends.get(*at), Some(Ok(())))).collect();
            let work = good.iter().cycle().take(self.connections).filter_map(|at| {
                let source = self.sources.get(*at)?;
                Some(async move { (*at, self.work(*at, source).await) })
            });
            let worked = join_all(work).await;
            let mut failed = false;
            for (at, end) in worked {
                failed |= end.is_err();
                if let (Err(failure), Some(before @ Ok(()))) = (end, ends.get_mut(at)) {
                    *before = Err(failure);
                }
            }
            // What a source that failed gave back may be left to the others.
            if !failed || good.is_empty() || self.download.missing().is_empty() {
                return ends;
            }
            let over = |end: &Result<(), Failure>| !matches!(end, Ok(()) | Err(Failure::Source(_)));
            if ends.iter().any(over) {
                return ends;
            }
        }
    }

    async fn work(&self, at: usize, source: &Source<'_>) -> Result<(), Failure> {
        while let Some(run) = self.runs.take() {
            if let Err(failure) = self.run(at, source, run).await {
                self.runs.give_back(run);
                return Err(failure);
            }
        }
        Ok(())
    }

    async fn run(&self, at: usize, source: &Source<'_>, run: Run) -> Result<(), Failure> {
        let mut piece = self.download.piece(run.first);
        let mut attempt = 1;
        loop {
            let from = piece.position();
            match self.request(at, source, run, piece).await? {
                Ended::Over => return Ok(()),
                Ended::Broke(broken, why) => {
                    let won = broken.position().saturating_sub(from) >= WON;
                    attempt = if won { 1 } else { attempt + 1 };
                    if attempt > ATTEMPTS {
                        self.counted.take_back(self.begun_of(&broken));
                        return Err(Failure::Source(why));
                    }
                    if !won {
                        source.back_off(attempt).await?;
                    }
                    piece = broken;
                }
            }
        }
    }

    /// Asks for the rest of a run and writes what comes.
    async fn request(
        &self,
        at: usize,
        source: &Source<'_>,
        run: Run,
        piece: PieceWriter,
    ) -> Result<Ended, Failure> {
        let from = piece.position();
        let size = self.download.size();
        let last = Pieces::span(run.end.saturating_sub(1), size).end.saturating_sub(1).max(from);
        let begun = self.begun_of(&piece);
        let request = source.file(&self.digest).header(RANGE, format!("bytes={from}-{last}"));
        let answered = source.send_again(request).await.and_then(|response| {
            let whole = is_whole(&response, size);
            match response.status() {
                StatusCode::PARTIAL_CONTENT if is_part(&response, from, last, size) => {
                    Ok((response, false))
                }
                StatusCode::OK if whole => Ok((response, true)),
                StatusCode::OK
                | StatusCode::PARTIAL_CONTENT
                | StatusCode::RANGE_NOT_SATISFIABLE => Err(Failure::Source(format!(
                    "it answers another part of file {} than it was asked for",
                    self.digest
                ))),
                _ => Err(refused(&response, &format!("file {}", self.digest.to_hex()))),
            }
        });
        let (response, whole) = match answered {
            Ok(answered) => answered,
            Err(failure) => {
                self.counted.take_back(begun);
                return Err(failure);
            }
        };
        let skip = if whole { from } else { 0 };
        self.receive(at, source, response, Part { run, piece, skip, whole }).await
    }

    async fn receive(
        &self,
        at: usize,
        source: &Source<'_>,
        response: Response,
        part: Part,
    ) -> Result<Ended, Failure> {
        let mut skip = part.skip;
        let (full, waiting) = mpsc::channel(BLOCKS);
        let (emptied, mut empty) = mpsc::channel(BLOCKS);
        for _ in 0..BLOCKS {
            // There is room for all of them.
            let _ = emptied.try_send(Vec::with_capacity(GATHERED + ROOM));
        }
        let (runs, download) = (Arc::clone(&self.runs), Arc::clone(&self.download));
        let writer =
            begun_apart(async move { write(&runs, &download, part, waiting, &emptied).await });
        let mut body = response.bytes_stream();
        let mut pace = SourcePace::new(self.began.elapsed());
        let mut counted = 0;
        let mut gathered = empty.recv().await.unwrap_or_default();
        let broke: Result<String, Failure> = loop {
            let block = match source.next(&mut body).await {
                Ok(Some(Ok(block))) => block,
                Ok(None) => {
                    break Ok(format!("it broke off in the middle of file {}", self.digest));
                }
                Ok(Some(Err(why))) => break Ok(why),
                Err(failure) => break Err(failure),
            };
            let skipped = usize::try_from(skip).unwrap_or(usize::MAX).min(block.len());
            skip -= skipped as u64;
            let new = block.get(skipped..).unwrap_or_default();
            gathered.extend_from_slice(new);
            counted += new.len() as u64;
            self.counted.received(new.len() as u64);
            if let Some(slow) = self.slow(at, &mut pace, block.len() as u64) {
                break Err(Failure::Source(slow));
            }
            if gathered.len() >= GATHERED {
                // Refused only when the writer has ended, which it tells below.
                if full.send(gathered).await.is_err() {
                    gathered = Vec::new();
                    break Ok(String::new());
                }
                gathered = empty.recv().await.unwrap_or_default();
            }
        };
        // What came is kept, however it ended.
        let _ = full.send(gathered).await;
        drop(full);
        let Written { bytes, end } = joined(writer.await)?;
        self.counted.take_back(u64::saturating_sub(counted, bytes));
        match (end, broke) {
            (WrittenEnd::Over, _) => Ok(Ended::Over),
            (WrittenEnd::Wrong(index), _) => {
                let span = Pieces::span(index, self.download.size());
                self.counted.take_back(span.end - span.start);
                let digest = self.digest;
                let why = format!("file {digest} is damaged there: piece {index} has another hash");
                Err(Failure::Source(why))
            }
            (WrittenEnd::Short(piece), Ok(why)) => Ok(Ended::Broke(piece, why)),
            (WrittenEnd::Short(piece), Err(failure)) => {
                self.counted.take_back(self.begun_of(&piece));
                Err(failure)
            }
        }
    }

    /// How many bytes of a piece are there.
    fn begun_of(&self, piece: &PieceWriter) -> u64 {
        piece.position().saturating_sub(Pieces::span(piece.index(), self.download.size()).start)
    }

    /// Why a source should be left for being slow.
    fn slow(&self, at: usize, pace: &mut SourcePace, bytes: u64) -> Option<String> {
        if !pace.received(bytes, self.began.elapsed()) {
            return None;
        }
        let rate = pace.rate().unwrap_or_default();
        if let Some(mine) = self.paces.get(at) {
            mine.store(rate, Ordering::Relaxed);
        }
        let others = self.paces.iter().enumerate().filter(|(other, _)| *other != at);
        let fastest = others.map(|(_, pace)| pace.load(Ordering::Relaxed)).max();
        pace.is_slow(fastest).then(|| format!("it is slow: {rate} bytes a second"))
    }
}

/// Whether an answer says that it is a whole file of that size, or does not say.
fn is_whole(response: &Response, size: u64) -> bool {
    let length = response.headers().get(CONTENT_LENGTH);
    length.is_none_or(|length| length.to_str().is_ok_and(|it| it.trim() == size.to_string()))
}
