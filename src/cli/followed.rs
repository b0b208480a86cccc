//! A git repository that is followed: each new commit is validated, and is in force whole or not at
//! all.

use std::{sync::Arc, time::Duration};

use anyhow::anyhow;
use tokio::sync::{
    mpsc::{self, Receiver},
    watch,
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    Checked, ExitCode, Failure, Printer,
    fetching::{Fetched, fetch_again_and_again},
    kept::InForce,
    load_and_check, operation, sources,
    telling::Listeners,
};
use crate::{
    check::{Problem, Severity},
    clock,
    error_text::with_causes,
    git::{FetchNow, Repository},
    manifest::SourceMap,
    model::{
        CommitId, CommitInForce, Digest, ManifestsInForce, RefusedCommit, UnreachableSource,
        without_secrets,
    },
    role::controller::{ApprovalFiles, InForceFile},
    view::plain,
};

/// A git repository that is followed.
pub(super) struct Followed {
    repository: Arc<Repository>,
    file: InForceFile,
    /// Where plans have to be approved.
    approvals: Option<CommitApprovals>,
    manifests: ManifestsInForce,
    /// What hears of what becomes of commits.
    listeners: Listeners,
    /// The commit that was found not to be valid: it is not read again.
    not_valid: Option<CommitId>,
    fetched: Receiver<Fetched>,
    /// The commits whose directories are still needed.
    needed: watch::Sender<Vec<CommitId>>,
    fetch_now: FetchNow,
    _fetching: AbortOnDropHandle<()>,
}

/// What becomes of approvals in messages of commits.
pub(super) struct CommitApprovals {
    pub(super) files: ApprovalFiles,
    /// Whether commits are verified: otherwise whoever can write to the repository could approve.
    pub(super) believed: bool,
}

impl Followed {
    /// Begins to follow a repository. The second value is what was in force when the controller
    /// ended, if that is still good.
    ///
    /// # Errors
    ///
    /// What is remembered cannot be read.
    pub(super) async fn begin(
        repository: Repository,
        (file, approvals): (InForceFile, Option<CommitApprovals>),
        every: Duration,
        listeners: Listeners,
        printer: &mut Printer,
    ) -> Result<(Self, Option<InForce>), Failure> {
        let source = repository.source().clone();
        let before = file.read().map_err(operation)?.filter(|it| it.source == source);
        let mut manifests = before.unwrap_or_else(|| ManifestsInForce::nothing_of(source));
        let mut wanted = None;
        if let Some(CommitInForce { id, .. }) = &manifests.commit {
            match last_good(&repository, id, printer).await {
                Ok(it) => {
                    printer.message(&format!("commit {} is still in force\n", id.short()))?;
                    listeners.in_force(&it);
                    wanted = Some(it);
                }
                Err(why) => {
                    let (id, why) = (id.short(), plain(&why).into_owned());
                    printer.message(&format!("commit {id} is not in force any more: {why}\n"))?;
                    manifests.commit = None;
                }
            }
        }
        file.write(&manifests).map_err(operation)?;
        listeners.source(&manifests);
        let repository = Arc::new(repository);
        // One is enough: what is newer is fetched when somebody has time for it.
        let (sender, fetched) = mpsc::channel(1);
        let (needed, still_needed) = watch::channel(in_force(&manifests));
        let (fetch_now, asked) = FetchNow::new();
        let fetching =
            fetch_again_and_again(Arc::clone(&repository), every, sender, still_needed, asked);
        let followed = Self {
            repository,
            file,
            approvals,
            manifests,
            listeners,
            not_valid: None,
            fetched,
            needed,
            fetch_now,
            _fetching: AbortOnDropHandle::new(tokio::spawn(fetching)),
        };
        Ok((followed, wanted))
    }

    /// What asks for a fetch that begins now, not only when it is time again.
    pub(super) fn fetch_now(&self) -> FetchNow {
        self.fetch_now.clone()
    }

    /// Waits until another commit is in force.
    ///
    /// # Errors
    ///
    /// What is wrong cannot be told, or nobody fetches any more.
    pub(super) async fn changed(&mut self, printer: &mut Printer) -> Result<InForce, Failure> {
        loop {
            let Some(fetched) = self.fetched.recv().await else {
                return Err(operation(anyhow!("nothing is fetched any more: start it again")));
            };
            // Nothing below waits, so that nothing is lost when this is given up.
            let taken = match fetched {
                Fetched::Commit(id, approved) => self.take(&id, &approved, printer),
                Fetched::Refused(id, why) => self.refuse(&id, &why, printer).map(|()| None),
                Fetched::Unreachable(why) => self.unreachable(&why, printer).map(|()| None),
            };
            match taken {
                Ok(Some(wanted)) => return Ok(wanted),
                Ok(None) => {}
                Err(failure) => {
                    let why = failure.to_string();
                    printer.message(&format!("{}; it is tried again\n", plain(&why)))?;
                }
            }
        }
    }

    /// Takes a commit that was fetched, if it is another one and valid.
    fn take(
        &mut self,
        id: &CommitId,
        approved: &[Digest],
        printer: &mut Printer,
    ) -> Result<Option<InForce>, Failure> {
        let mut manifests = self.manifests.clone();
        if manifests.unreachable.take().is_some() {
            printer.message(&format!("{} can be fetched again\n", manifests.source))?;
        }
        let is_in_force = manifests.commit.as_ref().is_some_and(|it| it.id == *id);
        if is_in_force {
            manifests.refused = None;
            return self.remember(manifests).map(|()| None);
        }
        if self.not_valid.as_ref() == Some(id) {
            return self.remember(manifests).map(|()| None);
        }
        let wanted = match read(&self.repository, id, printer) {
            Ok(wanted) => wanted,
            Err(why) => {
                self.remember(manifests)?;
                self.not_valid = Some(id.clone());
                return self.refuse(id, &why, printer).map(|()| None);
            }
        };
        // What the pass that is under way reads is still needed until the next one.
        let mut needed = in_force(&manifests);
        manifests.refused = None;
        manifests.commit = Some(CommitInForce { id: id.clone(), since: clock::now() });
        // Before it is in force: given twice, it counts once all the same.
        let approvals = self.approve(id, approved)?;
        needed.extend(in_force(&manifests));
        // Who is told of it: those whom it names.
        self.listeners.notifier.tell(wanted.notifications.clone());
        self.remember(manifests)?;
        self.listeners.in_force(&wanted);
        self.needed.send_replace(needed);
        printer.message(&format!("commit {} is in force\n{approvals}", id.short()))?;
        Ok(Some(wanted))
    }

    /// Takes what the message of a commit approves; what there is to say about that.
    fn approve(&self, id: &CommitId, approved: &[Digest]) -> Result<String, Failure> {
        let Some(CommitApprovals { files, believed }) = &self.approvals else {
            return Ok(String::new());
        };
        files.forget_commits().map_err(operation)?;
        let short = id.short();
        if !believed && !approved.is_empty() {
            return Ok(format!(
                "what the message of commit {short} approves does not count: commits are verified with \
                 `--signers` only\n"
            ));
        }
        let mut said = String::new();
        for digest in approved {
            files.give(*digest, Some(id), clock::now()).map_err(operation)?;
            said.extend(["the message of commit ", short, " approves ", &digest.to_string(), "\n"]);
        }
        Ok(said)
    }

    fn refuse(&mut self, id: &CommitId, why: &str, printer: &mut Printer) -> Result<(), Failure> {
        let mut manifests = self.manifests.clone();
        manifests.unreachable = None;
        let said = manifests.refused.as_ref().is_some_and(|it| it.id == *id && it.why == why);
        if !said {
            let (at, why) = (clock::now(), why.to_owned());
            let holds = match &manifests.commit {
                Some(commit) => format!("{} stays in force", commit.id.short()),
                None => "no other one is in force".to_owned(),
            };
            let text = format!("commit {} is refused: {}; {holds}\n", id.short(), plain(&why));
            manifests.refused = Some(RefusedCommit { id: id.clone(), at, why });
            printer.message(&text)?;
        }
        self.remember(manifests)
    }

    fn unreachable(&mut self, why: &str, printer: &mut Printer) -> Result<(), Failure> {
        let mut manifests = self.manifests.clone();
        let said = manifests.unreachable.as_ref();
        if said.is_none_or(|it| it.why != why) {
            let since = said.map_or_else(clock::now, |it| it.since);
            let holds = match &manifests.commit {
                Some(commit) => format!("; {} stays in force", commit.id.short()),
                None => String::new(),
            };
            printer.message(&format!("{}{holds}\n", plain(why)))?;
            manifests.unreachable = Some(UnreachableSource { since, why: why.to_owned() });
        }
        self.remember(manifests)
    }

    /// Writes down what has changed, before anything goes by it.
    fn remember(&mut self, manifests: ManifestsInForce) -> Result<(), Failure> {
        if manifests != self.manifests {
            self.file.write(&manifests).map_err(operation)?;
            self.listeners.source(&manifests);
            self.manifests = manifests;
        }
        Ok(())
    }
}

fn in_force(manifests: &ManifestsInForce) -> Vec<CommitId> {
    manifests.commit.iter().map(|it| it.id.clone()).collect()
}

/// What was in force when the controller ended; why not, if it is not any more.
async fn last_good(
    repository: &Repository,
    id: &CommitId,
    printer: &mut Printer,
) -> Result<InForce, String> {
    // Other signers may be named than before.
    repository.verify_again(id).await.map_err(|error| with_causes(&error))?;
    read(repository, id, printer)
}

/// The manifests of a commit; why it is refused, if it is.
fn read(repository: &Repository, id: &CommitId, printer: &mut Printer) -> Result<InForce, String> {
    let (commit, inner) = (repository.directory_of(id), repository.source().directory());
    let root = inner.map_or_else(|| commit.clone(), |inner| commit.join(inner));
    if !root.is_dir() {
        let inner = inner.unwrap_or_default();
        return Err(format!("there is no directory `{inner}` in it"));
    }
    // In the repository people know files by the names that they have there.
    let inside = format!("{}/", commit.display());
    let mut texts =
        sources::read(&[root]).map_err(|error| with_causes(&error).replace(&inside, ""))?;
    for text in &mut texts {
        if let Some(name) = text.name.strip_prefix(&inside) {
            text.name = name.to_owned();
        }
    }
    let Checked { loaded, problems } = load_and_check(texts);
    match sources::valid_hierarchy(&loaded, &problems, printer) {
        Ok(hierarchy) => Ok(InForce::of(hierarchy, &loaded, Some(id.clone()))),
        Err(Failure { code: ExitCode::Failure, error }) => {
            Err(format!("{error:#}{}", first_error(&problems, &loaded.source_map)))
        }
        Err(failure) => Err(failure.to_string()),
    }
}

/// The first error and where it is, for those who see no more than one line.
fn first_error(problems: &[Problem], source_map: &SourceMap) -> String {
    let Some(first) = problems.iter().find(|it| it.severity == Severity::Error) else {
        return String::new();
    };
    let at = source_map.locate(&first.place);
    let at = at.map(|it| format!(" in {}:{}:{}", it.file, it.line, it.column)).unwrap_or_default();
    format!(": [{}]{at}: {}", first.rule, without_secrets(&first.message))
}
