//! Work on other threads: work that blocks, such as reading a database, and tasks that go on by
//! themselves.

use std::{sync::OnceLock, thread::available_parallelism};

use tokio::{
    runtime::Handle,
    task::{JoinError, JoinHandle, spawn_blocking},
};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use crate::world::{self, spawn};

/// The program is ending: the work was not begun.
#[derive(Debug, thiserror::Error)]
#[error("the program is ending: run it again to go on")]
pub struct Interrupted(#[source] JoinError);

/// Runs `work` on a thread where it may block. Work that was begun runs to its end, even if nobody
/// waits for it any more.
pub async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Interrupted> + Send + 'static,
{
    let span = tracing::Span::current();
    joined(begun(move || span.in_scope(work)).await)
}

/// Begins `work` on a thread where it may block, and goes on.
pub fn begun<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    match world::current() {
        None => spawn_blocking(work),
        Some(world) => spawn(async move {
            world.turn().await;
            work()
        }),
    }
}

/// Begins work that blocks between one thing that it is given and the next, on a thread of its own.
pub fn begun_apart<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    if world::current().is_some() {
        return spawn(work);
    }
    let runtime = Handle::current();
    spawn_blocking(move || runtime.block_on(work))
}

/// How many threads can work at the same time; one where a world has none.
pub fn processors() -> usize {
    // The system is asked once: it answers from several files.
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    if world::current().is_some() {
        return 1;
    }
    *PROCESSORS.get_or_init(|| available_parallelism().map_or(1, usize::from))
}

/// Something whose end blocks: wherever it is dropped, it ends on a thread where it may.
pub struct EndsElsewhere<T: Send + 'static>(Option<T>);

impl<T: Send + 'static> EndsElsewhere<T> {
    /// Holds this.
    pub const fn new(held: T) -> Self {
        Self(Some(held))
    }
}

impl<T: Send + 'static> Drop for EndsElsewhere<T> {
    fn drop(&mut self) {
        let held = self.0.take();
        if Handle::try_current().is_ok() {
            begun(move || drop(held));
        }
    }
}

/// Runs `work` as a task of its own, which goes on while the one who asked for it does something
/// else, and ends when that one is dropped.
pub fn spawned<T, E>(
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> impl Future<Output = Result<T, E>>
where
    T: Send + 'static,
    E: From<Interrupted> + Send + 'static,
{
    let task = AbortOnDropHandle::new(spawn(work.in_current_span()));
    async move { joined(task.await) }
}

/// How a task ended that was waited for. A panic in it goes on in the one who waits.
///
/// # Errors
///
/// What the task answers, or that it was not run because the program is ending.
pub fn joined<T, E: From<Interrupted>>(ended: Result<Result<T, E>, JoinError>) -> Result<T, E> {
    match ended {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => Err(Interrupted(error).into()),
    }
}
