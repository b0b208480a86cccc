//! How many different clients asked for the content of each package: what the usage report counts
//! (PDP-13). A pull distribution point is a client like any other.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use serde::{Deserialize, Serialize};

use crate::{
    blocking::begun,
    content::{LibraryError, read_json, write_json},
    error_text::with_causes,
    model::{Digest, PackageId},
};

/// Digests of addresses that are kept for each package: below that number the count is exact, above it
/// is about 6 % off (the square root of 256), and no package takes more than a few KiB.
const KEPT: usize = 256;

/// How often it is written down at most: so much is counted anew after a crash.
const KEEP: Duration = Duration::from_mins(10);

/// The clients of a point's packages.
#[derive(Debug)]
pub(super) struct Usage {
    path: PathBuf,
    counted: Mutex<Counted>,
}

#[derive(Debug)]
struct Counted {
    packages: BTreeMap<PackageId, Clients>,
    /// Whether there is more than was written down.
    changed: bool,
    written: Instant,
}

/// What is remembered over restarts.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Remembered {
    packages: BTreeMap<PackageId, Clients>,
}

/// The clients of a package: the lowest [`KEPT`] of the digests of their addresses. As digests are
/// spread evenly, how low these are tells how many there are in all.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
struct Clients(BTreeSet<u64>);

impl Clients {
    /// Whether that is news.
    fn add(&mut self, client: u64) -> bool {
        if self.0.len() >= KEPT && self.0.last().is_some_and(|highest| client > *highest) {
            return false;
        }
        let new = self.0.insert(client);
        while self.0.len() > KEPT {
            self.0.pop_last();
        }
        new
    }

    fn number(&self) -> u64 {
        let kept = self.0.len() as u64;
        match self.0.last() {
            Some(highest) if self.0.len() >= KEPT => {
                let all = u128::from(kept - 1) << 64;
                u64::try_from(all / u128::from(*highest).max(1)).unwrap_or(u64::MAX)
            }
            _ => kept,
        }
    }
}

impl Usage {
    /// What was counted before, in the directory of the point. What cannot be read is counted anew: no
    /// content hangs on it. Blocks.
    pub(super) fn open(directory: &Path) -> Self {
        let path = Self::path(directory);
        let Remembered { packages } = read_json(&path)
            .unwrap_or_else(|error| {
                tracing::warn!(error = with_causes(&error), "clients are counted anew");
                None
            })
            .unwrap_or_default();
        let counted = Counted { packages, changed: false, written: Instant::now() };
        Self { path, counted: Mutex::new(counted) }
    }

    pub(super) fn path(directory: &Path) -> PathBuf {
        directory.join("usage.json")
    }

    /// How many clients each package has had.
    pub(super) fn report(&self) -> BTreeMap<PackageId, u64> {
        let counted = self.counted();
        counted.packages.iter().map(|(package, it)| (package.clone(), it.number())).collect()
    }

    /// A package is gone.
    pub(super) fn forget(&self, package: &PackageId) {
        let mut counted = self.counted();
        counted.changed |= counted.packages.remove(package).is_some();
    }

    /// Everything is gone.
    pub(super) fn forget_all(&self) {
        let mut counted = self.counted();
        counted.packages.clear();
        counted.changed = false;
    }

    /// Writes down what is new. Blocks.
    pub(super) fn keep(&self) {
        let packages = {
            let mut counted = self.counted();
            if !std::mem::take(&mut counted.changed) {
                return;
            }
            counted.written = Instant::now();
            counted.packages.clone()
        };
        if let Err(error) = self.write(packages) {
            tracing::warn!(error = with_causes(&error), "the count of clients is not kept");
        }
    }

    fn write(&self, packages: BTreeMap<PackageId, Clients>) -> Result<(), LibraryError> {
        write_json(&self.path, &Remembered { packages })
    }

    /// Counts a client; whether it is time to write that down.
    fn count(&self, package: PackageId, client: IpAddr) -> bool {
        let digest = match client.to_canonical() {
            IpAddr::V4(address) => Digest::of(&address.octets()),
            IpAddr::V6(address) => Digest::of(&address.octets()),
        };
        let (eight, _) = digest.as_bytes().as_chunks();
        let hash = eight.first().map_or(0, |first| u64::from_be_bytes(*first));
        let mut counted = self.counted();
        let new = counted.packages.entry(package).or_default();
        if new.add(hash) {
            counted.changed = true;
        }
        counted.changed && counted.written.elapsed() >= KEEP
    }

    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts who gets the list of a package, or a file of one by its path. A file by its digest belongs to
/// any number of packages: who asks for it has asked for a list before.
pub(super) async fn count(
    State(usage): State<Arc<Usage>>,
    request: Request,
    next: Next,
) -> Response {
    let client = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|it| it.0.ip());
    let package = if *request.method() == Method::GET { asked(request.uri().path()) } else { None };
    let answer = next.run(request).await;
    if let (Some(client), Some(package)) = (client, package)
        && answer.status().is_success()
        && usage.count(package, client)
    {
        begun(move || usage.keep());
    }
    answer
}

fn asked(path: &str) -> Option<PackageId> {
    let rest = path.strip_prefix("/packages/").or_else(|| path.strip_prefix("/content/"))?;
    rest.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn package() -> PackageId {
        "CEN00001".parse().unwrap()
    }

    #[test]
    fn few_clients_are_counted_exactly_and_many_nearly() {
        let usage = Usage::open(tempfile::tempdir().unwrap().path());
        let mut clients = 0_u32;
        for wanted in [1, 2, 255, 1_000, 5_000, 100_000] {
            while clients < wanted {
                clients += 1;
                let address = Ipv4Addr::from_bits(0x0A00_0000 + clients).into();
                usage.count(package(), address);
                usage.count(package(), address);
            }
            let (told, real) = (usage.report()[&package()], u64::from(wanted));
            if wanted < 256 {
                assert_eq!(told, real);
            } else {
                assert!(told.abs_diff(real) * 100 < real * 20, "{told} instead of {real}");
            }
        }
        assert_eq!(usage.counted().packages[&package()].0.len(), KEPT);
    }

    #[test]
    fn an_address_is_one_client_in_both_forms() {
        let usage = Usage::open(tempfile::tempdir().unwrap().path());
        usage.count(package(), "10.0.0.1".parse().unwrap());
        usage.count(package(), "::ffff:10.0.0.1".parse().unwrap());
        usage.count(package(), "10.0.0.2".parse().unwrap());
        assert_eq!(usage.report()[&package()], 2);
    }

    #[test]
    fn what_was_counted_is_there_after_a_restart_and_damage_does_no_harm() {
        let directory = tempfile::tempdir().unwrap();
        let usage = Usage::open(directory.path());
        usage.count(package(), "10.0.0.1".parse().unwrap());
        usage.keep();
        let again = Usage::open(directory.path());
        assert_eq!(again.report(), usage.report());
        again.forget(&package());
        again.keep();
        assert!(Usage::open(directory.path()).report().is_empty());
        std::fs::write(Usage::path(directory.path()), "{").unwrap();
        assert!(Usage::open(directory.path()).report().is_empty());
    }

    #[test]
    fn paths_tell_the_package() {
        assert_eq!(asked("/packages/CEN00001"), Some(package()));
        assert_eq!(asked("/content/CEN00001/a/b"), Some(package()));
        for other in ["/files/CEN00001", "/packages/", "/packages/..", "/content", "/"] {
            assert_eq!(asked(other), None, "{other}");
        }
    }
}
