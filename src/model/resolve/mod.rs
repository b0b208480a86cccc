//! From documents to their meaning: [`Hierarchy::resolve`](super::Hierarchy::resolve).

mod distribution_point;
mod resolver;
mod update_point;

pub use resolver::Unresolved;
