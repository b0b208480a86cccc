//! Why something could not be told. No error holds a secret: neither a URL out of a file nor what a
//! server has answered to a password.

use std::{io, path::PathBuf};

use crate::{
    blocking::Interrupted,
    model::{Address, SecretFile},
    net::{ClientError, http::HttpError},
    wire::mail::NoReply,
};

/// Notifications cannot be told at all.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// What was told cannot be read or written.
    #[error("failed to {doing} {path}")]
    Memory {
        /// What was to be done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// What was told is something else.
    #[error("{path} does not say what was told: remove it, and what holds is told again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// A message could not be delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// A file with a secret cannot be read.
    #[error("failed to read `secrets/notifications/{file}` of the data directory")]
    Secret {
        /// Which one.
        file: SecretFile,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file with a secret holds none.
    #[error("`secrets/notifications/{0}` of the data directory holds no {1} on a line of its own")]
    NoSecret(SecretFile, &'static str),
    /// It could not be sent over HTTP.
    #[error("it could not be sent")]
    Http(#[source] HttpError),
    /// It was sent, and not taken.
    #[error("it is answered with HTTP status {0}")]
    Answered(u16),
    /// No connection to the mail server.
    #[error("failed to talk to the mail server {server}")]
    Server {
        /// Which one.
        server: Address,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The mail server speaks something else.
    #[error(transparent)]
    NoReply(#[from] NoReply),
    /// The mail server does not want something.
    #[error("the mail server replies {code} to {to}: {text}")]
    Replied {
        /// Its code.
        code: u16,
        /// What it replies to.
        to: &'static str,
        /// What it says; nothing where it could repeat a secret.
        text: String,
    },
    /// The mail server does not want the message, now or later.
    #[error("the mail server refuses the message: {code} {text}")]
    MailRefused {
        /// Its code.
        code: u16,
        /// What it says.
        text: String,
    },
    /// The mail server cannot do what is wanted of it.
    #[error("the mail server does not offer {0}")]
    NotOffered(&'static str),
    /// The mail server's name cannot be verified.
    #[error("`{0}` cannot stand in a certificate")]
    ServerName(Address),
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// It took too long.
    #[error("it took longer than 30 seconds")]
    TooLong,
}

impl DeliveryError {
    /// Whether the message itself is refused, so that another try would be too.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Answered(status) => matches!(status, 400 | 413 | 415 | 422),
            Self::MailRefused { .. } => true,
            _ => false,
        }
    }
}
