//! Futures that take their world along, to whichever thread and whenever they go on.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::task::AtomicWaker;
use tokio::task::JoinHandle;

use super::{CURRENT, World};

/// A future that lives in a world, as do the tasks it starts by [`here`].
pub struct Living<F> {
    place: Option<Place>,
    /// None once its world is over: it was dropped then, wherever it stood.
    future: Option<Pin<Box<F>>>,
}

struct Place {
    world: Arc<dyn World>,
    woken: Arc<AtomicWaker>,
}

/// A future for a task of its own, in the world of whoever makes it.
pub fn here<F: Future>(future: F) -> Living<F> {
    Living { place: super::current().map(Place::new), future: Some(Box::pin(future)) }
}

/// Starts a task in the world of whoever starts it.
pub(crate) fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    tokio::spawn(here(task))
}

/// The same as [`here`], in that world.
pub fn living_in<F: Future>(world: Arc<dyn World>, future: F) -> Living<F> {
    Living { place: Some(Place::new(world)), future: Some(Box::pin(future)) }
}

impl Place {
    fn new(world: Arc<dyn World>) -> Self {
        let woken = world.task();
        Self { world, woken }
    }
}

/// As long as this lives, the world is the current one of this thread.
struct Entered(Option<Arc<dyn World>>);

impl Entered {
    fn new(world: &Arc<dyn World>) -> Self {
        let before = CURRENT.replace(Some(Arc::clone(world)));
        world.enter();
        Self(before)
    }
}

impl Entered {
    /// Whether this step is not a part of another one.
    const fn is_whole_step(&self) -> bool {
        self.0.is_none()
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(world) = CURRENT.replace(self.0.take()) {
            world.leave();
        }
        if let Some(outer) = super::current() {
            outer.enter();
        }
    }
}

/// What has ended with its world answers nobody, as a process that was killed.
fn go_on<F: Future>(
    future: &mut Option<Pin<Box<F>>>,
    context: &mut Context<'_>,
) -> Poll<F::Output> {
    future.as_mut().map_or(Poll::Pending, |future| future.as_mut().poll(context))
}

impl<F: Future> Future for Living<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Self { place, future } = &mut *self;
        let Some(Place { world, woken }) = place else { return go_on(future, context) };
        woken.register(context.waker());
        let entered = Entered::new(world);
        if world.is_over() {
            *future = None;
            drop(entered);
            // From now on it is not counted among those who live there.
            *place = None;
            return Poll::Pending;
        }
        let polled = go_on(future, context);
        if entered.is_whole_step() {
            world.stepped();
        }
        polled
    }
}

impl<F> Drop for Living<F> {
    fn drop(&mut self) {
        // What it leaves behind ends in its world.
        let _entered = self.place.as_ref().map(|place| Entered::new(&place.world));
        self.future = None;
    }
}
