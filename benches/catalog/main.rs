//! The catalog store, in one process: how fast revisions are stored beside a plain bulk insert of the
//! same rows, how much they take on disk, and how long lists and searches take. The catalog is
//! synthetic.
//!
//! ```text
//! cargo bench --bench catalog [-- UPDATES]          (100000)
//! cargo bench --bench catalog -- fill FILE UPDATES  makes a catalog and leaves it there
//! cargo bench --bench catalog -- more FILE UPDATES MORE
//!                                                   adds MORE updates to it
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on says so"
)]

mod bulk;
mod synthetic;

use std::{
    ops::Range,
    path::Path,
    time::{Duration, Instant},
};

use headwater::{
    store::catalog::{Catalog, NewRevision, PackedDocument, Search},
    wire::{
        server_sync::{Filter, IdAndDelta},
        update_document::UpdateDocument,
    },
};
use jiff::Timestamp;

/// Revisions of one transaction: about what a synchronization stores at a time.
const BATCH: u64 = 500;

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|it| !it.starts_with("--")).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["fill", file, updates] => {
            let total = synthetic::CONFIGURATION + updates.parse::<u64>().unwrap();
            drop(fill(Path::new(file), 0..total));
        }
        ["more", file, updates, more] => {
            let from = synthetic::CONFIGURATION + updates.parse::<u64>().unwrap();
            drop(fill(Path::new(file), from..from + more.parse::<u64>().unwrap()));
        }
        [updates] => measure(updates.parse().unwrap()),
        _ => measure(100_000),
    }
}

/// What filling has taken.
struct Filled {
    catalog: Catalog,
    indexing: Duration,
    packing: Duration,
    storing: Duration,
    bytes: u64,
}

fn fill(path: &Path, documents: Range<u64>) -> Filled {
    let catalog = Catalog::open(path, Timestamp::now()).unwrap();
    let filling = catalog.filling().unwrap();
    let [mut indexing, mut packing, mut storing] = [Duration::ZERO; 3];
    let mut bytes = 0;
    let Range { start: mut next, end } = documents;
    while next < end {
        let numbers = next..end.min(next + BATCH);
        next = numbers.end;
        let documents: Vec<_> = numbers.map(synthetic::document).collect();
        bytes += documents.iter().map(|it| it.len() as u64).sum::<u64>();
        let begun = Instant::now();
        let indexes: Vec<_> =
            documents.iter().map(|it| UpdateDocument::index(it).unwrap()).collect();
        indexing += begun.elapsed();
        let begun = Instant::now();
        let packed: Vec<_> = documents.iter().map(|it| PackedDocument::pack(it)).collect();
        packing += begun.elapsed();
        let revisions: Vec<_> = indexes
            .into_iter()
            .zip(packed)
            .map(|(index, document)| {
                let file_digests =
                    index.files.iter().map(|file| file.digest_sha1.clone()).collect();
                NewRevision { index, document, file_digests }
            })
            .collect();
        let begun = Instant::now();
        catalog.store_batch(&revisions, &[], Timestamp::now()).unwrap();
        storing += begun.elapsed();
    }
    let begun = Instant::now();
    drop(filling);
    storing += begun.elapsed();
    Filled { catalog, indexing, packing, storing, bytes }
}

fn measure(updates: u64) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    let total = synthetic::CONFIGURATION + updates;
    let each = |it: Duration| it.as_secs_f64() * 1e6 / precise(total);
    let Filled { catalog, indexing, packing, storing, bytes } = fill(&path, 0..total);
    println!("{total} revisions of {:.0} bytes", precise(bytes) / precise(total));
    println!("index a document     {:8.2} us", each(indexing));
    println!("digest and pack it   {:8.2} us", each(packing));
    println!("store a revision     {:8.2} us", each(storing));
    let size = std::fs::metadata(&path).unwrap().len();
    println!("on disk              {:8.0} bytes a revision", precise(size) / precise(total));
    bulk::sizes(&path, total);
    let plain = bulk::copy(&path, &directory.path().join("plain.db"));
    println!(
        "plain bulk insert    {:8.2} us, {:.2} of it",
        each(plain),
        plain.as_secs_f64() / storing.as_secs_f64()
    );
    searches(&catalog);
    lists(&catalog, total);
}

fn searches(catalog: &Catalog) {
    for words in
        ["alder beacon update product", "2026 update for cedar", "kb5000123", "up pro al be"]
    {
        let search = Search {
            words: words.split(' ').map(str::to_owned).collect(),
            limit: 50,
            ..Search::default()
        };
        let (time, found) = median(|| catalog.search(&search).unwrap().updates.len());
        println!("search `{words}`: {found} in {:.2} ms", time.as_secs_f64() * 1e3);
    }
}

fn lists(catalog: &Catalog, total: u64) {
    let anchor = catalog.revision_list(&Filter::default()).unwrap().anchor.to_string();
    let unchanged = Filter { anchor: Some(anchor.clone()), ..Filter::default() };
    let (time, found) = median(|| catalog.revision_list(&unchanged).unwrap().revisions.len());
    println!("list since the anchor: {found} in {:.2} ms", time.as_secs_f64() * 1e3);
    let items = |all: u64| {
        let item = |number| IdAndDelta { id: synthetic::product(number), delta: true };
        Some((0..all).map(item).collect::<Vec<_>>())
    };
    let selected = Filter {
        anchor: Some(anchor),
        categories: items(synthetic::PRODUCTS),
        classifications: items(synthetic::CLASSIFICATIONS),
        ..Filter::default()
    };
    let (time, found) = median(|| catalog.revision_list(&selected).unwrap().revisions.len());
    println!("list of a selection since the anchor: {found} in {:.2} ms", time.as_secs_f64() * 1e3);
    let (time, found) =
        median(|| catalog.revision_list(&Filter::default()).unwrap().revisions.len());
    println!("list of {found} of {total}: {:.0} ms", time.as_secs_f64() * 1e3);
}

fn median(mut work: impl FnMut() -> usize) -> (Duration, usize) {
    let mut times = Vec::new();
    let mut result = 0;
    for _ in 0..7 {
        let begun = Instant::now();
        result = work();
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    (times[3], result)
}

#[expect(clippy::cast_precision_loss, reason = "counts that are far below 2^52")]
fn precise(number: u64) -> f64 {
    number as f64
}
