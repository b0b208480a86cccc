//! The error codes of the protocol and what a downstream server does about each (protocol §1.8).

use std::fmt;

/// `ErrorCode` of a fault; case-sensitive on the wire.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorCode {
    /// A parameter is wrong; the message names it.
    InvalidParameters,
    /// The session cookie is unreadable or has expired.
    InvalidCookie,
    /// The authorization cookie is unreadable or has expired.
    InvalidAuthorizationCookie,
    /// The server failed.
    InternalServerError,
    /// The major versions differ.
    IncompatibleProtocolVersion,
    /// The server is not what it was: anchors mean nothing to it.
    ServerChanged,
    /// The server does not know these files.
    FileDigestsMissing,
    /// Later, please.
    ServerBusy,
    /// Too many driver sets were asked for.
    TooManyIds,
    /// A fault without a code.
    Absent,
    /// A code that is not known here.
    Unknown(String),
}

/// What a downstream server does about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reaction {
    /// End the synchronisation with an error.
    Stop,
    /// Begin again with `GetAuthConfig`.
    Restart,
    /// Forget the anchors of configuration, synchronisation and deployments, and go on.
    ResetAnchors,
    /// Try again later.
    BackOff,
}

impl ErrorCode {
    /// The code of this name; an empty name is [`ErrorCode::Absent`].
    pub fn from_name(name: &str) -> Self {
        match name {
            "InvalidParameters" => Self::InvalidParameters,
            "InvalidCookie" => Self::InvalidCookie,
            "InvalidAuthorizationCookie" => Self::InvalidAuthorizationCookie,
            "InternalServerError" => Self::InternalServerError,
            "IncompatibleProtocolVersion" => Self::IncompatibleProtocolVersion,
            "ServerChanged" => Self::ServerChanged,
            "FileDigestsMissing" => Self::FileDigestsMissing,
            "ServerBusy" => Self::ServerBusy,
            "TooManyIds" => Self::TooManyIds,
            "" => Self::Absent,
            other => Self::Unknown(other.to_owned()),
        }
    }

    /// The name on the wire; empty for [`ErrorCode::Absent`].
    pub fn as_str(&self) -> &str {
        match self {
            Self::InvalidParameters => "InvalidParameters",
            Self::InvalidCookie => "InvalidCookie",
            Self::InvalidAuthorizationCookie => "InvalidAuthorizationCookie",
            Self::InternalServerError => "InternalServerError",
            Self::IncompatibleProtocolVersion => "IncompatibleProtocolVersion",
            Self::ServerChanged => "ServerChanged",
            Self::FileDigestsMissing => "FileDigestsMissing",
            Self::ServerBusy => "ServerBusy",
            Self::TooManyIds => "TooManyIds",
            Self::Absent => "",
            Self::Unknown(name) => name,
        }
    }

    /// What a downstream server does about it.
    pub const fn reaction(&self) -> Reaction {
        match self {
            Self::InvalidCookie | Self::InvalidAuthorizationCookie | Self::FileDigestsMissing => {
                Reaction::Restart
            }
            Self::ServerChanged => Reaction::ResetAnchors,
            Self::ServerBusy => Reaction::BackOff,
            _ => Reaction::Stop,
        }
    }

    /// Whether the server is at fault, not the caller: decides the SOAP fault code.
    pub const fn is_of_the_server(&self) -> bool {
        matches!(self, Self::InternalServerError | Self::ServerBusy)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "(no error code)",
            other => other.as_str(),
        })
    }
}
