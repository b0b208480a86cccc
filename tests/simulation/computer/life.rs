//! The life of a program on a computer, from its start to its end.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use futures::{FutureExt, future::BoxFuture, task::AtomicWaker};
use headwater::world::{Accepts, Duplex, World};
use tokio::task::yield_now;
use tokio_util::sync::CancellationToken;

use super::{Step, hardware::Hardware};
use crate::network::Crash;

/// One in how many times work waits longer than others before it begins, and how many turns at most.
const LATE: u64 = 4;
const TURNS: u64 = 8;

pub(super) struct Life {
    hardware: Arc<Hardware>,
    pub(super) over: CancellationToken,
    /// Those of tasks that are gone as well, until there are twice as many as the last time.
    tasks: Mutex<(Vec<Weak<AtomicWaker>>, usize)>,
    /// How many steps were done, and after how many it ends.
    pub(super) steps: AtomicU64,
    pub(super) last_step: AtomicU64,
}

impl Life {
    pub(super) fn new(hardware: Arc<Hardware>) -> Self {
        Self {
            hardware,
            over: CancellationToken::new(),
            tasks: Mutex::default(),
            steps: AtomicU64::new(0),
            last_step: AtomicU64::new(u64::MAX),
        }
    }

    /// Ends it at once, at whatever step; nothing of it has any effect from now on.
    pub(super) fn end(&self, how: Crash) {
        if self.over.is_cancelled() {
            return;
        }
        self.over.cancel();
        self.hardware.machine.crash(how);
        self.hardware.network.crash(self.hardware.ip, how);
        let tasks: Vec<_> = self.tasks.lock().unwrap().0.iter().filter_map(Weak::upgrade).collect();
        for task in tasks {
            task.wake();
        }
    }

    /// How many tasks of it have not been dropped.
    pub(super) fn tasks(&self) -> usize {
        self.tasks.lock().unwrap().0.iter().filter(|it| it.strong_count() > 0).count()
    }

    fn going_on(&self) -> io::Result<()> {
        if self.over.is_cancelled() { Err(io::ErrorKind::NetworkDown.into()) } else { Ok(()) }
    }
}

impl World for Life {
    fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

    fn task(&self) -> Arc<AtomicWaker> {
        let task = Arc::new(AtomicWaker::new());
        let mut tasks = self.tasks.lock().unwrap();
        let (all, most) = &mut *tasks;
        if all.len() >= *most {
            all.retain(|it| it.strong_count() > 0);
            *most = 2 * all.len() + 64;
        }
        all.push(Arc::downgrade(&task));
        task
    }

    fn enter(&self) {
        let clock_offset = self.hardware.clock_offset.load(Relaxed);
        self.hardware.machine.enter(Step { clock_offset, over: self.is_over() });
    }

    fn leave(&self) {
        self.hardware.machine.leave();
    }

    fn stepped(&self) {
        let done = self.steps.fetch_add(1, Relaxed) + 1;
        if done >= self.last_step.load(Relaxed) {
            self.end(Crash::Program);
        }
    }

    fn turn(&self) -> BoxFuture<'static, ()> {
        let turns = {
            let mut chance = self.hardware.chance.lock().unwrap();
            if chance.once_in(LATE) { 1 + chance.below(TURNS) } else { 1 }
        };
        async move {
            for _ in 0..turns {
                yield_now().await;
            }
        }
        .boxed()
    }

    fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        self.going_on()?;
        Ok(vec![self.hardware.network.lookup(host)?])
    }

    fn connect(&self, to: SocketAddr) -> BoxFuture<'static, io::Result<Box<dyn Duplex>>> {
        let (hardware, over) = (Arc::clone(&self.hardware), self.over.clone());
        async move {
            if over.is_cancelled() {
                return Err(io::ErrorKind::NetworkDown.into());
            }
            let stream = hardware.network.clone().connect(hardware.ip, to).await?;
            Ok(Box::new(stream) as Box<dyn Duplex>)
        }
        .boxed()
    }

    fn listen(&self, at: SocketAddr) -> io::Result<Box<dyn Accepts>> {
        self.going_on()?;
        Ok(Box::new(self.hardware.network.listen(self.hardware.ip, at)?))
    }

    fn synced_below(&self, directory: &Path) {
        if self.going_on().is_ok() {
            self.hardware.machine.synced_below(directory);
        }
    }
}
