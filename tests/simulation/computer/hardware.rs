//! A computer: what stays when the program on it ends.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{
            AtomicI64,
            Ordering::{Relaxed, SeqCst},
        },
    },
};

use headwater::world::living_in;
use tokio::task::{JoinHandle, spawn_local, yield_now};

use super::{Machine, life::Life};
use crate::{
    chance::Chance,
    network::{Crash, Network},
};

/// How often others get their turn until all that was killed has to be gone.
const TURNS: usize = 10_000;

/// A computer in a network, with at most one program on it. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Computer {
    hardware: Arc<Hardware>,
    life: Arc<Mutex<Option<Arc<Life>>>>,
}

pub(super) struct Hardware {
    name: String,
    pub(super) ip: IpAddr,
    pub(super) network: Network,
    pub(super) machine: Box<dyn Machine>,
    pub(super) chance: Mutex<Chance>,
    pub(super) clock_offset: AtomicI64,
    directory: Mutex<PathBuf>,
}

impl Computer {
    /// A computer that is on, with nothing that runs on it. Its data are in that directory.
    pub(crate) fn new(
        network: &Network,
        name: &str,
        ip: IpAddr,
        directory: PathBuf,
        machine: impl Machine,
    ) -> Self {
        let hardware = Hardware {
            name: name.to_owned(),
            ip,
            network: network.clone(),
            machine: Box::new(machine),
            chance: Mutex::new(network.attach(name, ip)),
            clock_offset: AtomicI64::new(0),
            directory: Mutex::new(directory),
        };
        Self { hardware: Arc::new(hardware), life: Arc::default() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.hardware.name
    }

    pub(crate) fn ip(&self) -> IpAddr {
        self.hardware.ip
    }

    /// Where its data are.
    pub(crate) fn directory(&self) -> PathBuf {
        self.hardware.directory.lock().unwrap().clone()
    }

    /// From now on its data are there: what a crash has left of them.
    pub(crate) fn set_directory(&self, directory: &Path) {
        directory.clone_into(&mut self.hardware.directory.lock().unwrap());
    }

    /// Sets its clock that far before that of the simulation, from the next step on.
    pub(crate) fn set_clock_offset(&self, milliseconds: i64) {
        self.hardware.clock_offset.store(milliseconds, Relaxed);
    }

    /// Starts a program, on a computer that is on then; what ran there before is killed. What it left
    /// behind ends with it. Answers with what the program answers; with nothing if it is killed.
    ///
    /// Needs a `LocalSet`: the commands of the program are not for several threads.
    pub(crate) fn start<F>(&self, program: F) -> JoinHandle<Option<F::Output>>
    where
        F: Future + 'static,
    {
        self.end(Crash::Program);
        self.hardware.network.switch_on(self.hardware.ip);
        let life = Arc::new(Life::new(Arc::clone(&self.hardware)));
        *self.life.lock().unwrap() = Some(Arc::clone(&life));
        let program = living_in(Arc::clone(&life) as _, program);
        spawn_local(async move {
            let answer = tokio::select! {
                biased;
                () = life.over.cancelled() => None,
                answer = program => (!life.over.is_cancelled()).then_some(answer),
            };
            life.end(Crash::Program);
            answer
        })
    }

    /// Kills the program that runs there, and waits until nothing is left of it. Without power the
    /// computer is off until something is started.
    pub(crate) async fn kill(&self, how: Crash) {
        self.end(how);
        for _ in 0..TURNS {
            if self.tasks() == 0 {
                return;
            }
            yield_now().await;
        }
        panic!("{}: {} tasks go on although they were killed", self.name(), self.tasks());
    }

    /// Kills the program after that many more steps of it; 1 is the next one.
    pub(crate) fn kill_after_polls(&self, steps: u64) {
        if let Some(life) = self.life() {
            life.last_step.store(life.steps.load(SeqCst).saturating_add(steps), SeqCst);
        }
    }

    /// How many steps the program has done since its start.
    pub(crate) fn steps(&self) -> u64 {
        self.life().map_or(0, |life| life.steps.load(SeqCst))
    }

    /// Whether a program runs there.
    pub(crate) fn is_running(&self) -> bool {
        self.life().is_some_and(|life| !life.over.is_cancelled())
    }

    /// How many tasks there are of the program, or are left of it.
    pub(crate) fn tasks(&self) -> usize {
        self.life().map_or(0, |life| life.tasks())
    }

    pub(crate) fn end(&self, how: Crash) {
        match self.life() {
            Some(life) if !life.over.is_cancelled() => life.end(how),
            // Nothing runs there, but the power may go.
            _ if how == Crash::Power => self.hardware.network.crash(self.hardware.ip, how),
            _ => {}
        }
    }

    fn life(&self) -> Option<Arc<Life>> {
        self.life.lock().unwrap().clone()
    }
}
