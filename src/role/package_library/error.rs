//! What a site server's content library cannot do, and why.

use axum::http::StatusCode;
use jiff::Timestamp;

use crate::{
    blocking::Interrupted,
    content::{LibraryError, UpdateFileError},
    model::{Digest, PackageId, Priority},
    net::{AgentError, http::HttpError},
    wire::{
        content_path::InvalidContentPath,
        update_content::{ContentName, ContentNameError},
    },
};

/// The site server could not take or send a package.
#[derive(Debug, thiserror::Error)]
pub enum PackageLibraryError {
    /// The content library, or the package's source.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// Sent before it was taken, or another version was.
    #[error(
        "version {version} of package {package} is not whole in the site's content library: take its \
         source first"
    )]
    NotTaken {
        /// The package.
        package: PackageId,
        /// The version that was asked for.
        version: u32,
    },
    /// The distribution point does not answer.
    #[error("the distribution point at {url} does not answer")]
    Unreachable {
        /// The address that was asked.
        url: String,
        /// What went wrong.
        #[source]
        source: HttpError,
    },
    /// A file is not any more what it was when it was taken in.
    #[error(
        "file {digest} of package {package} was damaged in the content library of this site server, \
         and has been put aside: plan again, and it is taken from the package's source"
    )]
    Damaged {
        /// The package.
        package: PackageId,
        /// The file.
        digest: Digest,
    },
    /// The distribution point accepts nothing any more.
    #[error("the distribution point at {url} stopped accepting content")]
    Stalled {
        /// The address that was asked.
        url: String,
    },
    /// It has to be made of what an update point has, and none was named.
    #[error("it is made of {0}: name the update point of the site")]
    NoUpdatePoint(String),
    /// It is a directory, and nothing is made.
    #[error("`{0}` is a directory, which is taken in as it is")]
    NotMade(String),
    /// The update point has not been told of it.
    #[error("the update point of the site does not know package {0}: plan again")]
    NotChosen(PackageId),
    /// What is selected cannot be looked for.
    #[error("the updates of package {package} cannot be looked for: {why}")]
    Hindered {
        /// The package.
        package: PackageId,
        /// Why.
        why: String,
    },
    /// Nothing that is selected has files.
    #[error("no update that `source.updates` of package {0} selects has any file: select others")]
    NoFiles(PackageId),
    /// What it is made of is not what it was made of.
    #[error(
        "what package {package} is made of has changed: its content {wanted} cannot be brought back"
    )]
    Changed {
        /// The package.
        package: PackageId,
        /// The digest of the list of files that it had.
        wanted: Digest,
    },
    /// The update point does not answer.
    #[error(transparent)]
    UpdatePoint(#[from] AgentError),
    /// It tells of a file by a name that is none.
    #[error("the update point of the site tells of a file that is none")]
    FileName(#[from] ContentNameError),
    /// The same, in a package.
    #[error("a file of an update cannot be part of a package")]
    ContentPath(#[from] InvalidContentPath),
    /// A file of an update has not come.
    #[error("file {name} has not come from {url}: {why}")]
    UpdateFile {
        /// The file.
        name: ContentName,
        /// Where it should come from.
        url: String,
        /// What went wrong.
        why: String,
    },
    /// A file that was fetched is gone.
    #[error("file {0} was fetched, and is gone: repeat it")]
    NotFetched(ContentName),
    /// Where files of updates come, before they are taken in.
    #[error(transparent)]
    Staging(#[from] UpdateFileError),
    /// What came is not the offline catalog that was written.
    #[error("{0} has not sent the offline catalog that it has written: repeat it")]
    NoCatalog(String),
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// Its limits leave no hour for the package.
    #[error(
        "`schedule` and `rateLimit` of the distribution point leave no hour for packages of priority \
         {0:?}: give it open hours with this `minimumPriority`, or the package a higher `priority`"
    )]
    NeverOpen(Priority),
    /// The hours of the distribution point have closed.
    #[error("the distribution point is closed to packages of priority {priority:?} until {until}")]
    Closed {
        /// When it opens again.
        until: Timestamp,
        /// The priority of the package.
        priority: Priority,
    },
    /// The distribution point refused.
    #[error("the distribution point refused {url} ({status}): {why}")]
    Refused {
        /// The address that was asked.
        url: String,
        /// The status.
        status: StatusCode,
        /// What it said.
        why: String,
    },
    /// The distribution point answered something that is no answer.
    #[error("the distribution point answered {url} with something else than was asked")]
    BadAnswer {
        /// The address that was asked.
        url: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}
