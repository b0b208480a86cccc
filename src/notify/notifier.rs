//! Hears of occurrences, and sees to it that what is told arrives: each receiver by itself, so that
//! nobody waits for one that is down.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{
    sync::Notify,
    task::{JoinHandle, JoinSet},
    time::timeout,
};

use super::{
    DeliveryError, MemoryKeeper, NotifyError, delivery::Ways, memory_file::MemoryFile,
    secrets::Secrets,
};
use crate::{
    blocking::blocking,
    chance::dice,
    clock,
    engine::notifications::{Memory, Message, Notifications, Occurrence, Receiver},
    error_text::with_causes,
    model::{Name, NotificationSettings},
    net::{Trust, outside_client, outside_tls, why_refused},
    world::{here, spawn},
};

/// How long what is under way is waited for at the end; what has not arrived then is sent by the next
/// controller.
const LAST: Duration = Duration::from_secs(5);

/// The longest time until the time is looked at again: it may have been set.
const LONGEST_SLEEP: Duration = Duration::from_mins(5);

/// Where things are.
#[derive(Debug, Clone)]
pub struct Places {
    /// The file that says what was told.
    pub memory: PathBuf,
    /// Where a successor finds that, if there may be one on another computer.
    pub keeper: Option<Arc<dyn MemoryKeeper>>,
    /// The directory of the files with secrets.
    pub secrets: PathBuf,
    /// Where manifests come from, for those who are told; without secrets.
    pub source: String,
}

/// Hears of occurrences. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Notifier(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
    /// The task that delivers.
    delivering: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct State {
    machine: Notifications,
    settings: BTreeMap<Name, NotificationSettings>,
    ending: bool,
}

impl Notifier {
    /// Tells nobody.
    pub const fn nobody() -> Self {
        Self(None)
    }

    /// Goes on from what was told before.
    ///
    /// # Errors
    ///
    /// TLS or HTTP cannot be set up.
    pub async fn start(places: Places, trust: &Trust) -> Result<Self, NotifyError> {
        let Places { memory, keeper, secrets, source } = places;
        let (trust, file) = (trust.clone(), memory.clone());
        let (tls, remembered) = blocking(move || {
            let tls = outside_tls(&trust)?;
            Ok::<_, NotifyError>((tls, MemoryFile(&file).read()))
        })
        .await?;
        let remembered = remembered.unwrap_or_else(|error| {
            // The hierarchy is worth more than what is told of it.
            tracing::warn!(error = with_causes(&error), "what was told is not known any more");
            Memory::default()
        });
        let ways = Ways {
            http: outside_client(tls.clone()),
            tls: Arc::new(tls),
            secrets: Secrets::in_directory(&secrets),
            source: source.into(),
        };
        let written = serde_json::to_vec(&remembered).unwrap_or_default();
        let machine = Notifications::new(remembered);
        let shared = Arc::new(Shared {
            state: Mutex::new(State { machine, ..State::default() }),
            changed: Notify::new(),
            delivering: Mutex::new(None),
        });
        let under_way = JoinSet::new();
        let delivering =
            Delivering { shared: Arc::clone(&shared), ways, memory, keeper, written, under_way };
        let delivering = spawn(delivering.run());
        *shared.delivering.lock().unwrap_or_else(PoisonError::into_inner) = Some(delivering);
        Ok(Self(Some(shared)))
    }

    /// These are told from now on, and no others.
    pub fn tell(&self, settings: BTreeMap<Name, NotificationSettings>) {
        let Some(shared) = &self.0 else { return };
        let mut state = shared.lock();
        let is_other = |(name, it): &(&Name, &NotificationSettings)| {
            state.settings.get(*name).is_none_or(|known| known.spec.to != it.spec.to)
        };
        let changed: BTreeSet<Name> =
            settings.iter().filter(is_other).map(|(name, _)| name.clone()).collect();
        let receivers = settings
            .iter()
            .map(|(name, it)| (name.clone(), Receiver::new(&it.spec, it.sites.clone())))
            .collect();
        state.machine.set_receivers(receivers, &changed, clock::now());
        state.settings = settings;
        drop(state);
        shared.changed.notify_one();
    }

    /// Something has happened. Nobody waits for what comes of it.
    pub fn hear(&self, occurrence: Occurrence) {
        let Some(shared) = &self.0 else { return };
        shared.lock().machine.hear(occurrence, clock::now());
        shared.changed.notify_one();
    }

    /// Writes down what was told and what is still to be delivered, and ends.
    pub async fn end(self) {
        let Some(shared) = self.0 else { return };
        shared.lock().ending = true;
        shared.changed.notify_one();
        let delivering = shared.delivering.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(delivering) = delivering
            && let Err(error) = delivering.await
        {
            tracing::warn!(%error, "delivering has ended by itself");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that holds this lock can leave the value half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Delivered = (Name, Result<(), DeliveryError>);

/// The task that delivers.
struct Delivering {
    shared: Arc<Shared>,
    ways: Ways,
    memory: PathBuf,
    keeper: Option<Arc<dyn MemoryKeeper>>,
    /// What the file says.
    written: Vec<u8>,
    under_way: JoinSet<Delivered>,
}

impl Delivering {
    async fn run(mut self) {
        loop {
            let now = clock::now();
            let (messages, due) = {
                let mut state = self.shared.lock();
                state.machine.tick(now);
                let messages = (!state.ending).then(|| state.machine.send(now));
                (messages, state.machine.due())
            };
            // First it is written down that it is told, then it is told.
            self.remember().await;
            let Some(messages) = messages else { break };
            self.send(messages);
            let pause = due.map_or(LONGEST_SLEEP, |due| until(now, due));
            tokio::select! {
                () = self.shared.changed.notified() => {}
                () = tokio::time::sleep(pause) => {}
                Some(delivered) = self.under_way.join_next() => self.ended(delivered),
            }
        }
        let last = async {
            while let Some(delivered) = self.under_way.join_next().await {
                self.ended(delivered);
            }
        };
        // What has not arrived is still written down as to be delivered.
        let _ = timeout(LAST, last).await;
        self.remember().await;
    }

    /// Begins to send.
    fn send(&mut self, messages: Vec<(Name, Message)>) {
        let state = self.shared.lock();
        for (name, message) in messages {
            // It may just have been taken away, with what waited for it.
            let Some(settings) = state.settings.get(&name) else { continue };
            let (ways, to) = (self.ways.clone(), settings.spec.to.clone());
            self.under_way.spawn(here(async move {
                let delivered = ways.deliver(&name, &to, &message).await;
                (name, delivered)
            }));
        }
    }

    fn ended(&self, delivered: Result<Delivered, tokio::task::JoinError>) {
        let Ok((name, delivered)) = delivered else { return };
        let now = clock::now();
        let machine = &mut self.shared.lock().machine;
        let Err(error) = delivered else { return machine.delivered(&name, now) };
        // Whose certificate is not believed is told in our own words.
        let refused = why_refused(&error).map(|why| format!("{error}: {why}"));
        let why = refused.unwrap_or_else(|| with_causes(&error));
        if error.is_final() {
            tracing::warn!(notification = %name, error = why, "a message is refused");
            machine.refused(&name, &why, now);
        } else {
            tracing::warn!(notification = %name, error = why, "a message is not delivered yet");
            machine.failed(&name, &why, dice(), now);
        }
    }

    /// Writes down what has changed.
    async fn remember(&mut self) {
        // Texts, numbers and times: nothing of it can fail.
        let bytes = serde_json::to_vec(self.shared.lock().machine.memory()).unwrap_or_default();
        if bytes == self.written {
            return;
        }
        let (memory, written) = (self.memory.clone(), bytes.clone());
        // Where nobody is told anything, there is nothing to be told twice.
        let tells = !self.shared.lock().settings.is_empty();
        if let Some(keeper) = self.keeper.as_ref().filter(|_| tells) {
            keeper.keep(written.clone()).await;
        }
        match blocking(move || MemoryFile(&memory).write(&bytes)).await {
            Ok(()) => self.written = written,
            Err(error) => {
                tracing::warn!(error = with_causes(&error), "what was told is not written down");
            }
        }
    }
}

/// How long to sleep until something is due; never at all: no hot loop.
fn until(now: Timestamp, due: Timestamp) -> Duration {
    let pause = Duration::try_from(due.duration_since(now)).unwrap_or_default();
    pause.clamp(Duration::from_millis(100), LONGEST_SLEEP)
}
