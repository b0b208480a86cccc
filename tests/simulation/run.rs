//! One seed: the hierarchy is built up, changed and broken, and has to come together when that is over.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fmt, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::sleep;

use super::{
    below::Still,
    catalogs::{Catalogs, documents_are_unchanged},
    chance::Chance,
    clients::Clients,
    computer::Computer,
    events::Events,
    faults::{Fault, OVER, Planned, planned},
    hierarchy::{CLIENT, CONTROLLER, SYSTEMS, Wanted, ip},
    network::{Crash, Network},
    order::Order,
    programs::{Place, make_tokens},
};

/// How far virtual time goes between two looks.
const STEP: Duration = Duration::from_secs(5);

/// How often clients ask for everything.
const ASKING: Duration = Duration::from_secs(100);

/// How long it may take until all is as it is wanted once nothing is broken any more: the hour of SYNC-8
/// for each of three sites one below the other, the half hour of PDP-7 for each of two points, the longest
/// pause between two tries of an action, and an hour of transfers and passes.
const BOUND: Duration = Duration::from_hours(6);

/// How many lines of the logs are shown of a seed that fails, unless `HEADWATER_LINES` says it.
const LINES: usize = 60;

/// A program that has ended is started again after this time at the earliest, as a service manager does.
const RESTART: Duration = Duration::from_secs(5);

/// What a seed came to.
#[derive(Debug)]
pub(crate) struct Came {
    /// Since faults were over.
    converged: Duration,
    /// How often programs were started again.
    lives: u64,
    order: Order,
    /// How many answers of distribution points were compared with what was published.
    answers: u64,
    /// Of all that happened in the network.
    digest: u64,
}

impl fmt::Display for Came {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { converged, lives, order, answers, digest } = self;
        let Order { synchronized, failures, pulls, waits, looks, .. } = order;
        write!(
            formatter,
            "together after {} s, {lives} restarts, {synchronized} synchronizations, {failures} \
             failures, {pulls} pulls, {waits} waits, {looks} looks, {answers} answers, {digest:016x}",
            converged.as_secs()
        )
    }
}

struct Run {
    events: Events,
    network: Network,
    chance: Chance,
    places: Vec<Place>,
    clients: Computer,
    wanted: Wanted,
    carried: PathBuf,
    catalogs: Catalogs,
    order: Order,
    asked: Clients,
    read: usize,
    lives: u64,
    /// Programs that are started again, and when.
    again: Vec<(&'static str, Duration)>,
    ask_at: Duration,
    /// Computers whose disk is full or fails.
    unreadable: BTreeSet<&'static str>,
    /// Computers without power, and until when.
    off: BTreeMap<&'static str, Duration>,
}

/// Runs a seed; what was violated, in words, with what happened last.
pub(crate) async fn run(seed: u64) -> Result<Came, String> {
    let events = Events::begin();
    let root = TempDir::new_in(shared_memory()).unwrap();
    let mut run = Run::new(seed, events.clone(), root.path());
    let ran = run.whole().await;
    let told = ran.map_err(|why| {
        let lines = env::var("HEADWATER_LINES").ok().and_then(|it| it.parse().ok());
        let said = events.last(lines.unwrap_or(LINES));
        format!("seed {seed}: {why}\n{}\n{said}", run.network.last_events())
    });
    for place in &run.places {
        place.computer.kill(Crash::Program).await;
    }
    let came = told?;
    let directory = |name: &str| run.place(name).computer.directory();
    documents_are_unchanged(directory).map_err(|why| format!("seed {seed}: {why}"))?;
    Ok(came)
}

/// Where files are written that nobody keeps: no disk takes part.
fn shared_memory() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

impl Run {
    fn new(seed: u64, events: Events, root: &Path) -> Self {
        let mut chance = Chance::new(seed);
        let network = Network::new(chance.any());
        let carried = root.join("carried");
        fs::create_dir(&carried).unwrap();
        let wanted = Wanted::new(chance.apart());
        wanted.write(&carried);
        let names = [CONTROLLER].into_iter().chain(SYSTEMS);
        let places = names
            .map(|name| Place::new(&network, name, (root, &carried), chance.apart()))
            .collect();
        let clients = Computer::new(&network, CLIENT, ip(CLIENT), root.to_owned(), Still);
        Self {
            events,
            network,
            chance,
            places,
            clients,
            wanted,
            carried,
            catalogs: Catalogs::default(),
            order: Order::default(),
            asked: Clients::default(),
            read: 0,
            lives: 0,
            again: Vec::new(),
            ask_at: Duration::ZERO,
            unreadable: BTreeSet::new(),
            off: BTreeMap::new(),
        }
    }

    fn place(&self, name: &str) -> &Place {
        self.places.iter().find(|place| place.name == name).unwrap()
    }

    async fn whole(&mut self) -> Result<Came, String> {
        self.begin().await;
        let changes = self.changes();
        let faults = planned(&mut self.chance, &changes);
        self.broken(faults, changes).await?;
        self.events.say("nothing is broken any more".to_owned());
        self.mended().await
    }

    /// Tokens are made, and all programs start.
    async fn begin(&mut self) {
        let carried = self.carried.clone();
        let directory = self.place(CONTROLLER).computer.directory();
        fs::create_dir_all(&directory).unwrap();
        let tokens = async move { make_tokens(&directory, &carried, &SYSTEMS).await };
        self.place(CONTROLLER).computer.start(tokens).await.unwrap();
        for place in &mut self.places {
            place.start();
        }
    }

    /// When people change what is wanted.
    fn changes(&mut self) -> Vec<Duration> {
        let count = 1 + self.chance.below(5);
        let mut all: Vec<_> =
            (0..count).map(|_| Duration::from_secs(self.chance.below(OVER.as_secs()))).collect();
        all.sort();
        all
    }

    async fn broken(&mut self, faults: Vec<Planned>, changes: Vec<Duration>) -> Result<(), String> {
        let (mut faults, mut changes) =
            (faults.into_iter().peekable(), changes.into_iter().peekable());
        let mut begun: Vec<Planned> = Vec::new();
        loop {
            let now = self.events.elapsed();
            while let Some(planned) = faults.next_if(|it| it.at <= now) {
                self.events.say(planned.to_string());
                match planned.fault {
                    Fault::Damage(point) => self.asked.damaged(point),
                    Fault::Full(name) | Fault::Failing(name, _) => {
                        self.unreadable.insert(name);
                    }
                    Fault::Clock(name, _) => self.order.clock_changed(name),
                    Fault::Power(name) => drop(self.off.insert(name, planned.until)),
                    _ => {}
                }
                planned.fault.begin(&self.network, &mut self.places, &mut self.chance).await;
                begun.push(planned);
            }
            for planned in begun.extract_if(.., |it| it.until <= now) {
                self.events.say(format!("over: {planned}"));
                planned.fault.end(&self.network, &self.places);
                match planned.fault {
                    Fault::Full(name) | Fault::Failing(name, _) => {
                        self.unreadable.remove(name);
                    }
                    Fault::Clock(name, _) => self.order.clock_changed(name),
                    _ => {}
                }
            }
            while changes.next_if(|it| *it <= now).is_some() {
                let what = self.wanted.change();
                self.events.say(what);
                self.wanted.write(&self.carried);
                self.order.manifests_changed();
            }
            if now >= OVER {
                return Ok(());
            }
            // Whatever comes next begins at its very time.
            let next = [faults.peek().map(|it| it.at), changes.peek().copied()];
            let next = next.into_iter().flatten().chain(begun.iter().map(|it| it.until)).min();
            let left = next.unwrap_or(OVER).min(OVER).saturating_sub(self.events.elapsed());
            self.step(left).await?;
        }
    }

    async fn mended(&mut self) -> Result<Came, String> {
        let since = self.events.elapsed();
        loop {
            self.step(STEP).await?;
            let passed = self.events.elapsed().saturating_sub(since);
            let missing = if self.catalogs.are_equal() {
                let last = || (!self.order.complete).then(|| "the controller goes on".to_owned());
                self.asked.missing(&self.wanted).or_else(last)
            } else {
                Some(self.catalogs.counts())
            };
            match missing {
                None => return Ok(self.came(passed)),
                Some(missing) if passed > BOUND => {
                    return Err(format!("it has not come together: {missing}"));
                }
                Some(_) => {}
            }
        }
    }

    /// Time goes on, programs that have ended are started again, and all that must hold is looked at.
    async fn step(&mut self, most: Duration) -> Result<(), String> {
        sleep(most.min(STEP)).await;
        let news = self.read()?;
        let now = self.events.elapsed();
        for place in &mut self.places {
            if let Some(how) = place.ended().await {
                self.events.say(format!("{}: {how}", place.name));
                self.order.ended(place.name, place.name == CONTROLLER);
                let off = self.off.remove(place.name).unwrap_or_default();
                self.again.push((place.name, off.max(now + RESTART)));
            }
        }
        for (name, _) in self.again.extract_if(.., |(_, at)| *at <= now) {
            self.lives += 1;
            let place = self.places.iter_mut().find(|place| place.name == name).unwrap();
            place.start();
        }
        let places = &self.places;
        let directory = |name: &str| {
            places.iter().find(|place| place.name == name).unwrap().computer.directory()
        };
        if news {
            // What has ended in the middle of its work has left something that nobody goes on with.
            let over = places.iter().filter(|place| !place.computer.is_running());
            let unreadable = over.map(|place| place.name).chain(self.unreadable.iter().copied());
            self.catalogs.look(directory, &unreadable.collect())?;
        }
        if now >= self.ask_at {
            self.ask_at = now + ASKING;
            let (mut asked, wanted) = (std::mem::take(&mut self.asked), self.wanted.clone());
            let asking = async move {
                let answered = asked.ask(&wanted).await;
                (asked, answered)
            };
            let (asked, answered) = self.clients.start(asking).await.unwrap().unwrap();
            self.asked = asked;
            answered?;
        }
        Ok(())
    }

    /// What was logged since the last time; whether it was anything.
    fn read(&mut self) -> Result<bool, String> {
        let before = self.read;
        for event in self.events.since(before) {
            self.read += 1;
            self.order.take(&event)?;
        }
        Ok(self.read > before)
    }

    fn came(&mut self, converged: Duration) -> Came {
        Came {
            converged,
            lives: self.lives,
            order: std::mem::take(&mut self.order),
            answers: self.asked.answers,
            digest: self.network.digest(),
        }
    }
}
