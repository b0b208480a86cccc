//! From documents to their meaning: [`Hierarchy::resolve`](super::Hierarchy::resolve).

mod absolute;
mod distribution_point;
mod local_update;
mod maintenance_window;
mod package;
mod resolver;
mod unresolved;
mod update_point;

pub(crate) use absolute::absolute;
pub use unresolved::Unresolved;
