//! From documents to their meaning: [`Hierarchy::resolve`](super::Hierarchy::resolve).

mod distribution_point;
mod package;
mod resolver;
mod update_point;

pub use resolver::Unresolved;
pub(crate) use resolver::absolute;
