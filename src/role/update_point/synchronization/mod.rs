//! Synchronizing with an upstream server (protocol §1.7): what is listed and not known is fetched in
//! batches; an anchor is kept only once all that it stands for is stored. A replica takes over the
//! approvals, and the upstream server is told of this one.

mod batches;
mod error;
mod fetch;
mod repair;
mod rollup;
mod run;
mod selection;
mod session;
mod upstream;

#[cfg(test)]
mod tests;

pub use error::{SynchronizationError, UpstreamError};

pub(super) use repair::repair;
pub(super) use run::Run;
pub(super) use session::Session;
pub(super) use upstream::{Upstream, upstream_of};
