//! Why a call is refused, and the fault that says so (protocol §1.8).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use uuid::Uuid;

use crate::{
    error_text::with_causes,
    store::{StoreError, StoreProblem, catalog::ListError},
    wire::{
        soap::{ErrorCode, Fault, SoapError},
        xml::ForbiddenCharacter,
    },
};

/// Why a call is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// A parameter is wrong.
    #[error("parameter `{0}` is wrong")]
    Parameter(&'static str),
    /// The server is not on the list of those that may synchronize.
    #[error(
        "server `{name}` with GUID {guid} is not on the list `downstreamServers` of this software \
         update point"
    )]
    Server {
        /// The name that it gives.
        name: String,
        /// The GUID that it gives.
        guid: Uuid,
    },
    /// The session cookie is not one of ours, or has expired.
    #[error("the cookie is not valid")]
    Cookie,
    /// The authorization cookie is not one of ours, or has expired.
    #[error("the authorization cookie is not valid")]
    AuthorizationCookie,
    /// Another major version of the protocol.
    #[error("the protocol version is not compatible")]
    ProtocolVersion,
    /// The anchor is of another catalog.
    #[error("the anchor is not of this catalog")]
    ServerChanged,
    /// The answer would be too large.
    #[error("the documents of these updates have {0} bytes together: ask for fewer at a time")]
    TooLarge(u64),
    /// More identifiers than are allowed.
    #[error("more identifiers than are allowed")]
    TooManyIds,
    /// Files that belong to no update here, by their digests.
    #[error("{} files belong to no update here", .0.len())]
    UnknownFiles(Vec<Vec<u8>>),
    /// A server that nobody has told of is said to be above another one.
    #[error("server {0} is not known here: servers are told of before those below them")]
    UnknownParent(Uuid),
    /// The catalog cannot be read, or holds no such update.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The answer cannot be written.
    #[error(transparent)]
    Soap(#[from] SoapError),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    Randomness,
}

impl Refusal {
    /// The anchor in the parameter of that name is wrong.
    pub(super) fn of_list(error: ListError, parameter: &'static str) -> Self {
        match error {
            ListError::Anchor(_) => Self::Parameter(parameter),
            ListError::ServerChanged(_) => Self::ServerChanged,
            ListError::Store(error) => Self::Store(error),
        }
    }

    /// The fault that is sent. What concerns this computer alone stays in its log.
    pub(super) fn fault(&self, id: Uuid, action: &str) -> Fault {
        let (code, message) = match self {
            Self::Parameter(name) => (ErrorCode::InvalidParameters, (*name).to_owned()),
            // As for an account that no update server would register.
            Self::Server { .. } => (ErrorCode::InvalidParameters, "machineName".to_owned()),
            Self::Cookie => (ErrorCode::InvalidCookie, String::new()),
            Self::AuthorizationCookie => (ErrorCode::InvalidAuthorizationCookie, String::new()),
            Self::ProtocolVersion => (ErrorCode::IncompatibleProtocolVersion, String::new()),
            Self::ServerChanged => (ErrorCode::ServerChanged, String::new()),
            Self::TooManyIds => (ErrorCode::TooManyIds, String::new()),
            Self::UnknownFiles(digests) => {
                let digests: Vec<_> = digests.iter().map(|it| STANDARD.encode(it)).collect();
                (ErrorCode::FileDigestsMissing, digests.join("|"))
            }
            Self::UnknownParent(_) | Self::TooLarge(_) => {
                (ErrorCode::InternalServerError, self.to_string())
            }
            Self::Store(StoreError { problem, .. }) => {
                (ErrorCode::InternalServerError, of_store(problem))
            }
            Self::Soap(_) | Self::Randomness => (ErrorCode::InternalServerError, String::new()),
        };
        if matches!(self, Self::Server { .. }) {
            tracing::warn!(fault = %id, error = with_causes(self), "a downstream server was refused");
        } else if code == ErrorCode::InternalServerError {
            tracing::error!(fault = %id, error = with_causes(self), "a call failed");
        } else {
            tracing::debug!(fault = %id, error = with_causes(self), "a call was refused");
        }
        Fault::new(code, message, id, action)
    }
}

fn of_store(problem: &StoreProblem) -> String {
    match problem {
        StoreProblem::NotFound(identity) => format!("there is no update {identity} here"),
        StoreProblem::DamagedDocument(identity) => format!("update {identity} is damaged here"),
        _ => String::new(),
    }
}

impl From<ForbiddenCharacter> for Refusal {
    fn from(error: ForbiddenCharacter) -> Self {
        Self::Soap(error.into())
    }
}
