//! Manifests that are looked at again and again: of thousands of files only those that changed are
//! read.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, Metadata},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    ExitCode, Failure, Printer, SourcesError,
    file_watch::Places,
    search::{Found, searched},
    sources::{self, FILES_OF_A_THREAD},
    threads::{each, worth},
};
use crate::{
    manifest::{FileNow, Loaded, SourceText, Workspace},
    model::{CommitId, Declared, Digest, Hierarchy, Name, NotificationSettings},
};

/// A file that was written to so shortly before it was read is read once more, whatever its times
/// say: within the granularity of file systems' clocks, which is two seconds at worst, it could
/// have been written to again without a trace.
const SETTLED: Duration = Duration::from_secs(2);

/// Manifests at some paths, kept between looks.
#[derive(Debug)]
pub(super) struct Kept {
    paths: Vec<PathBuf>,
    /// Those that decided what was found, when something was last.
    directories: BTreeSet<PathBuf>,
    files: Vec<KeptFile>,
    workspace: Workspace,
}

/// A file as it was when it was read.
#[derive(Debug)]
struct KeptFile {
    found: Found,
    /// None: it has to be read again. Standard input can be read only once.
    facts: Option<Facts>,
}

/// What tells whether a file is still the same.
#[derive(Debug, PartialEq, Eq)]
struct Facts {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    /// Changes even where the time of modification is set by hand.
    changed: (i64, i64),
}

/// Manifests that are in force.
#[derive(Debug, Clone)]
pub(super) struct InForce {
    /// The hierarchy that is wanted.
    pub(super) hierarchy: Arc<Hierarchy>,
    /// The documents that say so.
    pub(super) declared: Arc<Declared>,
    /// Their digest.
    pub(super) digest: Digest,
    /// The commit that they come from; absent for files and directories.
    pub(super) commit: Option<CommitId>,
    /// Who is told what is done.
    pub(super) notifications: BTreeMap<Name, NotificationSettings>,
}

impl InForce {
    /// What documents declare, out of a commit or not.
    pub(super) fn of(hierarchy: Hierarchy, loaded: &Loaded, commit: Option<CommitId>) -> Self {
        let notifications = NotificationSettings::all(&loaded.declared, &hierarchy);
        Self {
            hierarchy: Arc::new(hierarchy),
            declared: Arc::new(loaded.declared.clone()),
            digest: loaded.digest,
            commit,
            notifications,
        }
    }
}

impl Kept {
    /// Reads the manifests at some paths. Problems are printed as messages, and errors among them
    /// are a failure.
    ///
    /// # Errors
    ///
    /// A path cannot be read ([`ExitCode::Usage`]), or there are errors ([`ExitCode::Failure`]).
    pub(super) fn read(
        paths: &[PathBuf],
        printer: &mut Printer,
    ) -> Result<(Self, InForce), Failure> {
        let mut kept = Self {
            paths: paths.to_owned(),
            directories: BTreeSet::new(),
            files: Vec::new(),
            workspace: Workspace::new(Vec::new()),
        };
        kept.refresh().map_err(|error| Failure::new(ExitCode::Usage, error))?;
        let wanted = kept.wanted(printer)?;
        Ok((kept, wanted))
    }

    /// Looks again; none if nothing has changed since the last look that did not fail.
    ///
    /// # Errors
    ///
    /// Like [`Self::read`].
    pub(super) fn look(&mut self, printer: &mut Printer) -> Result<Option<InForce>, Failure> {
        let changed = self.refresh().map_err(|error| Failure::new(ExitCode::Usage, error))?;
        if changed { self.wanted(printer).map(Some) } else { Ok(None) }
    }

    /// Where somebody changes what is found.
    pub(super) fn places(&self) -> Places {
        let paths = self.paths.iter().filter(|path| path.as_os_str() != "-");
        // What cannot be made absolute is seen when it is time.
        let names = paths.filter_map(|path| std::path::absolute(path).ok()).collect();
        Places { directories: self.directories.clone(), names }
    }

    fn wanted(&self, printer: &mut Printer) -> Result<InForce, Failure> {
        let loaded = self.workspace.loaded();
        let problems = sources::problems(loaded);
        let hierarchy = sources::valid_hierarchy(loaded, &problems, printer)?;
        Ok(InForce::of(hierarchy, loaded, None))
    }

    /// Reads what may have changed; whether anything has.
    fn refresh(&mut self) -> Result<bool, SourcesError> {
        let (found, directories) = searched(&self.paths)?;
        self.directories = directories;
        let numbers: BTreeMap<&Found, usize> =
            self.files.iter().enumerate().map(|(number, file)| (&file.found, number)).collect();
        let number = |found: &Found| numbers.get(found).copied();
        let same = |found: &Found| number(found).filter(|number| self.files[*number].is_as(found));
        let mut now: Vec<_> = found.into_iter().map(|found| (same(&found), found)).collect();
        let other = now.iter().filter(|(same, _)| same.is_none()).map(|(_, found)| found.clone());
        let other: Vec<Found> = other.collect();
        let threads = worth(other.len(), FILES_OF_A_THREAD);
        let read = each(other, threads, read).into_iter().collect::<Result<Vec<_>, _>>()?;
        // Written to, but to the same effect: it only has other times now.
        let mut texts = Vec::new();
        let mut facts = BTreeMap::new();
        for ((same, found), (text, its)) in now.iter_mut().filter(|(it, _)| it.is_none()).zip(read)
        {
            *same = number(found).filter(|it| self.workspace.text(*it) == Some(&*text.text));
            if same.is_none() {
                texts.push(text);
            }
            facts.insert(found.clone(), its);
        }
        let unchanged = now.len() == self.files.len()
            && now.iter().enumerate().all(|(number, (same, _))| *same == Some(number));
        let mut before: Vec<Option<KeptFile>> = self.files.drain(..).map(Some).collect();
        let mut parsed = sources::parse(texts).into_iter();
        let mut update = Vec::with_capacity(now.len());
        for (same, found) in now {
            let kept = same.and_then(|number| before.get_mut(number).and_then(Option::take));
            update.extend(match same {
                Some(number) => Some(FileNow::Same(number)),
                None => parsed.next().map(FileNow::Other),
            });
            let facts = match facts.remove(&found) {
                Some(facts) => facts,
                None => kept.and_then(|kept| kept.facts),
            };
            self.files.push(KeptFile { found, facts });
        }
        if !unchanged {
            self.workspace.update(update);
        }
        Ok(!unchanged)
    }
}

impl KeptFile {
    /// Whether what was found is what was read.
    fn is_as(&self, found: &Found) -> bool {
        match found {
            Found::StandardInput(_) => true,
            Found::File(found) => self.facts.is_some() && self.facts == Facts::at(&found.path),
        }
    }
}

impl Facts {
    fn at(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().as_ref().map(Self::of)
    }

    fn of(facts: &Metadata) -> Self {
        Self {
            device: facts.dev(),
            inode: facts.ino(),
            length: facts.len(),
            modified: (facts.mtime(), facts.mtime_nsec()),
            changed: (facts.ctime(), facts.ctime_nsec()),
        }
    }

    /// Whether the last change is long enough ago for the next one to be seen.
    fn settled(&self, now: SystemTime) -> bool {
        let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let changed = u64::try_from(self.changed.0).unwrap_or_default();
        since.saturating_sub(Duration::from_secs(changed)) > SETTLED
    }
}

fn read(found: Found) -> Result<(SourceText, Option<Facts>), SourcesError> {
    let (text, facts) = sources::read_one(found)?;
    let facts = facts.as_ref().map(Facts::of).filter(|facts| facts.settled(SystemTime::now()));
    Ok((text, facts))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::{cli::output::Color, telemetry::LogFormat};

    const SITE: &str = "apiVersion: headwater.dev/v1alpha1\nkind: Site\nmetadata: {name: one}\n\
                        spec: {siteCode: ONE, type: Primary, mode: Mixed, version: \"2403\", \
                        siteServer: server}\n";
    const SYSTEM: &str = "apiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\n\
                          metadata: {name: server}\nspec: {site: one, address: server.example}\n";

    /// Makes what was read just now count as settled long ago: the tests do not wait.
    fn settle(kept: &mut Kept) {
        for file in &mut kept.files {
            let Found::File(found) = &file.found else { continue };
            file.facts = Facts::at(&found.path);
        }
    }

    #[test]
    fn only_what_changed_counts_as_a_change() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("site.yaml"), SITE).unwrap();
        fs::write(path("system.yaml"), SYSTEM).unwrap();
        let mut printer = Printer::new(Color::Never, LogFormat::Text);
        let paths = [directory.path().to_owned()];
        let (mut kept, first) = Kept::read(&paths, &mut printer).unwrap();
        let mut look = |settled: bool| {
            if settled {
                settle(&mut kept);
            }
            kept.look(&mut printer).map(|wanted| wanted.map(|it| it.digest))
        };
        // Read again, because it was written to just now, and found to be the same.
        assert_eq!(look(false).unwrap(), None);
        assert_eq!(look(true).unwrap(), None);
        fs::write(path("system.yaml"), SYSTEM.replace("server.example", "other.example")).unwrap();
        let second = look(false).unwrap().unwrap();
        assert_ne!(second, first.digest);
        fs::write(path("system.yaml"), SYSTEM).unwrap();
        assert_eq!(
            look(true).unwrap(),
            None,
            "nothing but the facts is looked at, here those after the change"
        );
        fs::write(path("more.yaml"), SYSTEM.replace("server", "more")).unwrap();
        assert!(look(true).unwrap().is_some());
        fs::remove_file(path("more.yaml")).unwrap();
        assert_eq!(look(true).unwrap(), Some(second));
        fs::write(path("site.yaml"), "kind: Site\n").unwrap();
        assert_eq!(look(false).unwrap_err().code, ExitCode::Failure);
        assert_eq!(look(true).unwrap(), None, "it was said once that it is broken");
        fs::write(path("site.yaml"), SITE).unwrap();
        assert_eq!(look(false).unwrap(), Some(second));
        fs::remove_dir_all(directory.path()).unwrap();
        assert_eq!(look(true).unwrap_err().code, ExitCode::Usage);
    }

    #[test]
    fn places_are_where_what_is_found_can_change() {
        let directory = tempfile::tempdir().unwrap();
        let real = fs::canonicalize(directory.path()).unwrap();
        let path = |name: &str| real.join(name);
        for name in ["manifests/inner", "manifests/.hidden", "elsewhere", "linked"] {
            fs::create_dir_all(path(name)).unwrap();
        }
        fs::write(path("manifests/site.yaml"), SITE).unwrap();
        fs::write(path("elsewhere/system.yaml"), SYSTEM).unwrap();
        symlink("../elsewhere/system.yaml", path("manifests/system.yaml")).unwrap();
        symlink("../../linked", path("manifests/inner/linked")).unwrap();
        let mut printer = Printer::new(Color::Never, LogFormat::Text);
        let (kept, _) = Kept::read(&[path("manifests")], &mut printer).unwrap();
        let all = ["elsewhere", "linked", "manifests", "manifests/inner"];
        let places = kept.places();
        assert_eq!(places.directories, all.into_iter().map(path).collect());
        assert_eq!(places.names, [path("manifests")].into());
    }
}
