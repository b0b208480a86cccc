//! A copy of a repository: as little of it as the newest commit needs, fetched anew each time.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Access, GitError,
    openpgp::Keys,
    program::{Call, Program},
};
use crate::{
    model::{CommitId, Digest, GitSource},
    store,
};

/// How long fetching may take: a large repository over a slow line.
const FETCH_WITHIN: Duration = Duration::from_mins(10);
/// How long anything else may take.
pub(super) const WITHIN: Duration = Duration::from_mins(2);
/// An answer of one line.
const LINE: u64 = 4 << 10;
/// More than the trailers of a message that somebody has written.
const TRAILERS: u64 = 64 << 10;
/// More plans than a commit can be about.
const MOST_APPROVALS: usize = 16;
/// After so many files of packs the copy is begun anew: each fetch leaves some, and nothing of the
/// commits before is needed again.
const MOST_PACK_FILES: usize = 300;
/// Where the newest commit is noted in the copy, or the tag that leads to it.
pub(super) const HEAD: &str = "refs/headwater/head";
/// Looks credentials up, and nothing else: git has it forget what a server refuses, too.
const CREDENTIALS: &str = "credential.helper=!f() { test \"$1\" != get || \
                           git credential-store --file=\"$HEADWATER_CREDENTIALS\" get; }; f";

/// A copy of a repository below the data directory. It is only a copy: whatever is wrong with it, it
/// may be removed. One process at a time uses it, which the lock of the data directory sees to.
#[derive(Debug)]
pub struct Repository {
    source: GitSource,
    pub(super) access: Access,
    pub(super) program: Program,
    pub(super) directory: PathBuf,
    pub(super) keys: Keys,
    home: PathBuf,
}

impl Repository {
    /// The copy of a source below a directory; nothing is fetched yet.
    ///
    /// # Errors
    ///
    /// There is no git, files of `access` are missing or of no use, or the directory cannot be made.
    pub async fn open(sources: &Path, source: GitSource, access: Access) -> Result<Self, GitError> {
        let access = access.of(&source)?;
        let program = Program::new(source.scheme(), access.ssh_command());
        let directory = sources.join(Digest::of(source.url().as_bytes()).to_hex());
        let home = directory.join("home");
        let keys = Keys::at(directory.join("openpgp"));
        let repository = Self { source, access, program, directory, keys, home };
        repository.empty_home()?;
        repository.program.succeed(repository.call("start", ["version"])).await?;
        if let Some(file) = &repository.access.openpgp_keys {
            repository.keys.of(file, &repository.program).await?;
        }
        Ok(repository)
    }

    /// Where it comes from.
    pub fn source(&self) -> &GitSource {
        &self.source
    }

    /// Fetches the newest commit of the reference, whatever was there before.
    ///
    /// # Errors
    ///
    /// The repository cannot be reached or read, or has no such reference.
    pub async fn fetch(&self) -> Result<CommitId, GitError> {
        self.prepare().await?;
        let wanted = format!("+{}:{HEAD}", self.source.reference().unwrap_or("HEAD"));
        let arguments = [
            "fetch",
            "--quiet",
            "--depth=1",
            "--force",
            "--no-tags",
            "--no-recurse-submodules",
            "--no-write-fetch-head",
            "--end-of-options",
            self.source.url(),
            &wanted,
        ];
        let mut call = Call { within: FETCH_WITHIN, ..self.call("fetch the commit", arguments) };
        if self.access.credentials.is_some() {
            call.credentials = self.access.credentials.as_deref();
            call.settings.push(CREDENTIALS.into());
        }
        if let Some(authorities) = &self.access.authorities {
            let mut setting = OsString::from("http.sslCAInfo=");
            setting.push(authorities);
            call.settings.push(setting);
        }
        if let Some(proxy) = &self.access.proxy {
            call.settings.push(format!("http.proxy={proxy}").into());
        }
        self.program.succeed(call).await?;
        self.name_of(&format!("{HEAD}^{{commit}}")).await
    }

    /// The digests of plans that the message of a commit approves: each in a line `Headwater-Approve:
    /// DIGEST` at its end. Whether they count is another matter.
    ///
    /// # Errors
    ///
    /// The commit cannot be read.
    pub async fn approvals(&self, commit: &CommitId) -> Result<Vec<Digest>, GitError> {
        let format = "--format=%(trailers:key=Headwater-Approve,valueonly,unfold)";
        let arguments = ["show", "--no-patch", format, "--end-of-options", commit.as_str()];
        let call =
            Call { most: TRAILERS, ..self.call("read the message of the commit", arguments) };
        let answer = self.program.succeed(call).await?;
        let lines =
            answer.split(|byte| *byte == b'\n').filter_map(|line| str::from_utf8(line).ok());
        Ok(lines.filter_map(|line| line.trim().parse().ok()).take(MOST_APPROVALS).collect())
    }

    /// A call in the copy.
    pub(super) fn call<'a>(
        &'a self,
        doing: &'static str,
        arguments: impl IntoIterator<Item = &'a str>,
    ) -> Call<'a> {
        let mut directory = OsString::from("--git-dir=");
        directory.push(self.copy());
        let arguments = arguments.into_iter().map(OsString::from);
        Call {
            doing,
            home: &self.home,
            index: None,
            keys: None,
            credentials: None,
            settings: Vec::new(),
            arguments: std::iter::once(directory).chain(arguments).collect(),
            within: WITHIN,
            most: LINE,
        }
    }

    fn copy(&self) -> PathBuf {
        self.directory.join("repository.git")
    }

    /// The commit that a name of ours means, or the tag.
    pub(super) async fn name_of(&self, name: &str) -> Result<CommitId, GitError> {
        let doing = "say which commit that is";
        let call = self.call(doing, ["rev-parse", "--verify", "--end-of-options", name]);
        let answer = self.program.succeed(call).await?;
        let text = str::from_utf8(&answer).map_err(|_| GitError::NotUnderstood { doing })?;
        text.trim_end().parse().map_err(|_| GitError::NotUnderstood { doing })
    }

    /// Makes the copy where it is not there, and removes what an end in between has left.
    async fn prepare(&self) -> Result<(), GitError> {
        let copy = self.copy();
        if names(&copy.join("objects/pack")).len() > MOST_PACK_FILES {
            fs::remove_dir_all(&copy).map_err(GitError::file("remove", &*copy))?;
        }
        self.empty_home()?;
        if !copy.join("HEAD").exists() || !copy.join("objects").exists() {
            let mut call = self.call("make a repository", []);
            call.arguments =
                ["init", "--quiet", "--bare", "--template="].map(OsString::from).into();
            call.arguments.push(copy.into());
            self.program.succeed(call).await?;
            return Ok(());
        }
        for directory in [copy.clone(), copy.join("refs/headwater")] {
            for name in names(&directory) {
                if Path::new(&name).extension().is_some_and(|end| end == "lock") {
                    let path = directory.join(name);
                    store::remove(&path).map_err(GitError::file("remove", &*path))?;
                }
            }
        }
        Ok(())
    }

    /// Makes the home directory that git sees, with nothing in it.
    fn empty_home(&self) -> Result<(), GitError> {
        let home = &*self.home;
        let made = store::remove_directory(home)
            .and_then(|()| fs::create_dir_all(&self.directory))
            .and_then(|()| fs::DirBuilder::new().mode(0o700).create(home));
        made.map_err(GitError::file("empty", home))
    }
}

/// The names in a directory; none if there is no such directory.
pub(super) fn names(directory: &Path) -> Vec<OsString> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.file_name())).collect()
}
