//! `headwater controller`: the hierarchy follows a git repository.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{
    ExitCode, Failure, Printer,
    fetching::fetch_on_signal,
    followed::Followed,
    staying::{Pass, pause, stay, with_paths},
    telling::{Listeners, notifier},
    watched::Watched,
    watching::{WatchArguments, Watching},
};
use crate::{
    apply::Removals,
    git::{Access, Repository},
    model::{GitSource, Interval, ManifestSource, RunCommand},
    net::raise_open_files,
    role::controller::InForceFile,
};

/// What `headwater controller` is given.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Exit codes: 0 ended by a signal; 1 it could not be started, or the \
                  manifests of a directory are not valid; 2 the command line is wrong, or a file \
                  cannot be read\n\n\
                  Examples:\n  headwater controller --source \
                  git+https://git.contoso.example/updates.git#main:hierarchy --git-credentials \
                  /etc/headwater/git-credentials\n  headwater controller --source \
                  git+ssh://git@git.contoso.example/updates.git --ssh-key /etc/headwater/key \
                  --known-hosts /etc/headwater/known_hosts --signers /etc/headwater/signers\n  \
                  headwater controller --source git+file:///srv/updates.git --mode observe")]
pub struct Arguments {
    /// Where manifests come from: `git+https://HOST/PATH`, `git+ssh://USER@HOST/PATH` or
    /// `git+file:///PATH`, with `#REFERENCE:DIRECTORY` behind it where that is wanted, or a directory.
    ///
    /// A commit is in force whole or not at all: if it cannot be fetched, is not signed by a signer or
    /// is not valid, the last good one stays, also over a restart, and `headwater status` says why.
    // Not parsed by the command line, which would repeat a password that is in it.
    #[arg(long, value_name = "SOURCE")]
    source: String,
    /// How often the source and the site systems are looked at; the source up to a tenth sooner or
    /// later, sooner while it cannot be reached, and at once on the signal SIGUSR1.
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    every: Interval,
    /// What is done about what is not as the manifests say.
    #[arg(long, value_enum, default_value_t, value_name = "MODE")]
    mode: Mode,
    /// Remove what is there but not declared any more; otherwise it stays, and is named.
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    watch: WatchArguments,
    /// Let git servers call `POST /hooks/git` after a push, and fetch at once then: a file with a secret
    /// that they know too, or several, one on a line. GitHub, GitLab, Gitea and Forgejo sign with it;
    /// others put `sha256=` and the HMAC-SHA256 of the body in X-Headwater-Signature.
    #[arg(
        long,
        value_name = "FILE",
        requires = "listen",
        help_heading = "Port for programs that watch"
    )]
    hook_secret_file: Option<PathBuf>,
    #[command(flatten)]
    files: Files,
}

/// What is done about what is not as the manifests say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Bring it about.
    #[default]
    Reconcile,
    /// Say it, and change nothing.
    Observe,
}

/// The files that a git repository needs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Files for git")]
struct Files {
    /// For `git+ssh`: a private key without a passphrase.
    #[arg(long, value_name = "FILE")]
    ssh_key: Option<PathBuf>,
    /// For `git+ssh`: the keys of the host, as `ssh-keyscan` prints them. No other host is believed.
    #[arg(long, value_name = "FILE")]
    known_hosts: Option<PathBuf>,
    /// For `git+https`: users and passwords or tokens, one `https://USER:PASSWORD@HOST` on a line.
    #[arg(long, value_name = "FILE")]
    git_credentials: Option<PathBuf>,
    /// Refuse each commit that none of these has signed: keys of ssh, one `NAME KEY` on a line, as
    /// `ALLOWED SIGNERS` of ssh-keygen has them.
    #[arg(long, value_name = "FILE")]
    signers: Option<PathBuf>,
}

impl Files {
    fn access(&self) -> Access {
        let Self { ssh_key, known_hosts, git_credentials, signers } = self.clone();
        Access { ssh_key, known_hosts, credentials: git_credentials, signers }
    }

    fn are_none(&self) -> bool {
        let Self { ssh_key, known_hosts, git_credentials, signers } = self;
        [ssh_key, known_hosts, git_credentials, signers].iter().all(|it| it.is_none())
    }
}

impl Arguments {
    fn pass(&self) -> Pass {
        match (self.mode, self.prune) {
            (Mode::Observe, _) => Pass::Observe,
            (Mode::Reconcile, true) => Pass::Reconcile(RunCommand::Controller, Removals::Confirmed),
            (Mode::Reconcile, false) => Pass::Reconcile(RunCommand::Controller, Removals::LeftOut),
        }
    }
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    raise_open_files();
    let usage = |error| Failure::new(ExitCode::Usage, error);
    let source: ManifestSource = arguments
        .source
        .parse()
        .map_err(|error| usage(anyhow::Error::from(error).context("`--source` is not valid")))?;
    let hook = arguments.hook_secret_file.as_ref();
    match source {
        ManifestSource::Git(source) => {
            let watching = arguments.watch.open(hook, data, printer).await?;
            follow(arguments, source, data, watching, printer).await
        }
        ManifestSource::Directory(path) => {
            if hook.is_some() {
                let why = "`--hook-secret-file` is for git repositories: leave it out";
                return Err(usage(anyhow::anyhow!(why)));
            }
            if !arguments.files.are_none() {
                let files = "`--ssh-key`, `--known-hosts`, `--git-credentials` and `--signers`";
                let why = anyhow::anyhow!("{files} are for git repositories: leave them out");
                return Err(usage(why));
            }
            let pace = (arguments.pass(), pause(arguments.every));
            let watching = arguments.watch.open(None, data, printer).await?;
            with_paths(&[path], (data, true), pace, (&watching.vitals, true), printer).await
        }
    }
}

async fn follow(
    arguments: &Arguments,
    source: GitSource,
    data: &Path,
    watching: Watching,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let (pause, vitals) = (pause(arguments.every), watching.vitals.clone());
    // What is wrong with the command line is said before anybody waits.
    let access = arguments.files.access().of(&source);
    let access = access.map_err(|error| Failure::new(ExitCode::Usage, error))?;
    // First of all: nothing is looked at again by somebody else who stays.
    let Some(begun) = arguments.pass().controller(data, true, printer).await? else {
        return Ok(ExitCode::Success);
    };
    let (controller, mut signals) = begun;
    let begun = async {
        let (sources, file) = {
            let data = controller.session().data();
            (data.sources(), InForceFile::of(data))
        };
        let notifier = notifier(&controller, source.to_string()).await?;
        let listeners = Listeners { vitals, notifier };
        let repository = Repository::open(&sources, source.clone(), access).await;
        let repository = repository.map_err(|error| Failure::new(ExitCode::Usage, error))?;
        let begun = Followed::begin(repository, file, pause, listeners.clone(), printer).await;
        begun.map(|(followed, wanted)| (followed, wanted, listeners))
    };
    let begun = tokio::select! {
        begun = begun => Some(begun),
        () = signals.ended() => None,
    };
    match begun {
        Some(Ok((followed, wanted, listeners))) => {
            let _listening = fetch_on_signal(followed.fetch_now())?;
            if let Some(hooks) = &watching.hooks {
                hooks.follow(source, followed.fetch_now());
            }
            let watched = Watched::Git(Box::new(followed));
            let pace = (arguments.pass(), pause);
            stay((controller, signals), watched, wanted, pace, &listeners, printer).await
        }
        Some(Err(failure)) => {
            controller.close().await;
            Err(failure)
        }
        None => {
            controller.close().await;
            Ok(ExitCode::Success)
        }
    }
}
