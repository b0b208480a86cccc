//! What a site server cannot do, and why.

use crate::{
    blocking::Interrupted,
    net::http::HttpError,
    store::{StoreError, site_database::PageError},
};

/// Why a site server did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SiteServerError {
    /// The one who has the revisions did not give them.
    #[error("revisions from {url}")]
    Source {
        /// The address that was asked.
        url: String,
        /// What happened.
        #[source]
        source: SourceError,
    },
    /// The site database could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}

/// What the one who has the revisions did, or did not.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It cannot be reached, or the connection broke.
    #[error("no answer: check that the agent there runs and that the way there is open")]
    Unreachable(#[source] HttpError),
    /// It refused, or has an error of its own.
    #[error("HTTP status {status}: {text}")]
    Status {
        /// The status.
        status: u16,
        /// What it said, shortened.
        text: String,
    },
    /// It said more than any page may hold.
    #[error("more than {0} bytes for one page")]
    TooLarge(usize),
    /// Its answer is no page.
    #[error("the answer is not understood")]
    NotUnderstood(#[source] serde_json::Error),
    /// Its page breaks the rules of pages.
    #[error(transparent)]
    Page(PageError),
    /// It changed its identity again and again.
    #[error("it starts over again and again: let only one agent answer at that address")]
    Restless,
}
