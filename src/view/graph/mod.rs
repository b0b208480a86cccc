//! What is drawn: a hierarchy, and a plan.
mod dependencies;
mod hierarchy;
mod json;
mod neighbours;
mod plan;
mod points;
mod scope;
mod steps;

pub use hierarchy::{hierarchy_diagram, hierarchy_mermaid};
pub use json::{hierarchy_graph_json, plan_graph_json};
pub use plan::plan_diagram;
