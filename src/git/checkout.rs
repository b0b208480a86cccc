//! Commits as directories: whole, synced, and looked at for their size before anything is written.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{GitError, Repository, program::Call, repository::names};
use crate::{blocking::blocking, model::CommitId, store, world};

/// As many files may be in a commit: as many as the largest hierarchy has documents, and then some.
const MOST_FILES: usize = 100_000;
/// And as many bytes: manifests and small packages, not images.
pub(super) const MOST_BYTES: u64 = 1 << 30;
/// As long may the list of files be.
const LONGEST_LIST: u64 = 64 << 20;
/// What ends the name of a directory that is not whole yet.
const UNDER_WAY: &str = ".new";

impl Repository {
    /// The directory of a commit, whether it is there or not.
    pub fn directory_of(&self, commit: &CommitId) -> PathBuf {
        self.commits().join(commit.as_str())
    }

    /// Writes the files of a commit that was fetched into a directory of its own, unless they are
    /// there. Symbolic links become files that hold where they lead.
    ///
    /// # Errors
    ///
    /// It is too large, or cannot be written.
    pub async fn check_out(&self, commit: &CommitId) -> Result<PathBuf, GitError> {
        let directory = self.directory_of(commit);
        if directory.is_dir() {
            return Ok(directory);
        }
        self.measure(commit).await?;
        let under_way = self.commits().join(format!("{commit}{UNDER_WAY}"));
        let index = self.directory.join("index");
        // A lock of it that an end in between has left would be in the way.
        let lock = self.directory.join("index.lock");
        for path in [&index, &lock] {
            store::remove(path).map_err(GitError::file("remove", &**path))?;
        }
        remove_all(&under_way)?;
        fs::create_dir_all(&under_way).map_err(GitError::file("make", &*under_way))?;
        let doing = "write the files of the commit";
        let read = Call {
            index: Some(&index),
            ..self.call(doing, ["read-tree", "--end-of-options", commit.as_str()])
        };
        self.program.succeed(read).await?;
        let mut write = Call { index: Some(&index), ..self.call(doing, []) };
        let mut tree = std::ffi::OsString::from("--work-tree=");
        tree.push(&under_way);
        write.arguments.push(tree);
        write.arguments.extend(["checkout-index", "--all", "--force", "--quiet"].map(Into::into));
        // The prefix is put in front of names as it is.
        let mut prefix = std::ffi::OsString::from("--prefix=");
        prefix.push(&under_way);
        prefix.push("/");
        write.arguments.push(prefix);
        self.program.succeed(write).await?;
        let made = directory.clone();
        blocking(move || keep(&under_way, &made)).await?;
        Ok(directory)
    }

    /// Removes the directories of all other commits, and what is known of their signatures.
    ///
    /// # Errors
    ///
    /// One cannot be removed.
    pub async fn keep_only(&self, commits: &[CommitId]) -> Result<(), GitError> {
        self.keep_only_signatures_of(commits)?;
        let all = self.commits();
        let kept = |name: &std::ffi::OsString| commits.iter().any(|it| name == it.as_str());
        let others: Vec<_> = names(&all).into_iter().filter(|name| !kept(name)).collect();
        blocking(move || others.into_iter().try_for_each(|name| remove_all(&all.join(name)))).await
    }

    fn commits(&self) -> PathBuf {
        self.directory.join("commits")
    }

    /// Whether a commit may be written as a whole.
    async fn measure(&self, commit: &CommitId) -> Result<(), GitError> {
        let doing = "list the files of the commit";
        let arguments = ["ls-tree", "-r", "-l", "-z", "--full-tree", commit.as_str()];
        let list = Call { most: LONGEST_LIST, ..self.call(doing, arguments) };
        let too_large = GitError::TooLarge { files: MOST_FILES, bytes: MOST_BYTES };
        let list = match self.program.succeed(list).await {
            Err(GitError::TooMuch { .. }) => return Err(too_large),
            other => other?,
        };
        let (mut files, mut bytes) = (0, 0_u64);
        for entry in list.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let size = size(entry).ok_or(GitError::NotUnderstood { doing })?;
            (files, bytes) = (files + 1, bytes.saturating_add(size));
        }
        if files > MOST_FILES || bytes > MOST_BYTES { Err(too_large) } else { Ok(()) }
    }
}

/// The size that stands in an entry of a tree: `MODE TYPE ID SIZE<tab>NAME`. Another repository within
/// it has none.
fn size(entry: &[u8]) -> Option<u64> {
    let facts = entry.split(|byte| *byte == b'\t').next()?;
    match str::from_utf8(facts).ok()?.split_ascii_whitespace().nth(3)? {
        "-" => Some(0),
        size => size.parse().ok(),
    }
}

/// Makes a directory durable, and gives it its name.
fn keep(under_way: &Path, directory: &Path) -> Result<(), GitError> {
    sync(under_way).map_err(GitError::file("write", under_way))?;
    fs::rename(under_way, directory).map_err(GitError::file("write", directory))?;
    let parent = directory.parent().unwrap_or(directory);
    File::open(parent).and_then(|it| it.sync_all()).map_err(GitError::file("write", parent))
}

/// Makes everything durable that was written below a directory, in one call.
#[cfg(target_os = "linux")]
fn sync(directory: &Path) -> io::Result<()> {
    rustix::fs::syncfs(File::open(directory)?)?;
    world::synced_below(directory);
    Ok(())
}

/// Makes every file below a directory durable.
#[cfg(not(target_os = "linux"))]
fn sync(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() { sync(&path)? } else { File::open(&path)?.sync_all()? }
    }
    File::open(directory)?.sync_all()
}

fn remove_all(path: &Path) -> Result<(), GitError> {
    store::remove_directory(path).map_err(GitError::file("remove", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_from_the_entries_of_a_tree() {
        assert_eq!(size(b"100644 blob 587be6b4       2\td/a.yaml"), Some(2));
        assert_eq!(size(b"160000 commit 587be6b4       -\tmodule"), Some(0));
        for entry in [&b""[..], b"100644 blob 587be6b4\ta 1 2 3", b"a b c -1\td", b"a b c \xff\td"]
        {
            assert_eq!(size(entry), None, "{entry:?}");
        }
    }
}
