//! The database of a site: the revisions its sites below and its clients can know of, status
//! messages and the clients' policy.

mod messages;
mod open;
mod page;
mod policy;
mod receive;

#[cfg(test)]
mod tests;

pub use open::SiteDatabase;
pub use policy::PublishedPolicy;
pub use receive::{ChangesWaiting, Manner, PageError, Received};
