//! What a hierarchy's controllers keep of agents on computers of their own: what is in the file.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    known::{Known, KnownAgent, NotReached},
    token::Secret,
};
use crate::{
    model::{Address, Digest, Name},
    wire::joining::RefusedKey,
};

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
    pub(super) secret: String,
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

impl Kept {
    /// Keys of an agent count no more from some time on.
    pub(super) fn refuse(&mut self, name: &Name, keys: &[Issued], since: Timestamp) {
        for Issued { key, until, .. } in keys {
            self.refused.retain(|it| it.key != *key);
            let (name, key, until) = (name.clone(), *key, *until);
            self.refused.push(RefusedKey { name, key, since, until });
        }
    }

    pub(super) fn known(&self) -> Known {
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
