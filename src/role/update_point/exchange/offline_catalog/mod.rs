//! Writing an offline catalog (SYNC-11), whose layout `wire::offline_catalog` has. What is in it: of
//! each update the latest revision, unless that has expired or the update is declined. What is
//! superseded stays, and says by what.
//!
//! The same catalog gives the same bytes: dates are those of the updates, and the identifier is made of
//! the content.

mod part;
mod spool;
mod writing;

#[cfg(test)]
mod tests;

pub(super) use writing::OfflineCatalog;
