//! How roles answer with content that lies in files or in memory: validators, ranges, and the kernel
//! that sends by itself. Which content that is, each role knows.

mod found;
mod validators;

pub(super) use found::{Asked, Found, Source};
pub(super) use validators::entity_tag;
