//! How hyper starts tasks of its own.

use super::spawn;

/// Starts tasks in the world of the one who asks for them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Executor;

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, task: F) {
        spawn(task);
    }
}
