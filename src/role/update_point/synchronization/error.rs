//! Why a synchronization failed: always with the upstream server's address.

use jiff::SignedDuration;

use crate::{
    blocking::Interrupted,
    model::{SourceType, UpdateIdentity},
    net::http::HttpError,
    role::update_point::TitleError,
    store::StoreError,
    wire::{
        content_encoding::EncodingError,
        soap::{ErrorCode, Fault, Reaction, SoapError},
        update_document::DocumentError,
    },
};

/// Why a synchronization failed. What was stored until then stays.
#[derive(Debug, thiserror::Error)]
pub enum SynchronizationError {
    /// Its source is not a server.
    #[error(
        "this software update point has no upstream server: import its export file, or set \
         `source: {{type: UpstreamServer, url: http://…}}`"
    )]
    NoUpstream,
    /// Its source is a server, but without an address.
    #[error("this software update point was told no address of its upstream server ({0:?})")]
    NoAddress(SourceType),
    /// Its upstream server's address is no address.
    #[error(
        "`{0}` is not the address of an upstream server: write `http://HOST:PORT` or \
         `https://HOST:PORT`"
    )]
    Address(String),
    /// What is selected cannot be asked for.
    #[error(transparent)]
    Selection(#[from] TitleError),
    /// The upstream server did not do as it should.
    #[error("upstream server {url}")]
    Upstream {
        /// Its address, as declared.
        url: String,
        /// What it did.
        #[source]
        source: UpstreamError,
    },
    /// The catalog could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

impl SynchronizationError {
    /// Whether the server does not know some of the files that it was asked to fetch.
    pub(in crate::role::update_point) fn is_about_unknown_files(&self) -> bool {
        let Self::Upstream { source, .. } = self else { return false };
        source.fault().is_some_and(|fault| fault.code == ErrorCode::FileDigestsMissing)
    }
}

/// What an upstream server did, or did not.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// It cannot be reached, or the connection broke.
    #[error("did not answer {call}: check that it runs and that the way there is open")]
    Unreachable {
        /// The call.
        call: &'static str,
        /// What happened.
        #[source]
        source: HttpError,
    },
    /// It is not believed to be the server that is meant.
    #[error("was not asked {call}: {why}")]
    NotBelieved {
        /// The call.
        call: &'static str,
        /// Why not, and what to do.
        why: String,
    },
    /// It serves others, but not this point as it has come.
    #[error("refused {call} (HTTP status 403): {why}")]
    Forbidden {
        /// The call.
        call: &'static str,
        /// Why, and what to do.
        why: &'static str,
    },
    /// It does not know the account, and lets none register.
    #[error(
        "does not let `{name}` with GUID {guid} synchronize: have one of both put on its list of \
         downstream servers (`downstreamServers`)"
    )]
    NotLetIn {
        /// The name that was given.
        name: String,
        /// The GUID that was given.
        guid: uuid::Uuid,
    },
    /// It is no update server, or has an error of its own.
    #[error("answered {call} with HTTP status {status}")]
    Status {
        /// The call.
        call: &'static str,
        /// The status.
        status: u16,
    },
    /// It said more than any answer may hold.
    #[error("answered {call} with more than {limit} bytes")]
    TooLarge {
        /// The call.
        call: &'static str,
        /// The limit.
        limit: usize,
    },
    /// Its answer cannot be unpacked.
    #[error("answered {call} with something that is not understood")]
    Encoding {
        /// The call.
        call: &'static str,
        /// Why not.
        #[source]
        source: EncodingError,
    },
    /// Its answer is not one.
    #[error("answered {call} with something that is not understood")]
    NotUnderstood {
        /// The call.
        call: &'static str,
        /// Why not.
        #[source]
        source: SoapError,
    },
    /// It said that it cannot.
    #[error("refused {call}")]
    Fault {
        /// The call.
        call: &'static str,
        /// Why.
        #[source]
        fault: Box<Fault>,
    },
    /// It wants an authorization that is not known here.
    #[error("wants an authorization by `{0}`, which is not known here")]
    PlugIn(String),
    /// It would have us be authorized by another server.
    #[error("names `{0}` for authorization, which is not on that server")]
    ServiceUrl(String),
    /// It listed an update but does not give its document.
    #[error("listed update {0}, but does not give it")]
    Withheld(UpdateIdentity),
    /// It wants to be left alone for a while.
    #[error("is busy: it answered {call} with HTTP status {status}")]
    Busy {
        /// The call.
        call: &'static str,
        /// The status.
        status: u16,
        /// How long it wants to be left alone, if it says so.
        retry_after: Option<SignedDuration>,
    },
    /// So many updates could not be read or had that something else must be wrong.
    #[error("lists more than {most} updates that cannot be stored; one of the last: {reason}")]
    TooManySetAside {
        /// How many are set aside at most.
        most: u64,
        /// Why one was.
        reason: String,
    },
    /// It gave a document that is not one.
    #[error("gave a document of update {identity} that cannot be stored")]
    Document {
        /// The update.
        identity: UpdateIdentity,
        /// What is wrong with it.
        #[source]
        source: DocumentError,
    },
    /// It gave the document of another update.
    #[error("gave the document of {found} as that of update {identity}")]
    OtherDocument {
        /// The update that was asked for.
        identity: UpdateIdentity,
        /// The update that the document is of.
        found: UpdateIdentity,
    },
}

/// Something that may pass.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Passing {
    /// How long the server wants to be left alone, if it says so.
    pub(super) retry_after: Option<SignedDuration>,
}

impl UpstreamError {
    /// The fault that the server sent, if that is what this is.
    pub(super) fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault { fault, .. } => Some(fault),
            _ => None,
        }
    }

    /// Whether it may pass, and how long the server wants to be left alone then. What breaks off counts
    /// only of a server that has answered before.
    pub(super) fn may_pass(&self, has_answered: bool) -> Option<Passing> {
        match self {
            Self::Busy { retry_after, .. } => Some(Passing { retry_after: *retry_after }),
            Self::Unreachable { .. } if has_answered => Some(Passing::default()),
            _ if self.reaction() == Reaction::BackOff => Some(Passing::default()),
            _ => None,
        }
    }

    /// What to do about it.
    pub(super) fn reaction(&self) -> Reaction {
        self.fault().map_or(Reaction::Stop, |fault| fault.code.reaction())
    }

    /// Whether the server took offence at the anchor that it was sent.
    pub(super) fn is_about_the_anchor(&self) -> bool {
        self.fault().is_some_and(|fault| {
            fault.code == ErrorCode::InvalidParameters
                && ["filter", "configAnchor", "deploymentAnchor", "syncAnchor"]
                    .contains(&fault.message.as_str())
        })
    }
}
