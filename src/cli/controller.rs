//! `headwater controller`: the hierarchy follows a git repository.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{
    ExitCode, Failure, Printer,
    fetching::fetch_on_signal,
    followed::{CommitApprovals, Followed},
    staying::{Pass, pause, stay, with_paths},
    telling::{Listeners, notifier},
    watched::Watched,
    watching::{WatchArguments, Watching},
};
use crate::{
    apply::Removals,
    git::{Access, Repository, Signed},
    model::{GitSource, Interval, InvalidProxy, ManifestSource, RunCommand},
    net::raise_open_files,
    role::controller::{InForceFile, NeedsApproval},
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
                  headwater controller --source git+https://git.contoso.example/updates.git#production \
                  --verify tag --openpgp-keys /etc/headwater/keys.asc\n  \
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
    /// How often the source and the site systems are looked at, up to a tenth sooner or later; the
    /// source sooner while it cannot be reached, and at once on the signal SIGUSR1.
    #[arg(long, value_name = "DURATION", default_value = "30s")]
    every: Interval,
    /// What is done about what is not as the manifests say.
    #[arg(long, value_enum, default_value_t, value_name = "MODE")]
    mode: Mode,
    /// Remove what is there but not declared any more; otherwise it stays, and is named.
    #[arg(long)]
    prune: bool,
    /// Do nothing before somebody has approved it: `all` that changes a site system, or only what
    /// `prune` removes. `headwater approve` says what waits, and approves it.
    ///
    /// With --signers, the message of a commit approves too, by a line `Headwater-Approve: DIGEST` at its
    /// end.
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "all"
    )]
    require_approval: Option<RequireApproval>,
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

/// What is done only once it is approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RequireApproval {
    /// Everything that changes a site system, but for synchronizations that a schedule asks for.
    All,
    /// What takes something away: the rest goes on.
    Prune,
}

/// How a git repository is reached and believed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "For git repositories")]
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
    /// For `git+https`: the authorities that the certificate of the host may come from, as PEM, instead
    /// of those of this computer.
    #[arg(long, value_name = "FILE")]
    git_ca: Option<PathBuf>,
    /// For `git+https`: the proxy on the way, `http://HOST:PORT`. If it wants to know who asks, write
    /// `http://USER@HOST:PORT` here and `http://USER:PASSWORD@HOST:PORT` into `--git-credentials`.
    // Not parsed by the command line, which would repeat a password that is in it.
    #[arg(long, value_name = "URL")]
    git_proxy: Option<String>,
    /// Refuse what none of these has signed: keys of ssh, one `NAME KEY` on a line, as `ALLOWED SIGNERS`
    /// of ssh-keygen has them.
    #[arg(long, value_name = "FILE")]
    signers: Option<PathBuf>,
    /// Refuse what none of these has signed: public OpenPGP keys, as `gpg --export` writes them. With
    /// `--signers` those count too.
    #[arg(long, value_name = "FILE")]
    openpgp_keys: Option<PathBuf>,
    /// What has to be signed, where signers are named.
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    verify: Verify,
}

/// What has to be signed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Verify {
    /// Each commit that is to be in force.
    #[default]
    Commit,
    /// The annotated tag that the source names, and that stands at the commit.
    Tag,
}

impl Files {
    fn access(&self) -> Result<Access, InvalidProxy> {
        let Self {
            ssh_key,
            known_hosts,
            git_credentials,
            git_ca,
            git_proxy,
            signers,
            openpgp_keys,
            verify,
        } = self.clone();
        Ok(Access {
            ssh_key,
            known_hosts,
            credentials: git_credentials,
            authorities: git_ca,
            proxy: git_proxy.map(|it| it.parse()).transpose()?,
            signers,
            openpgp_keys,
            signed: match verify {
                Verify::Commit => Signed::Commit,
                Verify::Tag => Signed::Tag,
            },
        })
    }

    fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Arguments {
    fn pass(&self) -> Pass {
        let approval = self.require_approval.map(|it| match it {
            RequireApproval::All => NeedsApproval::All,
            RequireApproval::Prune => NeedsApproval::Removals,
        });
        match (self.mode, self.prune) {
            (Mode::Observe, _) => Pass::Observe,
            (Mode::Reconcile, prune) => Pass::Reconcile {
                command: RunCommand::Controller,
                removals: if prune { Removals::Confirmed } else { Removals::LeftOut },
                approval,
            },
        }
    }

    /// Why options do not go together, if they do not.
    fn contradiction(&self) -> Option<&'static str> {
        match (self.require_approval, self.mode, self.prune) {
            (Some(_), Mode::Observe, _) => Some(
                "`--mode observe` does nothing that could be approved: leave `--require-approval` out",
            ),
            (Some(RequireApproval::Prune), _, false) => {
                Some("`--require-approval=prune` is about what `--prune` removes: give both")
            }
            _ => None,
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
    if let Some(why) = arguments.contradiction() {
        return Err(usage(anyhow::anyhow!(why)));
    }
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
                let why = anyhow::anyhow!(
                    "`--ssh-key`, `--known-hosts`, `--git-credentials`, `--git-ca`, `--git-proxy`, \
                     `--signers`, `--openpgp-keys` and `--verify` are for git repositories: leave them out"
                );
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
    let usage = |error| Failure::new(ExitCode::Usage, error);
    let access = arguments
        .files
        .access()
        .map_err(|error| usage(anyhow::Error::from(error).context("`--git-proxy` is not valid")))?;
    let access = access.of(&source).map_err(|error| usage(error.into()))?;
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
        let approvals = arguments.require_approval.map(|_| {
            let believed = access.names_signers();
            CommitApprovals { files: controller.approval_files(), believed }
        });
        let repository = Repository::open(&sources, source.clone(), access).await;
        let repository = repository.map_err(|error| Failure::new(ExitCode::Usage, error))?;
        let files = (file, approvals);
        let begun = Followed::begin(repository, files, pause, listeners.clone(), printer).await;
        let (followed, wanted) = begun?;
        let listening = fetch_on_signal(followed.fetch_now())?;
        Ok::<_, Failure>((followed, wanted, listeners, listening))
    };
    let begun = tokio::select! {
        begun = begun => Some(begun),
        () = signals.ended() => None,
    };
    match begun {
        Some(Ok((followed, wanted, listeners, _listening))) => {
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
