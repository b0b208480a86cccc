//! The offline catalog (SYNC-11): what clients that reach no update point are scanned against, one
//! cabinet in the public layout of `wsusscn2.cab`. Its publisher describes that nowhere; what stands
//! here was compared with what programs read from genuine ones and with excerpts that people have
//! published:
//!
//! - the reader of vuls-data-update, `pkg/fetch/microsoft/wsusscn2` (`types.go`, `wsusscn2.go`): the
//!   list of cabinets, how a revision finds its own, all attributes and children of an update;
//! - the transformations of WSUS Offline Update, `xslt/*.xsl`: the namespace, `FileLocation`,
//!   products and `PayloadFiles`, `BundledBy` and `SupersededBy` by revision;
//! - notes of parsers on catalogs of 2026: the root's attributes, the order of children, what is
//!   absent (titles, articles), `IsSoftware` only where it is `false`.
//!
//! ```text
//! index.xml        which cabinet has which revisions: from RANGESTART to the next one's
//! package.cab      package.xml: how updates depend on each other, and where their files are
//! package2.cab …   by RevisionId: c\N core, x\N extended, l\LANGUAGE\N localized fragment
//! ```
//!
//! Left out, because no source shows enough of it: licence texts (`e`, `EulaFiles`), `files`,
//! `FILESDIR`. What one source alone shows, or none in full: whether prerequisites repeat products and
//! classifications (here they do), and what `IsLeaf` says of an update that is none (here nothing).
//! The genuine file is signed by its publisher, and the Windows Update Agent takes no other: this one
//! is for programs that read such catalogs.

mod cabinets;
mod links;
mod package;
mod update;

#[cfg(test)]
mod tests;

pub use cabinets::{INDEX, PACKAGE, PACKAGE_XML, PartLimits, index_xml, part_files, part_name};
pub use links::{OfflineLinks, latest_revisions};
pub use package::{OfflineHead, OfflinePackageWriter};
pub use update::OfflineUpdate;
