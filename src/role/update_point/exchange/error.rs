//! What can go wrong with files that leave a catalog or come into it.

use std::{io, path::PathBuf};

use uuid::Uuid;

use crate::{
    blocking::Interrupted,
    content::UpdateFileError,
    model::{Digest, Name, UpdateIdentity},
    store::StoreError,
    wire::{
        export_file::ExportError, update_content::ContentName, update_document::DocumentError,
        updates_file::UpdatesFileError,
    },
};

/// Why an import failed. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Its settings name no file.
    #[error(
        "this software update point has no file to import: set `source: {{type: Import, file: …}}`"
    )]
    NoFile,
    /// The file cannot be read.
    #[error("export file {} cannot be read", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is not there.
    #[error("export file {} is not there: put it there, then run again", .0.display())]
    Absent(PathBuf),
    /// It is a directory or a device.
    #[error("export file {} is not a plain file", .0.display())]
    NotAFile(PathBuf),
    /// It cannot be unpacked here.
    #[error("an export file cannot be unpacked on the site system")]
    Unpack(#[source] io::Error),
    /// There is no room to unpack it.
    #[error(
        "export file {} cannot be unpacked on the site system: the disk is full: free some space, then \
         run again",
        .0.display()
    )]
    NoRoom(PathBuf),
    /// It is a form that is not public.
    #[error(
        "export file {} is packed with gzip, as `wsusutil export FILE.xml.gz` writes it: that form is not \
         documented, so export to FILE.cab there",
        .0.display()
    )]
    Gzip(PathBuf),
    /// A signature was asked for, and its form has none.
    #[error(
        "export file {} is a cabinet, which carries no signature: export to a file whose name ends in \
         .headwater with --sign-key, or import it without --verify-key if you know where it comes from",
        .0.display()
    )]
    CannotBeSigned(PathBuf),
    /// It is not a whole file of updates in our own form.
    #[error("file of updates {}: nothing was imported", .path.display())]
    Updates {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: UpdatesFileError,
    },
    /// It is not a whole export.
    #[error("export file {} is damaged or not an export: nothing was imported", .path.display())]
    Export {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: ExportError,
    },
    /// It does not hold what is needed.
    #[error("export file {} lacks {missing} of the updates whose documents are damaged", .path.display())]
    Lacks {
        /// The file.
        path: PathBuf,
        /// How many updates.
        missing: usize,
    },
    /// One of its documents is not an update.
    #[error("update {identity} of export file {}: nothing was imported", .path.display())]
    Document {
        /// The file.
        path: PathBuf,
        /// Whose document.
        identity: UpdateIdentity,
        /// What is wrong with it.
        #[source]
        source: DocumentError,
    },
    /// A document is another update's.
    #[error(
        "the document of update {identity} in export file {} is that of {found}: nothing was imported",
        .path.display()
    )]
    OtherIdentity {
        /// The file.
        path: PathBuf,
        /// Whose document it should be.
        identity: UpdateIdentity,
        /// Whose it is.
        found: UpdateIdentity,
    },
    /// An update is there twice.
    #[error("update {identity} is in export file {} twice: nothing was imported", .path.display())]
    Repeated {
        /// The file.
        path: PathBuf,
        /// Which one.
        identity: UpdateIdentity,
    },
    /// An update comes before what it needs.
    #[error(
        "update {identity} stands before its prerequisite {prerequisite} in export file {}: no server \
         writes such a file; nothing was imported",
        .path.display()
    )]
    OutOfOrder {
        /// The file.
        path: PathBuf,
        /// Which update.
        identity: UpdateIdentity,
        /// The identifier of what it needs.
        prerequisite: Uuid,
    },
    /// What an update needs is nowhere.
    #[error(
        "update {identity} of export file {} needs update {prerequisite}, which is neither in the file \
         nor in this catalog: export again where all of it is; nothing was imported",
        .path.display()
    )]
    PrerequisiteMissing {
        /// The file.
        path: PathBuf,
        /// Which update.
        identity: UpdateIdentity,
        /// The identifier of what it needs.
        prerequisite: Uuid,
    },
    /// A file of an update is in it that belongs to none.
    #[error(
        "file {name} in file of updates {} belongs to no update that is in it or in this catalog: nothing \
         was imported",
        .path.display()
    )]
    StrayFile {
        /// The file.
        path: PathBuf,
        /// The file of an update.
        name: ContentName,
    },
    /// There is no room for its files of updates.
    #[error("file of updates {}: nothing was imported", .path.display())]
    Files {
        /// The file.
        path: PathBuf,
        /// What is in the way.
        #[source]
        source: Box<UpdateFileError>,
    },
    /// Approvals come from above.
    #[error(
        "software update point `{0}` is a replica: its approvals are those of the point that it \
         synchronizes from; import them there"
    )]
    Replica(Name),
    /// There are no approvals.
    #[error("file of updates {} has no approvals: export it with --with-approvals", .0.display())]
    NoApprovals(PathBuf),
    /// Its updates come from elsewhere.
    #[error(
        "software update point `{0}` synchronizes from another server: what is imported here is missing \
         above, and clients elsewhere do not get it. Import at the point that it synchronizes from, or \
         say --force"
    )]
    HasUpstream(Name),
    /// A file that was sent is not there any more.
    #[error("the file {0} that was sent is not there any more: import again")]
    Gone(Digest),
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportFailed {
    /// There is nothing to export.
    #[error("the catalog is empty: synchronize or import first, then export")]
    Empty,
    /// More than a cabinet takes.
    #[error(
        "the catalog has more than the 2 GB that a cabinet holds, which is where `wsusutil export` \
         ends too: export to a file whose name ends in .headwater, which has no such limit"
    )]
    TooLarge,
    /// More than an offline catalog takes.
    #[error(
        "the offline catalog has more than the 2 GB that a cabinet holds: choose fewer products and \
         classifications for the update point, or decline updates that nobody needs"
    )]
    OfflineTooLarge,
    /// A cabinet has no room for it.
    #[error(
        "a cabinet holds the catalog alone: export files of updates and approvals to a file whose name \
         ends in .headwater"
    )]
    NotInCabinet,
    /// A document cannot be written.
    #[error(transparent)]
    Form(#[from] ExportError),
    /// Our own form.
    #[error(transparent)]
    Updates(#[from] UpdatesFileError),
    /// It could not be written.
    #[error("failed to write the export on the site system")]
    Write(#[source] io::Error),
    /// It was taken already, or another one has taken its place.
    #[error("the export {0} is not there any more: export again")]
    Gone(Digest),
    /// The catalog.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The program is ending.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
}
