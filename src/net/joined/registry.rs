//! What a hierarchy's controllers keep of agents on computers of their own: `agents.json` of the data
//! directory, for its owner alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    known::{Known, KnownAgent, NotReached, Shared},
    names::fingerprint,
    token::{JoinToken, NoRandomness, Secret},
};
use crate::{
    model::{Address, Digest, Name},
    net::Certificates,
    store,
    wire::joining::{Listed, RefusedKey, Roster},
};

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
}

type Stamp = (SystemTime, u64, u64);

/// All of it, as it is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Kept {
    /// Tokens that nobody has used yet.
    #[serde(default)]
    pub(super) tokens: BTreeMap<Name, Outstanding>,
    /// Those that have joined.
    #[serde(default)]
    pub(super) agents: BTreeMap<Name, Member>,
    /// Keys that count no more.
    #[serde(default)]
    pub(super) refused: Vec<RefusedKey>,
}

/// A token that nobody has used yet.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Outstanding {
    /// In hexadecimal digits.
    secret: String,
    pub(super) ends: Timestamp,
    /// What was issued to an agent that has proven that it has the token. It may have kept it or not: that
    /// is found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) issued: Option<Issued>,
}

/// A key and its certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Issued {
    pub(super) key: Digest,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// An agent that has joined.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Member {
    pub(super) url: String,
    pub(super) joined: Timestamp,
    /// The newest first; another one only as long as it is not known whether the agent has the newest.
    pub(super) certificates: Vec<Issued>,
    #[serde(default)]
    pub(super) site_server: bool,
    /// What its roles were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) roles: Option<ForRoles>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) revoked: Option<Timestamp>,
}

/// A certificate for the roles of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ForRoles {
    /// The address of its site system.
    pub(super) host: Address,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

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

impl std::fmt::Debug for Outstanding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outstanding").field("ends", &self.ends).finish_non_exhaustive()
    }
}

impl Outstanding {
    pub(super) fn secret(&self) -> Option<Secret> {
        Secret::from_hex(&self.secret)
    }
}

impl Registry {
    /// The registry of a data directory. Blocks.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub fn open(data: &Path, certificates: &Certificates) -> Result<Self, RegistryError> {
        let registry = Self(Arc::new(Inner {
            file: data.join("agents.json"),
            certificates: certificates.clone(),
            known: Shared::default(),
            read: Mutex::default(),
        }));
        registry.refresh()?;
        Ok(registry)
    }

    /// Makes a token for the agent of a site system. One that it had before counts no more. Blocks.
    ///
    /// # Errors
    ///
    /// It cannot be kept.
    pub fn make_token(
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
        })?;
        let authority = fingerprint(self.certificates().authority());
        Ok(JoinToken { name: name.clone(), authority, secret, ends })
    }

    /// Has nobody talk to an agent any more. Blocks.
    ///
    /// # Errors
    ///
    /// That cannot be kept.
    pub fn revoke(&self, name: &Name, now: Timestamp) -> Result<Revoked, RegistryError> {
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

    /// Keeps where agents are, and which of them carry site servers, as manifests say. Blocks.
    ///
    /// # Errors
    ///
    /// It cannot be kept.
    pub fn note(
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
        // Each pass comes here, and almost none has news.
        if Digest::of_json(&kept) == before { Ok(()) } else { self.update(noted) }
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

    /// Changes what is kept; one process at a time. Blocks.
    pub(super) fn update<T>(
        &self,
        change: impl FnOnce(&mut Kept) -> T,
    ) -> Result<T, RegistryError> {
        let failed = |source| self.failed(source);
        let lock = self.0.file.with_extension("lock");
        let lock = File::options().create(true).append(true).open(lock).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let mut kept = self.read()?;
        let result = change(&mut kept);
        let bytes = serde_json::to_vec_pretty(&kept)
            .map_err(|_| RegistryError::Unreadable(self.0.file.clone()))?;
        store::replace_private(&self.0.file, &bytes).map_err(failed)?;
        self.refresh()?;
        Ok(result)
    }

    fn failed(&self, source: io::Error) -> RegistryError {
        RegistryError::File { path: self.0.file.clone(), source }
    }
}

impl Kept {
    /// Keys of an agent count no more from some time on.
    pub(super) fn refuse(&mut self, name: &Name, keys: &[Issued], since: Timestamp) {
        for Issued { key, until, .. } in keys {
            self.refused.retain(|it| it.key != *key);
            let (name, key, until) = (name.clone(), *key, *until);
            self.refused.push(RefusedKey { name, key, since, until });
        }
    }

    fn known(&self) -> Known {
        let agents = self.agents.iter().map(|(name, member)| {
            let issued = self.tokens.get(name).and_then(|token| token.issued.as_ref());
            let keys = member.certificates.iter().chain(issued).map(|it| it.key).collect();
            let barred =
                member.revoked.map(|since| NotReached::Revoked { name: name.clone(), since });
            (name.clone(), KnownAgent { url: member.url.clone(), keys: Some(keys), barred })
        });
        Known { agents: agents.collect(), refused: self.refused.clone() }
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let found = fs::metadata(file).ok()?;
    Some((found.modified().ok()?, found.len(), found.ino()))
}
