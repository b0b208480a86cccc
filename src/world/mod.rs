//! The world that the program lives in: its threads, its network, and what its disk keeps. Where nobody
//! says otherwise that is the world of the operating system. Fault tests put another one around the
//! whole program, in which a seed decides what happens, and when.
//!
//! ```text
//!  living_in(world, program) ─┬─ here(task) ─── here(task of the task)
//!                             │       each poll: the world is the current one of this thread
//!                             └─ blocking work, connections, ports: what the current world makes of them
//! ```

mod executor;
mod living;

use std::{
    cell::RefCell,
    io,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::Arc,
};

use futures::{future::BoxFuture, task::AtomicWaker};
use tokio::io::{AsyncRead, AsyncWrite};

pub use executor::Executor;
pub(crate) use living::spawn;
pub use living::{Living, here, living_in};

/// What stands in for the operating system.
pub trait World: Send + Sync + 'static {
    /// Whether all that lives in it has ended, in the middle of whatever it did: nothing of it goes on.
    fn is_over(&self) -> bool;

    /// One more task lives in it. What this answers is woken when the world is over.
    fn task(&self) -> Arc<AtomicWaker>;

    /// Something that lives in it does its next step now, on this thread.
    fn enter(&self);

    /// That step has been done.
    fn leave(&self);

    /// A step has been done, and nothing that lives in it is in the middle of one: here it may end. That
    /// is before it is left.
    fn stepped(&self);

    /// When work begins that would have a thread of its own.
    fn turn(&self) -> BoxFuture<'static, ()>;

    /// The addresses of a host.
    ///
    /// # Errors
    ///
    /// As the name service of a system: nobody has that name.
    fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;

    /// A connection.
    ///
    /// # Errors
    ///
    /// As those of TCP.
    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Duplex>>>;

    /// A port that is open from now on; number 0 leaves the choice to the world.
    ///
    /// # Errors
    ///
    /// As those of TCP.
    fn listen(&self, at: SocketAddr) -> io::Result<Box<dyn Accepts>>;

    /// All that was written below a directory is durable from now on.
    fn synced_below(&self, directory: &Path);
}

/// Both directions of a connection.
pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send + 'static {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Duplex for S {}

/// An open port of a [`World`].
pub trait Accepts: Send + 'static {
    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// The next connection, and from where it comes.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<(Box<dyn Duplex>, SocketAddr)>>;
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<dyn World>>> = const { RefCell::new(None) };
}

/// The world around what runs now; none for that of the operating system.
pub fn current() -> Option<Arc<dyn World>> {
    CURRENT.with_borrow(Option::clone)
}

/// All that was written below a directory is durable: the system has said so.
pub(crate) fn synced_below(directory: &Path) {
    if let Some(world) = current() {
        world.synced_below(directory);
    }
}
