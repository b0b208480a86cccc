//! What a controller, or an agent, knows of the agents of its hierarchy.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use jiff::Timestamp;

use super::names::host_of;
use crate::{
    model::{Digest, Name, ServerUrl},
    wire::joining::{RefusedKey, Roster},
};

/// Why nobody speaks to an agent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReached {
    /// It never joined.
    #[error(
        "`{0}` has not joined the hierarchy: make a token with `headwater join-token {0}`, and start \
         `headwater agent` there with `--join-token-file`"
    )]
    NotJoined(Name),
    /// It was revoked.
    #[error(
        "`{name}` was revoked at {since}, and nobody talks to it any more: it can join anew, with \
         another token of `headwater join-token {name}`"
    )]
    Revoked {
        /// Its name.
        name: Name,
        /// When.
        since: Timestamp,
    },
    /// It could not join.
    #[error("`{name}` could not join the hierarchy: {why}")]
    JoiningFailed {
        /// Its name.
        name: Name,
        /// What went wrong.
        why: String,
    },
    /// Nobody knows an agent at this address.
    #[error("no agent of this hierarchy is known at {0}: it joins with `headwater join-token`")]
    Unknown(String),
    /// It would be asked in the clear.
    #[error(
        "{0} is not asked over TLS, and is not on this computer: an agent on a computer of its own \
         joins the hierarchy, and its address begins with `https://`"
    )]
    InTheClear(String),
    /// It asks for a token that is not here.
    #[error(
        "{0} belongs to the process of a controller, and asks for its token: give it to this agent \
         with `--token-file` on the same computer, or let that site system have a computer of its \
         own (`placement: Remote`)"
    )]
    NoToken(String),
    /// This agent has not joined by itself.
    #[error("this agent has not joined a hierarchy, and cannot speak to {0}")]
    NotOneOfThem(String),
}

/// What is known of agents.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    pub(super) agents: BTreeMap<Name, KnownAgent>,
    pub(super) refused: Vec<RefusedKey>,
}

/// What is known of an agent.
#[derive(Debug, Clone)]
pub(super) struct KnownAgent {
    /// The address of its admin port.
    pub(super) url: String,
    /// Its keys, where they are known one by one; otherwise any counts that its certificate has.
    pub(super) keys: Option<Vec<Digest>>,
    /// Why nobody speaks to it.
    pub(super) barred: Option<NotReached>,
}

impl Known {
    /// Whether a key counts no more.
    pub(super) fn refuses(&self, key: &Digest, now: Timestamp) -> bool {
        self.refused.iter().any(|it| it.key == *key && it.since <= now)
    }

    /// The name of the agent at this address.
    pub(super) fn at(&self, url: &str) -> Option<&Name> {
        let url = url.trim_end_matches('/');
        self.agents.iter().find(|(_, agent)| agent.url == url).map(|(name, _)| name)
    }
}

impl From<&Roster> for Known {
    fn from(roster: &Roster) -> Self {
        let agents = roster.agents.iter().map(|(name, listed)| {
            let url = listed.url.trim_end_matches('/').to_owned();
            (name.clone(), KnownAgent { url, keys: None, barred: None })
        });
        Self { agents: agents.collect(), refused: roster.refused.clone() }
    }
}

/// The same for all who use it, also when it changes.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared(Arc<RwLock<Known>>);

impl Shared {
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The host and the port of an agent's admin address.
    pub(super) fn place(&self, name: &Name) -> Option<(String, u16)> {
        let known = self.read();
        let url = ServerUrl::parse(&known.agents.get(name)?.url)?;
        Some((url.host.to_string(), url.port().get()))
    }
}

/// The address by which the HTTP client asks an agent: its name stands where a host is expected, so that
/// the client verifies the name, and keeps no connection for another one.
pub(super) fn address_of(name: &Name, url: &str) -> Option<String> {
    let url = ServerUrl::parse(url)?;
    Some(format!("https://{}:{}", host_of(name), url.port()))
}
