//! Runs the program `git`: its own process group, a bare environment, bounded time and output.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::Path,
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt, sink},
    process::{Child, Command},
};

use super::{GitError, error::said};
use crate::model::GitScheme;

/// What git is told before each command, so that neither this computer's nor the repository's
/// settings run anything or lead anywhere: no hooks, no filters, no symbolic links, no submodules,
/// no other protocols, no cleaning up in the background. What it fetches it checks.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.symlinks=false",
    "core.attributesFile=/dev/null",
    "core.askPass=",
    "protocol.ext.allow=never",
    "transfer.fsckObjects=true",
    "fetch.unpackLimit=1",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "credential.helper=",
    "http.sslVerify=true",
    // A server that sends less than 1,000 bytes a second for a minute sends nothing.
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
    // Only signatures whose signer is named are looked at, and none of another kind.
    "gpg.program=false",
    "gpg.x509.program=false",
    "gpg.minTrustLevel=fully",
];

/// The largest file that git may write, in bytes: the same as the largest commit.
#[cfg(target_os = "linux")]
const LARGEST_FILE: u64 = super::checkout::MOST_BYTES;
/// As much of what it says on standard error is read, and of what gpg says.
const MOST_SAID: u64 = 64 << 10;
/// How long gpg may take to read keys.
const GPG_WITHIN: Duration = Duration::from_mins(1);

/// How git is run for one source.
#[derive(Debug)]
pub(super) struct Program {
    path: OsString,
    scheme: GitScheme,
    ssh_command: Option<String>,
}

/// One call of git.
#[derive(Debug)]
pub(super) struct Call<'a> {
    /// What it is to do, for messages: `fetch the commit`.
    pub(super) doing: &'static str,
    /// The home directory that it sees, which holds nothing.
    pub(super) home: &'a Path,
    /// The index that it uses.
    pub(super) index: Option<&'a Path>,
    /// The home directory of GnuPG that it uses.
    pub(super) keys: Option<&'a Path>,
    /// The file with users and passwords, whose name it finds in `HEADWATER_CREDENTIALS`.
    pub(super) credentials: Option<&'a Path>,
    /// More settings.
    pub(super) settings: Vec<OsString>,
    /// The command and what belongs to it.
    pub(super) arguments: Vec<OsString>,
    /// How long it may take.
    pub(super) within: Duration,
    /// How many bytes it may answer with.
    pub(super) most: u64,
}

/// How a call ended that was carried out.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) success: bool,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

impl Program {
    /// Git for a scheme, found where programs are found now.
    pub(super) fn new(scheme: GitScheme, ssh_command: Option<String>) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        Self { path, scheme, ssh_command }
    }

    /// Carries a call out, which has to succeed; what it answers.
    ///
    /// # Errors
    ///
    /// It fails, takes too long, or answers too much.
    pub(super) async fn succeed(&self, call: Call<'_>) -> Result<Vec<u8>, GitError> {
        let doing = call.doing;
        let ended = self.run(call).await?;
        if ended.success {
            return Ok(ended.stdout);
        }
        Err(GitError::Failed { doing, said: said(&ended.stderr) })
    }

    /// Carries a call out. It ends when nobody waits for it any more.
    ///
    /// # Errors
    ///
    /// It cannot be started, takes too long, or answers too much.
    pub(super) async fn run(&self, call: Call<'_>) -> Result<Ended, GitError> {
        let Call { doing, within, most, .. } = call;
        let child = self.command(&call).spawn().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => GitError::NotInstalled,
            _ => GitError::Start(source),
        })?;
        ended(child, doing, within, most).await
    }

    /// Runs gpg in a home directory of its own, which alone tells it what to do.
    ///
    /// # Errors
    ///
    /// It cannot be started, takes too long, or answers too much.
    pub(super) async fn gpg(
        &self,
        doing: &'static str,
        keys: &Path,
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Ended, GitError> {
        let mut command = bare("gpg", &self.path, keys);
        command.env("GNUPGHOME", keys).args(arguments);
        let child = command.spawn().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => GitError::NoGpg,
            _ => GitError::Start(source),
        })?;
        ended(child, doing, GPG_WITHIN, MOST_SAID).await
    }

    fn command(&self, call: &Call<'_>) -> Command {
        let mut command = bare("git", &self.path, call.home);
        command
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_ATTR_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_ALLOW_PROTOCOL", self.scheme.as_str())
            .envs(self.ssh_command.as_ref().map(|it| ("GIT_SSH_COMMAND", it)))
            .envs(call.index.map(|it| ("GIT_INDEX_FILE", it)))
            .envs(call.keys.map(|it| ("GNUPGHOME", it)))
            .envs(call.credentials.map(|it| ("HEADWATER_CREDENTIALS", it)));
        for setting in SETTINGS.iter().map(OsStr::new).chain(call.settings.iter().map(OsStr::new)) {
            command.arg("-c").arg(setting);
        }
        command.args(&call.arguments);
        command
    }
}

/// A program in an environment with nothing in it.
fn bare(program: &str, path: &OsStr, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("LC_ALL", "C")
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // What it starts ends with it, and signals of a terminal are for us to handle.
        .process_group(0)
        .kill_on_drop(true);
    command
}

/// Waits until a program has ended; it ends when nobody waits for it any more.
async fn ended(
    mut child: Child,
    doing: &'static str,
    within: Duration,
    most: u64,
) -> Result<Ended, GitError> {
    let mut group = Group::of(child.id());
    group.bound();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let all = async {
        let answered = async {
            let (bytes, whole) = bounded(stdout, most).await.map_err(GitError::Start)?;
            if whole { Ok(bytes) } else { Err(GitError::TooMuch { doing }) }
        };
        let said = async { Ok(bounded(stderr, MOST_SAID).await.map_err(GitError::Start)?.0) };
        let status = async { child.wait().await.map_err(GitError::Start) };
        tokio::try_join!(answered, said, status)
    };
    let seconds = within.as_secs();
    let ended = tokio::time::timeout(within, all).await;
    let (stdout, stderr, status) = ended.map_err(|_| GitError::TooSlow { doing, seconds })??;
    group.has_ended();
    Ok(Ended { success: status.success(), stdout, stderr })
}

/// What comes up to a bound, and whether that is all; what is more is read too, so that nobody waits.
async fn bounded(from: Option<impl AsyncRead + Unpin>, most: u64) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    let Some(mut from) = from else { return Ok((bytes, true)) };
    (&mut from).take(most).read_to_end(&mut bytes).await?;
    let more = tokio::io::copy(&mut from, &mut sink()).await?;
    Ok((bytes, more == 0))
}

/// The processes of a call, which are ended when it is given up.
struct Group(Option<Pid>);

impl Group {
    fn of(id: Option<u32>) -> Self {
        Self(id.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    /// Bounds how much it may write, before a server has said anything.
    fn bound(&self) {
        #[cfg(target_os = "linux")]
        if let Some(id) = self.0 {
            use rustix::process::{Resource, Rlimit, prlimit};
            let bound = Some(LARGEST_FILE);
            // It has ended already: then it writes nothing.
            let _ = prlimit(Some(id), Resource::Fsize, Rlimit { current: bound, maximum: bound });
        }
    }

    fn has_ended(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(id) = self.0 {
            // They may have ended meanwhile.
            let _ = kill_process_group(id, Signal::KILL);
        }
    }
}
