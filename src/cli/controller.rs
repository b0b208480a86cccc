//! `headwater controller`: the hierarchy follows a git repository.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{
    ExitCode, Failure, Printer,
    fetching::fetch_on_signal,
    followed::Followed,
    staying::{Pass, pause, stay, with_paths},
    watched::Watched,
};
use crate::{
    apply::Removals,
    git::{Access, Repository},
    model::{GitSource, Interval, ManifestSource},
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
            (Mode::Reconcile, true) => Pass::Reconcile(Removals::Confirmed),
            (Mode::Reconcile, false) => Pass::Reconcile(Removals::LeftOut),
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
    match source {
        ManifestSource::Git(source) => follow(arguments, source, data, printer).await,
        ManifestSource::Directory(path) => {
            if !arguments.files.are_none() {
                let files = "`--ssh-key`, `--known-hosts`, `--git-credentials` and `--signers`";
                let why = anyhow::anyhow!("{files} are for git repositories: leave them out");
                return Err(usage(why));
            }
            let pace = (arguments.pass(), pause(arguments.every));
            with_paths(&[path], data, pace, printer).await
        }
    }
}

async fn follow(
    arguments: &Arguments,
    source: GitSource,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let pause = pause(arguments.every);
    // First of all: nothing is looked at again by somebody else who stays.
    let controller = arguments.pass().controller(data).await?;
    let begun = async {
        let (sources, file) = {
            let data = controller.session().data();
            (data.sources(), InForceFile::of(data))
        };
        let access = arguments.files.access();
        let repository = Repository::open(&sources, source, access).await;
        let repository = repository.map_err(|error| Failure::new(ExitCode::Usage, error))?;
        let (followed, wanted) = Followed::begin(repository, file, pause, printer).await?;
        let listening = fetch_on_signal(followed.fetch_now())?;
        Ok::<_, Failure>((followed, wanted, listening))
    };
    match begun.await {
        Ok((followed, wanted, _listening)) => {
            let watched = Watched::Git(Box::new(followed));
            stay(controller, watched, wanted, (arguments.pass(), pause), printer).await
        }
        Err(failure) => {
            controller.close().await;
            Err(failure)
        }
    }
}
