//! How agents on computers of their own join a hierarchy, and what they are told of each other.
//!
//! A controller and an agent that waits for it speak over TLS, each message a JSON value with its length
//! as four bytes before it:
//!
//! ```text
//!  agent  ── Introduction ─▶ controller    its name, its new key, and that it has the token
//!  agent  ◀── Answer ──────── controller   a certificate for that key, and that it has the token too
//!  agent  ── Kept ─────────▶ controller    that all of it is on its disk
//! ```
//!
//! Later, over the admin port: `POST /v1/certificate/key` takes a [`KeyRequest`] and answers a
//! [`KeyOffer`], `PUT /v1/certificate` takes a [`NewCertificate`], `PUT /v1/roster` a [`Roster`].

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{Digest, Name};

/// The longest message of a conversation: a certificate has 600 bytes.
pub const LONGEST_MESSAGE: usize = 16 << 10;

/// Asks an agent for a new key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyRequest {
    /// What the agent has to sign with it, in base64: random, and used once.
    pub challenge: String,
    /// What it is for.
    #[serde(default)]
    pub r#for: KeyUse,
}

/// What a key and its certificate are for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum KeyUse {
    /// The agent itself.
    #[default]
    Agent,
    /// The ports of its roles, where manifests name no other certificate.
    Roles,
}

/// A key for which an agent wants a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyOffer {
    /// The public key, a point of P-256, in base64.
    pub key: String,
    /// A signature with it, in base64: that the agent has the private one.
    pub signature: String,
    /// The key that it has until then, as certificates know it; absent before it has joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Digest>,
}

/// A certificate for a key that was offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewCertificate {
    /// The certificate, DER in base64.
    pub certificate: String,
    /// What it is for.
    #[serde(default)]
    pub r#for: KeyUse,
}

/// The first message of an agent that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Introduction {
    /// The name of its site system.
    pub name: Name,
    /// Its key.
    pub offer: KeyOffer,
    /// That it has the token, in base64.
    pub proof: String,
}

/// What the controller answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Answer {
    /// The agent belongs to the hierarchy.
    Joined {
        /// Its certificate, DER in base64.
        certificate: String,
        /// That the controller has the token, in base64.
        proof: String,
    },
    /// It does not; the text says why.
    Refused(String),
}

/// The last message of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Kept {
    /// Whether key and certificate are on its disk, and shown from now on.
    pub kept: bool,
}

/// What agents know of each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Roster {
    /// The agents that have joined.
    pub agents: BTreeMap<Name, Listed>,
    /// Keys that count no more, whatever certificates there are for them.
    pub refused: Vec<RefusedKey>,
}

/// An agent in a roster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Listed {
    /// The address of its admin port.
    pub url: String,
    /// Whether it carries the site server of a site: no others ask anything of agents, or send to them.
    pub site_server: bool,
}

/// A key that counts no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RefusedKey {
    /// Whose key it was.
    pub name: Name,
    /// SHA-256 of the public key with its algorithm, as a certificate has them.
    pub key: Digest,
    /// From when on it counts no more.
    pub since: Timestamp,
    /// When the last certificate for it ends: then it needs no mention.
    pub until: Timestamp,
}
