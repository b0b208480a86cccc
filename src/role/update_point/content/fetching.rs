//! What goes on by itself: it looks what is wanted, fetches a few files at a time, and waits until
//! there is something to do.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::{StreamExt, stream::FuturesUnordered};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use super::{
    choosing,
    download::{Trouble, download},
    origin::{Origin, Place},
};
use crate::{
    blocking::blocking,
    clock,
    content::UpdateFiles,
    engine::FileTrouble,
    error_text::with_causes,
    model::{Name, UpdatePointSettings, without_secrets},
    net::http::Client,
    role::update_point::{UpdatePoint, UpdatePointError, point::Inner, waiting::really},
    store::catalog::{Catalog, MissingContent},
};

/// Files that come at a time.
const AT_A_TIME: usize = 4;

/// How long to wait where nothing is due: what nothing wants any more is removed some day.
const IDLE: SignedDuration = SignedDuration::from_hours(1);

/// How long to wait where nothing can be fetched.
const HINDERED: SignedDuration = SignedDuration::from_mins(5);

/// What others know of the fetching, and wake it by. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(in crate::role::update_point) struct Fetching(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    wake: Notify,
    coming: AtomicU64,
    hindrance: Mutex<Option<String>>,
}

impl Fetching {
    /// Something has changed: it looks again.
    pub(in crate::role::update_point) fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// How many files are coming.
    pub(in crate::role::update_point) fn coming(&self) -> u64 {
        self.0.coming.load(Ordering::Relaxed)
    }

    /// Why nothing can be fetched now.
    pub(in crate::role::update_point) fn hindrance(&self) -> Option<String> {
        self.0.hindrance.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hindered(&self, why: Option<String>) {
        *self.0.hindrance.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }
}

/// Fetches for a point until that is gone.
pub(in crate::role::update_point) async fn go_on(point: Weak<Inner>, fetching: Fetching) {
    loop {
        let Some(there) = point.upgrade() else { return };
        let pass = Pass::new(&UpdatePoint(there), point.clone());
        let wait = match pass {
            None => IDLE,
            Some(pass) => match pass.run().await {
                Ok(wait) => {
                    fetching.hindered(None);
                    wait
                }
                Err(error) => {
                    let why = with_causes(&error);
                    tracing::warn!(error = why, "files of updates cannot be fetched");
                    fetching.hindered(Some(why));
                    really(HINDERED)
                }
            },
        };
        tokio::select! {
            () = fetching.0.wake.notified() => {}
            () = tokio::time::sleep(wait.unsigned_abs()) => {}
        }
    }
}

/// One round: as long as there is something to fetch. It does not keep the point.
struct Pass {
    point: Weak<Inner>,
    catalog: Arc<Catalog>,
    files: UpdateFiles,
    fetching: Fetching,
    name: Name,
    settings: UpdatePointSettings,
}

impl Pass {
    /// `None` while the point is not configured.
    fn new(point: &UpdatePoint, weak: Weak<Inner>) -> Option<Self> {
        let (name, settings) = point.settings().ok()?;
        let (catalog, files) = (Arc::clone(point.catalog()), point.update_files().clone());
        let fetching = point.0.fetching.clone();
        Some(Self { point: weak, catalog, files, fetching, name, settings })
    }

    /// Answers when to look again.
    async fn run(&self) -> Result<SignedDuration, UpdatePointError> {
        self.choose().await?;
        if !self.settings.stores_files() || self.due(1).await?.is_empty() {
            return self.next().await;
        }
        let Some(point) = self.point.upgrade() else { return Ok(IDLE) };
        // Publishers may speak TLS whatever the upstream server does.
        let client = point.ports.client("https:").await?;
        let addresses = point.ports.addresses().clone();
        drop(point);
        let (catalog, name) = (Arc::clone(&self.catalog), self.name.clone());
        let origin =
            Origin::find(catalog, name, &self.settings, client.clone(), &addresses).await?;
        self.fetch_all(&client, &origin).await?;
        self.next().await
    }

    async fn fetch_all(&self, client: &Client, origin: &Origin) -> Result<(), UpdatePointError> {
        let mut coming = FuturesUnordered::new();
        let mut numbers = BTreeSet::new();
        let mut not_there = Vec::new();
        loop {
            let room = AT_A_TIME.saturating_sub(numbers.len());
            let due = if room > 0 { self.due(AT_A_TIME + room).await? } else { Vec::new() };
            let due = due.into_iter().filter(|it| !numbers.contains(&it.number));
            let due: Vec<_> = due.take(room).collect();
            let is_all = due.len() < room;
            for file in due {
                numbers.insert(file.number);
                coming.push(self.fetch(client, origin.place(&file), file));
            }
            self.fetching.0.coming.store(numbers.len() as u64, Ordering::Relaxed);
            if is_all && !not_there.is_empty() {
                self.ask_for(origin, std::mem::take(&mut not_there)).await?;
            }
            if coming.is_empty() {
                return Ok(());
            }
            tokio::select! {
                Some((file, result)) = coming.next() => {
                    numbers.remove(&file.number);
                    not_there.extend(self.ended(file, result).await?);
                }
                () = self.fetching.0.wake.notified() => {
                    let Some(point) = self.point.upgrade() else { return Ok(()) };
                    let settings = UpdatePoint(point).settings();
                    // What has begun goes on where it is, by the new settings.
                    if settings.is_ok_and(|(_, settings)| settings != self.settings) {
                        self.fetching.0.coming.store(0, Ordering::Relaxed);
                        self.fetching.wake();
                        return Ok(());
                    }
                    self.choose().await?;
                }
            }
        }
    }

    async fn fetch(
        &self,
        client: &Client,
        place: Option<Place>,
        file: MissingContent,
    ) -> (MissingContent, Result<Place, (Option<Place>, Trouble)>) {
        let result = match place {
            None => Err((None, Trouble::NotThere)),
            Some(place) => {
                let (Place::Upstream(url) | Place::Publisher(url)) = &place;
                match download(client, url, &self.files, &file.content).await {
                    Ok(()) => Ok(place),
                    Err(trouble) => Err((Some(place), trouble)),
                }
            }
        };
        (file, result)
    }

    /// Keeps what came of a file; one that the upstream server does not have yet is given back.
    async fn ended(
        &self,
        file: MissingContent,
        result: Result<Place, (Option<Place>, Trouble)>,
    ) -> Result<Option<MissingContent>, UpdatePointError> {
        let number = file.number;
        let Err((place, trouble)) = result else {
            self.in_catalog(move |it| Ok(it.content_has_come(number)?)).await?;
            return Ok(None);
        };
        let at = match &place {
            Some(Place::Upstream(_)) => "the upstream server",
            Some(Place::Publisher(url)) => &*without_secrets(url),
            None => "nobody",
        };
        let (kind, after, why) = match trouble {
            Trouble::Disk(error) => return Err(error.into()),
            Trouble::NotThere => match place {
                Some(Place::Upstream(_)) => {
                    self.failed(&file, FileTrouble::ComesLater, None, ASKED_FOR).await?;
                    return Ok(Some(file));
                }
                Some(Place::Publisher(_)) => (FileTrouble::Wrong, None, "it is not there".into()),
                None => (FileTrouble::Wrong, None, NOBODY.to_owned()),
            },
            Trouble::Wrong(error) => (FileTrouble::Wrong, None, with_causes(&error)),
            Trouble::Passing { why, after } => (FileTrouble::Passing, after, why),
        };
        let why = format!("{at}: {why}");
        tracing::warn!(file = %file.content.name, why, "a file of an update has not come");
        self.failed(&file, kind, after, &why).await?;
        Ok(None)
    }

    /// Asks the upstream server for what it does not have.
    async fn ask_for(
        &self,
        origin: &Origin,
        files: Vec<MissingContent>,
    ) -> Result<(), UpdatePointError> {
        for (file, error) in origin.ask_for(files).await? {
            let (number, why) = (file.number, with_causes(&error));
            tracing::warn!(file = %file.content.name, why, "the upstream server does not fetch a file");
            // That it was tried is counted already.
            let again_at = again_at(FileTrouble::Wrong.wait(file.tries, None));
            self.in_catalog(move |it| Ok(it.content_waits(number, &why, again_at)?)).await?;
        }
        Ok(())
    }

    async fn failed(
        &self,
        file: &MissingContent,
        kind: FileTrouble,
        after: Option<SignedDuration>,
        why: &str,
    ) -> Result<(), UpdatePointError> {
        let again_at = again_at(kind.wait(file.tries, after));
        let (number, why) = (file.number, why.to_owned());
        self.in_catalog(move |it| Ok(it.content_has_failed(number, &why, again_at)?)).await
    }

    async fn choose(&self) -> Result<(), UpdatePointError> {
        let (files, settings) = (self.files.clone(), self.settings.clone());
        self.in_catalog(move |it| choosing::choose(it, &files, &settings)).await
    }

    async fn due(&self, most: usize) -> Result<Vec<MissingContent>, UpdatePointError> {
        self.in_catalog(move |it| Ok(it.missing_content(clock::now(), most)?)).await
    }

    /// How long there is nothing to do.
    async fn next(&self) -> Result<SignedDuration, UpdatePointError> {
        if !self.settings.stores_files() {
            return Ok(IDLE);
        }
        let now = clock::now();
        let next = self.in_catalog(move |it| Ok(it.next_content_at(now)?)).await?;
        let wait = next.map_or(IDLE, |next| next.duration_since(now));
        Ok(wait.clamp(SignedDuration::from_millis(50), IDLE))
    }

    async fn in_catalog<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Catalog) -> Result<T, UpdatePointError> + Send + 'static,
    ) -> Result<T, UpdatePointError> {
        let catalog = Arc::clone(&self.catalog);
        blocking(move || work(&catalog)).await
    }
}

const ASKED_FOR: &str = "the upstream server does not have it yet, and was asked to fetch it";
const NOBODY: &str = "no upstream server is known that has it, and its publisher offers it nowhere";

fn again_at(wait: SignedDuration) -> Timestamp {
    clock::now().saturating_add(really(wait)).unwrap_or(Timestamp::MAX)
}
