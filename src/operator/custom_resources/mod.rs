//! Custom resources: the kinds of document as kinds of a Kubernetes cluster, with structural schemas out
//! of the types that files are read by, and rules in CEL that say what `check` says of one document.

mod definition;
mod not_structural;
mod rule;
mod rules;
mod structural;
mod subject;

pub use definition::custom_resource_definition;
pub use not_structural::NotStructural;
pub use subject::Subject;
