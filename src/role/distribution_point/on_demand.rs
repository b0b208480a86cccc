//! The packages that a point may fetch when a client first asks for them (PDP-3), and which of them were
//! asked for: what it was told, over restarts.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{means::io_error, records, removal::remove_file};
use crate::{
    content::{LibraryError, write_json},
    model::{ContentFacts, OnDemandPackage, PackageId, PackagesById},
};

/// What the point may fetch.
#[derive(Debug)]
pub(super) struct OnDemand {
    directory: PathBuf,
    packages: Mutex<BTreeMap<PackageId, OnDemandPackage>>,
    /// Held while something is written: who only reads never waits for the disk.
    writing: Mutex<()>,
}

/// What is kept over restarts, in a file for each package.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Record {
    package: PackageId,
    content: ContentFacts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requested: Option<Timestamp>,
}

impl OnDemand {
    /// What was told before, in the directory of the point. What cannot be read is forgotten: the site
    /// sees that, and tells it again. Blocks.
    pub(super) fn open(point: &Path) -> Result<Self, LibraryError> {
        let directory = Self::path(point);
        let records = records::read_all(&directory, "a package on demand")?;
        let packages = records
            .into_iter()
            .map(|Record { package, content, requested }| {
                (package, OnDemandPackage { content, requested })
            })
            .collect();
        Ok(Self { directory, packages: Mutex::new(packages), writing: Mutex::default() })
    }

    pub(super) fn path(point: &Path) -> PathBuf {
        point.join("on-demand")
    }

    /// A package that may be fetched.
    pub(super) fn get(&self, package: &PackageId) -> Option<OnDemandPackage> {
        self.packages().get(package).copied()
    }

    /// Whether anything may be fetched at all.
    pub(super) fn is_empty(&self) -> bool {
        self.packages().is_empty()
    }

    /// Those that were asked for.
    pub(super) fn requested(&self) -> BTreeMap<PackageId, OnDemandPackage> {
        let packages = self.packages();
        let requested = packages.iter().filter(|(_, it)| it.requested.is_some());
        requested.map(|(package, it)| (package.clone(), *it)).collect()
    }

    /// What is reported: what is held in any version is not on demand any more.
    pub(super) fn report(&self, held: &PackagesById) -> BTreeMap<PackageId, OnDemandPackage> {
        let packages = self.packages();
        let others = packages.iter().filter(|(package, _)| !held.contains_key(*package));
        others.map(|(package, it)| (package.clone(), *it)).collect()
    }

    /// This content of a package may be fetched. Who has asked for another one has asked for this.
    /// Blocks.
    pub(super) fn offer(
        &self,
        package: PackageId,
        content: ContentFacts,
    ) -> Result<(), LibraryError> {
        let _writing = self.writing();
        let before = self.get(&package);
        if before.is_some_and(|before| before.content == content) {
            return Ok(());
        }
        let requested = before.and_then(|before| before.requested);
        self.write(package, OnDemandPackage { content, requested })
    }

    /// A client asks for a package; it is so from then on, over restarts. `None` if it may not be
    /// fetched. Blocks.
    pub(super) fn request(
        &self,
        package: &PackageId,
        now: Timestamp,
    ) -> Result<Option<OnDemandPackage>, LibraryError> {
        let _writing = self.writing();
        let Some(offered) = self.get(package) else { return Ok(None) };
        if offered.requested.is_some() {
            return Ok(Some(offered));
        }
        let requested = OnDemandPackage { requested: Some(now), ..offered };
        self.write(package.clone(), requested)?;
        Ok(Some(requested))
    }

    /// A package may not be fetched any more, and nobody has asked for it. Blocks.
    pub(super) fn withdraw(&self, package: &PackageId) -> Result<(), LibraryError> {
        let _writing = self.writing();
        self.packages().remove(package);
        remove_file(&self.file(package))
    }

    /// Nothing may be fetched any more. Blocks.
    pub(super) fn withdraw_all(&self) -> Result<(), LibraryError> {
        let packages: Vec<PackageId> = self.packages().keys().cloned().collect();
        packages.iter().try_for_each(|package| self.withdraw(package))
    }

    fn write(&self, package: PackageId, it: OnDemandPackage) -> Result<(), LibraryError> {
        fs::create_dir_all(&self.directory)
            .map_err(|error| io_error("create", &self.directory, error))?;
        let OnDemandPackage { content, requested } = it;
        let record = Record { package: package.clone(), content, requested };
        write_json(&self.file(&package), &record)?;
        self.packages().insert(package, it);
        Ok(())
    }

    fn file(&self, package: &PackageId) -> PathBuf {
        self.directory.join(format!("{package}.json"))
    }

    fn packages(&self) -> MutexGuard<'_, BTreeMap<PackageId, OnDemandPackage>> {
        self.packages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Digest;

    fn content(version: u32) -> ContentFacts {
        let digest = Digest::of(&version.to_be_bytes());
        ContentFacts { version, digest, files: 1, bytes: 1 }
    }

    fn package(number: u32) -> PackageId {
        format!("CEN{number:05}").parse().unwrap()
    }

    #[test]
    fn what_was_asked_for_is_asked_for_after_a_restart_and_in_a_new_version() {
        let directory = tempfile::tempdir().unwrap();
        let on_demand = OnDemand::open(directory.path()).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(on_demand.request(&package(1), now).unwrap(), None, "nobody has offered it");
        on_demand.offer(package(1), content(1)).unwrap();
        on_demand.offer(package(2), content(1)).unwrap();
        on_demand.request(&package(1), now).unwrap();
        let later = now + jiff::SignedDuration::from_secs(1);
        let asked = on_demand.request(&package(1), later).unwrap().unwrap();
        assert_eq!(asked.requested, Some(now), "the first one counts");
        on_demand.offer(package(1), content(2)).unwrap();
        let again = OnDemand::open(directory.path()).unwrap();
        let all = again.report(&PackagesById::new());
        assert_eq!(all[&package(1)], OnDemandPackage { content: content(2), requested: Some(now) });
        assert_eq!(all[&package(2)], OnDemandPackage { content: content(1), requested: None });
        assert_eq!(again.requested().len(), 1);
    }

    #[test]
    fn what_is_withdrawn_or_damaged_is_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let on_demand = OnDemand::open(directory.path()).unwrap();
        for number in 1..=3 {
            on_demand.offer(package(number), content(1)).unwrap();
        }
        on_demand.withdraw(&package(1)).unwrap();
        fs::write(on_demand.file(&package(2)), "{").unwrap();
        let again = OnDemand::open(directory.path()).unwrap();
        let left: Vec<_> = again.report(&PackagesById::new()).into_keys().collect();
        assert_eq!(left, [package(3)]);
        again.withdraw_all().unwrap();
        assert!(again.is_empty() && OnDemand::open(directory.path()).unwrap().is_empty());
    }
}
