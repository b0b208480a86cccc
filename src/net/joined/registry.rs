//! What a hierarchy's controllers keep of agents on computers of their own: `agents.json` of the data
//! directory, for its owner alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::SystemTime,
};

use jiff::{SignedDuration, Timestamp};

use super::{
    keeper::{Keeper, NotKept},
    kept::{Issued, Kept, Outstanding},
    known::Shared,
    names::fingerprint,
    token::{JoinToken, NoRandomness, Secret},
};
use crate::{
    blocking::{Interrupted, joined},
    model::{Digest, Name},
    net::Certificates,
    store,
    wire::joining::{Listed, Roster},
    world::spawn,
};

/// The file, in the data directory.
const FILE: &str = "agents.json";

/// The longest file: 5,000 agents have 2 MiB.
const LONGEST: u64 = 64 << 20;

/// What is known of agents cannot be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The file cannot be read or written.
    #[error("failed to keep the agents of the hierarchy in {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file makes no sense. What is in it is not told: there are secrets in it.
    #[error(
        "{0} does not hold the agents of a hierarchy: put back what was there; or remove it, and let \
         all agents join anew"
    )]
    Unreadable(PathBuf),
    /// There are no secrets to be had.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// A successor would not find it.
    #[error("what is known of agents cannot be kept where a successor looks for it")]
    NotKept(#[source] NotKept),
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// The agents on computers of their own that a hierarchy has, had or waits for. Clones are the same.
#[derive(Debug, Clone)]
pub struct Registry(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: PathBuf,
    certificates: Certificates,
    known: Shared,
    /// The file as it was read last.
    read: Mutex<Option<Stamp>>,
    /// One change at a time: the lock of the file would hold up the whole thread.
    changing: Arc<tokio::sync::Mutex<()>>,
    /// Where a successor looks, if there may be one on another computer.
    keeper: OnceLock<Arc<dyn Keeper>>,
}

type Stamp = (SystemTime, u64, u64);

/// An agent, as people are told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredAgent {
    /// The name of its site system.
    pub name: Name,
    /// The address of its admin port, once it has joined.
    pub url: Option<String>,
    /// When it joined.
    pub joined: Option<Timestamp>,
    /// When its certificate ends.
    pub certificate_ends: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked: Option<Timestamp>,
    /// Until when a token waits for it, if there is one.
    pub token_ends: Option<Timestamp>,
}

/// What came of revoking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// It is done: its keys count no more.
    Done,
    /// It was revoked already.
    Before,
    /// It never joined; a token that waited for it counts no more.
    TokenOnly,
    /// There is nothing to revoke.
    Unknown,
}

impl Registry {
    /// The registry of a data directory. Blocks.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn open(data: &Path, certificates: &Certificates) -> Result<Self, RegistryError> {
        let registry = Self(Arc::new(Inner {
            file: data.join(FILE),
            certificates: certificates.clone(),
            known: Shared::default(),
            read: Mutex::default(),
            changing: Arc::default(),
            keeper: OnceLock::new(),
        }));
        registry.refresh()?;
        Ok(registry)
    }

    /// Puts what is kept elsewhere into a data directory which nobody has opened yet. Blocks.
    ///
    /// # Errors
    ///
    /// It makes no sense, or cannot be kept.
    pub fn take_over(data: &Path, agents: &[u8]) -> Result<(), RegistryError> {
        let path = data.join(FILE);
        if serde_json::from_slice::<Kept>(agents).is_err() {
            return Err(RegistryError::Unreadable(path));
        }
        let there = store::read_bounded(&path, LONGEST);
        match there {
            Ok(Some(there)) if there == agents => Ok(()),
            _ => store::replace_private(&path, agents)
                .map_err(|source| RegistryError::File { path, source }),
        }
    }

    /// All of it, as a successor takes it over. Blocks.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn to_bytes(&self) -> Result<Vec<u8>, RegistryError> {
        self.bytes(&self.read()?)
    }

    /// Keeps what changes from now on elsewhere too, before anything depends on it. Counts once.
    pub fn keep_by(&self, keeper: Arc<dyn Keeper>) {
        // One that is there already is that of the same hierarchy.
        let _ = self.0.keeper.set(keeper);
    }

    /// Makes a token for the agent of a site system. One that it had before counts no more.
    ///
    /// # Errors
    ///
    /// It cannot be kept.
    pub async fn make_token(
        &self,
        name: &Name,
        valid: SignedDuration,
        now: Timestamp,
    ) -> Result<JoinToken, RegistryError> {
        let ends = now.saturating_add(valid).unwrap_or(Timestamp::MAX);
        // The text has whole seconds.
        let ends = Timestamp::from_second(ends.as_second()).unwrap_or(ends);
        let secret = Secret::new()?;
        let outstanding = Outstanding { secret: secret.to_hex(), ends, issued: None };
        self.update(|kept| {
            kept.tokens.retain(|_, token| token.ends > now || token.issued.is_some());
            // Whoever may have joined by the one before joins anew.
            let before = kept.tokens.insert(name.clone(), outstanding);
            let issued: Vec<Issued> = before.into_iter().filter_map(|it| it.issued).collect();
            kept.refuse(name, &issued, now);
        })
        .await?;
        let authority = fingerprint(self.certificates().authority());
        Ok(JoinToken { name: name.clone(), authority, secret, ends })
    }

    /// The token that waits for the agent of a site system, if one does. Blocks.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn token(&self, name: &Name) -> Result<Option<JoinToken>, RegistryError> {
        let waits = self.read()?.tokens.remove(name);
        let authority = fingerprint(self.certificates().authority());
        Ok(waits.and_then(|waits| {
            let (secret, ends) = (waits.secret()?, waits.ends);
            Some(JoinToken { name: name.clone(), authority, secret, ends })
        }))
    }

    /// Has nobody talk to an agent any more.
    ///
    /// # Errors
    ///
    /// That cannot be kept.
    pub async fn revoke(&self, name: &Name, now: Timestamp) -> Result<Revoked, RegistryError> {
        self.update(|kept| {
            let token = kept.tokens.remove(name);
            let known = kept.agents.get_mut(name);
            let mut keys: Vec<Issued> = token.iter().filter_map(|it| it.issued.clone()).collect();
            let revoked = match known {
                None if token.is_none() => Revoked::Unknown,
                None => Revoked::TokenOnly,
                Some(member) if member.revoked.is_some() => Revoked::Before,
                Some(member) => {
                    member.revoked = Some(now);
                    keys.append(&mut member.certificates.clone());
                    Revoked::Done
                }
            };
            kept.refuse(name, &keys, now);
            revoked
        })
        .await
    }

    /// All agents that have joined, were revoked, or are waited for. Blocks.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    pub fn agents(&self) -> Result<Vec<RegisteredAgent>, RegistryError> {
        let kept = self.read()?;
        let names: BTreeSet<&Name> = kept.agents.keys().chain(kept.tokens.keys()).collect();
        let agent = |name: &Name| {
            let member = kept.agents.get(name);
            let newest = member.and_then(|it| it.certificates.first());
            RegisteredAgent {
                name: name.clone(),
                url: member.map(|it| it.url.clone()),
                joined: member.map(|it| it.joined),
                certificate_ends: newest.map(|it| it.until),
                revoked: member.and_then(|it| it.revoked),
                token_ends: kept.tokens.get(name).map(|it| it.ends),
            }
        };
        Ok(names.into_iter().map(agent).collect())
    }

    /// What agents are told of each other. Blocks.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn roster(&self) -> Result<Roster, RegistryError> {
        let kept = self.read()?;
        let there = kept.agents.iter().filter(|(_, member)| member.revoked.is_none());
        let agents = there.map(|(name, member)| {
            let listed = Listed { url: member.url.clone(), site_server: member.site_server };
            (name.clone(), listed)
        });
        Ok(Roster { agents: agents.collect(), refused: kept.refused.clone() })
    }

    /// Keeps where agents are, and which of them carry site servers, as manifests say; and what another
    /// process has changed meanwhile, where a successor looks.
    ///
    /// # Errors
    ///
    /// It cannot be kept.
    pub async fn note(
        &self,
        remote: &BTreeMap<Name, String>,
        site_servers: &BTreeSet<Name>,
        now: Timestamp,
    ) -> Result<(), RegistryError> {
        let noted = |kept: &mut Kept| {
            kept.refused.retain(|it| it.until > now);
            for (name, member) in &mut kept.agents {
                if let Some(url) = remote.get(name) {
                    url.trim_end_matches('/').clone_into(&mut member.url);
                }
                member.site_server = site_servers.contains(name);
            }
        };
        let mut kept = self.read()?;
        let before = Digest::of_json(&kept);
        noted(&mut kept);
        let is_kept = match self.0.keeper.get() {
            Some(keeper) => keeper.has(&self.bytes(&kept)?),
            None => true,
        };
        // Each pass comes here, and almost none has news.
        if is_kept && Digest::of_json(&kept) == before {
            return Ok(());
        }
        self.update(noted).await
    }

    /// What is known of agents, for those who ask them.
    pub(super) fn known(&self) -> &Shared {
        &self.0.known
    }

    /// What issues certificates.
    pub(super) fn certificates(&self) -> &Certificates {
        &self.0.certificates
    }

    /// Takes on what another process may have changed. Blocks.
    pub(super) fn refresh(&self) -> Result<(), RegistryError> {
        let stamp = stamp(&self.0.file);
        let mut read = self.0.read.lock().unwrap_or_else(PoisonError::into_inner);
        if *read != stamp {
            self.0.known.exchange(self.read()?.known());
            *read = stamp;
        }
        Ok(())
    }

    /// What is kept now. Blocks.
    pub(super) fn read(&self) -> Result<Kept, RegistryError> {
        let path = &self.0.file;
        match store::read_bounded(path, LONGEST) {
            Ok(None) => Ok(Kept::default()),
            Ok(Some(bytes)) => {
                serde_json::from_slice(&bytes).map_err(|_| RegistryError::Unreadable(path.clone()))
            }
            Err(source) => Err(self.failed(source)),
        }
    }

    /// Changes what is kept; one process at a time.
    pub(super) async fn update<T>(
        &self,
        change: impl FnOnce(&mut Kept) -> T,
    ) -> Result<T, RegistryError> {
        let changing = self.0.changing.clone().lock_owned().await;
        let failed = |source| self.failed(source);
        let lock = self.0.file.with_extension("lock");
        let lock = File::options().create(true).append(true).open(lock).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let mut kept = self.read()?;
        let result = change(&mut kept);
        let bytes = self.bytes(&kept)?;
        match self.0.keeper.get().cloned() {
            None => self.replace(&bytes)?,
            Some(keeper) => {
                let registry = self.clone();
                // Whoever has asked may not wait for it: then it is kept in both places all the same.
                let kept = spawn(async move {
                    let _alone = (changing, lock);
                    keeper.keep(bytes.clone()).await.map_err(RegistryError::NotKept)?;
                    registry.replace(&bytes)
                });
                joined(kept.await)?;
            }
        }
        Ok(result)
    }

    fn replace(&self, bytes: &[u8]) -> Result<(), RegistryError> {
        store::replace_private(&self.0.file, bytes).map_err(|source| self.failed(source))?;
        self.refresh()
    }

    fn bytes(&self, kept: &Kept) -> Result<Vec<u8>, RegistryError> {
        serde_json::to_vec_pretty(kept).map_err(|_| RegistryError::Unreadable(self.0.file.clone()))
    }

    fn failed(&self, source: io::Error) -> RegistryError {
        RegistryError::File { path: self.0.file.clone(), source }
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let found = fs::metadata(file).ok()?;
    Some((found.modified().ok()?, found.len(), found.ino()))
}
