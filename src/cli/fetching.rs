//! Fetching a git repository again and again: when it is time, or when somebody asks for it.

use std::{sync::Arc, time::Duration};

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{mpsc::Sender, watch},
    time::{Instant, sleep},
};
use tokio_util::task::AbortOnDropHandle;

use super::Failure;
use crate::{
    chance::dice,
    engine::FetchPace,
    error_text::with_causes,
    git::{Asked, FetchNow, GitError, Repository},
    model::{CommitId, Digest, without_secrets},
};

/// What fetching has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fetched {
    /// A commit whose files are there, verified where signers are named, and what its message approves.
    Commit(CommitId, Vec<Digest>),
    /// A commit that may not be used.
    Refused(CommitId, String),
    /// Nobody knows which commit is the newest one.
    Unreachable(String),
}

/// Fetches again and again, for as long as somebody listens. Of commits only those stay that are
/// needed, and the one that was handed over last.
pub(super) async fn fetch_again_and_again(
    repository: Arc<Repository>,
    every: Duration,
    listener: Sender<Fetched>,
    needed: watch::Receiver<Vec<CommitId>>,
    asked: Asked,
) {
    let fetch = |handed_over: Option<CommitId>| {
        // Those that are handed over and not looked at yet are needed too.
        let kept: Vec<_> = needed.borrow().iter().cloned().chain(handed_over).collect();
        let repository = Arc::clone(&repository);
        async move {
            if let Err(error) = repository.keep_only(&kept).await {
                tracing::warn!(error = with_causes(&error), "commits that nobody needs stay");
            }
            fetch_once(&repository).await
        }
    };
    at_its_pace(fetch, FetchPace::of(every), listener, asked).await;
}

/// Calls `fetch` at its pace with the commit that was handed over last, and hands over what comes of it.
async fn at_its_pace<F: Future<Output = Fetched>>(
    mut fetch: impl FnMut(Option<CommitId>) -> F,
    mut pace: FetchPace,
    listener: Sender<Fetched>,
    mut asked: Asked,
) {
    let mut handed_over = None;
    loop {
        asked.answered();
        let begun = Instant::now();
        let fetched = fetch(handed_over.clone()).await;
        if let Fetched::Commit(id, _) = &fetched {
            handed_over = Some(id.clone());
        }
        let reached = !matches!(fetched, Fetched::Unreachable(_));
        if listener.send(fetched).await.is_err() {
            return;
        }
        tokio::select! {
            () = sleep(pace.after(reached, dice())) => {}
            () = asked.asked() => sleep(pace.asked(begun.elapsed())).await,
        }
    }
}

async fn fetch_once(repository: &Repository) -> Fetched {
    let reason = |error: GitError| without_secrets(&with_causes(&error)).into_owned();
    let id = match repository.fetch().await {
        Ok(id) => id,
        Err(error) => return Fetched::Unreachable(reason(error)),
    };
    let files = async {
        repository.verify_fetched(&id).await?;
        repository.check_out(&id).await?;
        repository.approvals(&id).await
    };
    match files.await {
        Ok(approved) => Fetched::Commit(id, approved),
        Err(error) => Fetched::Refused(id, reason(error)),
    }
}

/// Fetches at once whenever the signal SIGUSR1 comes, for as long as the result is kept.
///
/// # Errors
///
/// The signal cannot be listened to.
pub(super) fn fetch_on_signal(fetch_now: FetchNow) -> Result<AbortOnDropHandle<()>, Failure> {
    let mut asked = signal(SignalKind::user_defined1())?;
    let listening = async move {
        while asked.recv().await.is_some() {
            fetch_now.ask();
        }
    };
    Ok(AbortOnDropHandle::new(tokio::spawn(listening)))
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::Path,
        process::Command,
        sync::atomic::{AtomicU32, Ordering},
    };

    use tokio::sync::mpsc::{self, Receiver};

    use super::*;
    use crate::git::Access;

    const EVERY: Duration = Duration::from_mins(1);

    fn git(directory: &Path, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=Ada", "-c", "user.email=ada@contoso.example"])
            .args(arguments)
            .current_dir(directory)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn commit(directory: &Path) -> Fetched {
        git(directory, &["commit", "--quiet", "--allow-empty", "--message=a"]);
        Fetched::Commit(git(directory, &["rev-parse", "HEAD"]).parse().unwrap(), Vec::new())
    }

    /// Does something on a clock of its own, for which the clock of the test stands still.
    async fn in_real_time<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
        let work = move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_all().build().unwrap().block_on(work)
        };
        tokio::task::spawn_blocking(work).await.unwrap()
    }

    /// What is handed over next that is something else than before.
    async fn other(fetched: &mut Receiver<Fetched>, than: &Fetched) -> Fetched {
        loop {
            let next = fetched.recv().await.unwrap();
            if next != *than {
                return next;
            }
        }
    }

    /// The real git, in virtual time.
    #[tokio::test(start_paused = true)]
    async fn a_source_that_was_away_for_an_hour_is_followed_again() {
        let directory = tempfile::tempdir().unwrap();
        let (there, away) = (directory.path().join("there"), directory.path().join("away"));
        fs::create_dir(&there).unwrap();
        git(&there, &["init", "--quiet"]);
        let first = commit(&there);
        let source = format!("git+file://{}", there.display()).parse().unwrap();
        let copies = directory.path().join("copies");
        let open = async move { Repository::open(&copies, source, Access::default()).await };
        let repository = Arc::new(in_real_time(open).await.unwrap());
        let tries = Arc::new(AtomicU32::new(0));
        let fetch = {
            let tries = Arc::clone(&tries);
            move |_| {
                tries.fetch_add(1, Ordering::Relaxed);
                let repository = Arc::clone(&repository);
                in_real_time(async move { fetch_once(&repository).await })
            }
        };
        let (sender, mut fetched) = mpsc::channel(1);
        let (fetch_now, asked) = FetchNow::new();
        tokio::spawn(at_its_pace(fetch, FetchPace::of(EVERY), sender, asked));
        assert_eq!(fetched.recv().await, Some(first.clone()));

        fs::rename(&there, &away).unwrap();
        let gone = other(&mut fetched, &first).await;
        assert!(matches!(gone, Fetched::Unreachable(_)), "{gone:?}");
        let (before, begun) = (tries.load(Ordering::Relaxed), Instant::now());
        while begun.elapsed() < Duration::from_hours(1) {
            assert_eq!(fetched.recv().await, Some(gone.clone()));
        }
        let tries = tries.load(Ordering::Relaxed) - before;
        // 5, 10, 20 and 40 s, and then once a minute, a tenth sooner or later.
        assert!((55..=72).contains(&tries), "{tries}");
        let second = commit(&away);
        fs::rename(&away, &there).unwrap();
        let back = Instant::now();
        assert_eq!(other(&mut fetched, &gone).await, second);
        assert!(back.elapsed() <= EVERY.mul_f64(1.1), "{:?}", back.elapsed());

        // Who asks does not wait for a minute, and gets what was there when he asked.
        let third = commit(&there);
        let asked = Instant::now();
        fetch_now.ask();
        assert_eq!(other(&mut fetched, &second).await, third);
        assert!(asked.elapsed() <= Duration::from_secs(3), "{:?}", asked.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn however_often_somebody_asks_a_source_is_left_alone_in_between() {
        let (sender, mut fetched) = mpsc::channel(1);
        let (fetch_now, asked) = FetchNow::new();
        let nothing = |_| async { Fetched::Unreachable(String::new()) };
        let pace = FetchPace::of(Duration::from_hours(1));
        tokio::spawn(at_its_pace(nothing, pace, sender, asked));
        let begun = Instant::now();
        for _ in 0..=20 {
            fetch_now.ask();
            fetch_now.ask();
            fetched.recv().await.unwrap();
        }
        let took = begun.elapsed();
        assert!((Duration::from_mins(1)..Duration::from_secs(64)).contains(&took), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_source_is_fetched_when_it_is_time_where_nobody_can_ask() {
        let (sender, mut fetched) = mpsc::channel(1);
        let asked = FetchNow::new().1;
        let refused = Fetched::Refused("0".repeat(40).parse().unwrap(), String::new());
        let fetch = |_| std::future::ready(refused.clone());
        let fetching = at_its_pace(fetch, FetchPace::of(EVERY), sender, asked);
        let begun = Instant::now();
        let listening = async {
            for _ in 0..=10 {
                fetched.recv().await.unwrap();
            }
            drop(fetched);
            begun.elapsed()
        };
        let ((), took) = tokio::join!(fetching, listening);
        assert!(took >= Duration::from_mins(9) && took <= Duration::from_mins(11), "{took:?}");
    }
}
