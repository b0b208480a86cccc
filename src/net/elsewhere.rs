//! Where declared addresses really are, when the name service does not know them: other names, which it knows.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
    time::SystemTime,
};

use crate::store;

/// The longest file of names: in a cluster it has at most 1 MiB.
const LONGEST: u64 = 4 << 20;

/// Other names of declared addresses.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    /// The file that tells them: a line each, the address and the name, with spaces between.
    file: Option<PathBuf>,
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    stamp: Stamp,
    names: BTreeMap<String, String>,
}

/// When a file was written, how long it is, and which one it is: a mounted file is exchanged as a whole.
type Stamp = Option<(SystemTime, u64, u64)>;

impl Elsewhere {
    /// As a file tells, also when it changes.
    pub(super) fn told_by(file: PathBuf) -> Self {
        Self { file: Some(file), known: RwLock::default() }
    }

    /// As this tells from now on.
    pub(super) fn set(&self, names: BTreeMap<String, String>) {
        self.known.write().unwrap_or_else(PoisonError::into_inner).names = names;
    }

    /// The name under which a host is found: its own, where nothing else is told.
    pub(super) fn name_of<'a>(&self, host: &'a str) -> Cow<'a, str> {
        if let Some(file) = &self.file {
            self.look_at(file);
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.names.is_empty() {
            return Cow::Borrowed(host);
        }
        let found = known.names.get(&host.to_ascii_lowercase()).cloned();
        found.map_or(Cow::Borrowed(host), Cow::Owned)
    }

    /// Reads the file if it is another one than before.
    fn look_at(&self, file: &Path) {
        let stamp = stamp_of(file);
        if self.known.read().unwrap_or_else(PoisonError::into_inner).stamp == stamp {
            return;
        }
        let names = match store::read_bounded(file, LONGEST) {
            Ok(text) => read(&String::from_utf8_lossy(&text.unwrap_or_default())),
            Err(error) => {
                // What was known before is better than nothing, and it is tried again.
                tracing::warn!(file = %file.display(), %error, "the names of others are not read");
                return;
            }
        };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Known { stamp, names };
    }
}

fn stamp_of(file: &Path) -> Stamp {
    let found = fs::metadata(file).ok()?;
    Some((found.modified().ok()?, found.len(), found.ino()))
}

fn read(text: &str) -> BTreeMap<String, String> {
    let mut names = BTreeMap::new();
    for line in
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let mut words = line.split_ascii_whitespace();
        if let (Some(address), Some(name), None) = (words.next(), words.next(), words.next()) {
            names.insert(address.to_ascii_lowercase(), name.to_owned());
        } else {
            tracing::warn!("a line of the names of others is left out: it has not two words");
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_under_the_name_that_the_file_tells() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("names");
        let elsewhere = Elsewhere::told_by(file.clone());
        assert_eq!(elsewhere.name_of("AMS-srv.contoso.example"), "AMS-srv.contoso.example");

        fs::write(
            &file,
            "# addresses\n\nams-SRV.contoso.example ams-srv.one.svc.\nthree words here\n",
        )
        .unwrap();
        assert_eq!(elsewhere.name_of("AMS-srv.contoso.example"), "ams-srv.one.svc.");
        assert_eq!(elsewhere.name_of("three"), "three");

        fs::write(&file, "ams-srv.contoso.example ams-srv.two-longer.svc.\n").unwrap();
        assert_eq!(elsewhere.name_of("ams-srv.contoso.example"), "ams-srv.two-longer.svc.");

        fs::remove_file(&file).unwrap();
        assert_eq!(elsewhere.name_of("ams-srv.contoso.example"), "ams-srv.contoso.example");
    }
}
