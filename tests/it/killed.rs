//! Killed at any moment, it goes on where it was.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt,
    path::PathBuf,
};

use super::{
    converge::{DISTRIBUTION_POINTS, PACKAGES, UPDATE_POINTS, assert_contoso, source},
    library::{Held, held},
    world::{World, digest, walk},
};

/// A moment of the run: the line of the log, and how often it has to come.
struct Moment {
    words: &'static [&'static str],
    times: usize,
}

const fn moment(words: &'static [&'static str], times: usize) -> Moment {
    Moment { words, times }
}

/// One after the other, whichever comes first.
const MOMENTS: [Moment; 12] = [
    moment(&["done ", "CreateSiteSystem"], 2),
    // The site server takes the package in.
    moment(&["ams-srv}: progress", "total=581887"], 700),
    // It sends it on (the same words again, once it has it), and others pull it.
    moment(&["ams-srv}: progress", "total=581887"], 1_100),
    moment(&["ams-dp2}: fetching a file"], 500),
    moment(&["ams-dp3}: fetching a file"], 900),
    moment(&["lis-dp}: fetching a file"], 1_200),
    // The export is imported, in eight transactions.
    moment(&["cen-wsus}: progress", "total=4125"], 4),
    moment(&["changed metadata enters the site database", "site=CEN"], 1),
    // Others synchronize.
    moment(&["cen-inet}: progress", "unit=Updates"], 20),
    moment(&["sea-wsus}: progress", "unit=Updates"], 12),
    moment(&["ams-srv}: progress", "unit=Updates"], 25),
    moment(&["lis-srv}: progress", "unit=Updates"], 30),
];

/// What is stored and was verified.
struct Stored {
    /// The place of each revision in the order of changes, by catalog and identity.
    revisions: BTreeMap<&'static str, BTreeMap<(String, u32), i64>>,
    /// Inode and time of the last write of each file that is there whole, in its place or on its
    /// way there, by distribution point and digest; or where it is in which pack.
    files: BTreeMap<&'static str, BTreeMap<String, (u64, i64, i64)>>,
}

impl Stored {
    fn of(world: &World) -> Self {
        let exists = |path: PathBuf| path.exists().then_some(path);
        let revisions = UPDATE_POINTS.iter().map(|system| {
            let catalog = world.site_system(system).join("update-services/catalog.db");
            (*system, exists(catalog).map(|_| changes(world, system)).unwrap_or_default())
        });
        let contents = contents();
        let files = DISTRIBUTION_POINTS.iter().map(|system| {
            let mut files = BTreeMap::new();
            if let Some(library) = exists(world.library(system)) {
                let right = held(&library).into_iter().filter(Held::is_right);
                files.extend(right.map(|file| (file.name, file.place)));
                files.retain(|digest, _| contents.contains(digest));
            }
            for directory in ["incoming", "partial"] {
                let Some(directory) = exists(world.library(system).join(directory)) else {
                    continue;
                };
                walk(&directory, &mut |path| {
                    let facts = fs::metadata(path).unwrap();
                    let digest = digest(&fs::read(path).unwrap());
                    if contents.contains(&digest) {
                        files.insert(digest, (facts.ino(), facts.mtime(), facts.mtime_nsec()));
                    }
                });
            }
            (*system, files)
        });
        Self { revisions: revisions.collect(), files: files.collect() }
    }

    fn count(&self) -> (usize, usize) {
        let revisions = self.revisions.values().map(BTreeMap::len).sum();
        (revisions, self.files.values().map(BTreeMap::len).sum())
    }

    /// All of it is still there, untouched.
    fn assert_kept(&self, after: &Self) {
        for (system, before) in &self.revisions {
            let after = &after.revisions[system];
            assert!(before.iter().all(|(key, it)| after.get(key) == Some(it)), "{system}");
        }
        for (system, before) in &self.files {
            let after = &after.files[system];
            assert!(before.iter().all(|(key, it)| after.get(key) == Some(it)), "{system}");
        }
    }

    /// Nothing of it was asked for by a run that said these lines.
    fn assert_not_fetched(&self, said: &[String]) {
        for (system, files) in &self.files {
            let asked: BTreeSet<&str> = said
                .iter()
                .filter(|line| line.contains(&format!("{system}}}: fetching a file")))
                .filter_map(|line| word(line, "digest=sha256:"))
                .collect();
            let twice: Vec<_> = asked.iter().filter(|it| files.contains_key(**it)).collect();
            assert!(twice.is_empty(), "{system} fetched {twice:?} twice");
        }
        for (system, revisions) in &self.revisions {
            // The top imports its file: nothing is fetched.
            let asked = said
                .iter()
                .filter(|line| line.contains(&format!("{system}}}: progress")))
                .filter(|line| line.contains("unit=Updates") && *system != "cen-wsus")
                .filter_map(|line| word(line, "total=")?.parse::<usize>().ok())
                .max();
            let missing = 4125 - revisions.len();
            assert!(asked.unwrap_or(0) <= missing, "{system} asked for {asked:?} of {missing}");
        }
    }
}

/// Digests of everything that is distributed.
fn contents() -> BTreeSet<String> {
    PACKAGES.iter().flat_map(|(_, directory)| source(directory).into_values()).collect()
}

fn changes(world: &World, system: &str) -> BTreeMap<(String, u32), i64> {
    let catalog = world.catalog(system);
    // It may have been killed before there was a table.
    let Ok(mut rows) = catalog.prepare(
        "SELECT hex(update_id), revision, change
         FROM revision JOIN identifier ON number = identifier",
    ) else {
        return BTreeMap::new();
    };
    let rows = rows.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The word that follows these letters.
fn word<'a>(line: &'a str, letters: &str) -> Option<&'a str> {
    line.split_once(letters)?.1.split(' ').next()
}

#[test]
fn killed_at_any_moment_it_heals() {
    let world = World::of("contoso");
    let manifests = world.manifests();
    let arguments = ["up", "--once", manifests.to_str().unwrap()];
    let mut left: Vec<Moment> = MOMENTS.into();
    let mut before = Stored::of(&world);
    let mut kills = 0;
    loop {
        let mut run = world.start(&arguments, "headwater=trace");
        let mut counts = vec![0; left.len()];
        let mut reached = None;
        run.until(|line| {
            for (index, moment) in left.iter().enumerate() {
                if moment.words.iter().all(|word| line.contains(word)) {
                    counts[index] += 1;
                    if counts[index] == moment.times {
                        reached = Some(index);
                    }
                }
            }
            reached.is_some()
        });
        let Some(index) = reached else {
            let (code, said) = run.end();
            assert_eq!(code, 0, "{}", said.join("\n"));
            before.assert_not_fetched(&said);
            break;
        };
        let said = run.kill();
        kills += 1;
        let after = Stored::of(&world);
        println!("kill {kills} at {:?}: {:?} are stored", left[index].words, after.count());
        before.assert_kept(&after);
        before.assert_not_fetched(&said);
        before = after;
        left.remove(index);
    }
    assert!(kills >= 10, "{kills} kills");
    before.assert_kept(&Stored::of(&world));
    assert_contoso(&world);
}
