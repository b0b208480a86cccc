//! What comes of a simulation: for people, for programs, and as a drawing.

mod axis;
mod comparison;
mod policies;
mod schema;
mod text;
mod timeline;
mod words;

pub use comparison::{comparison_json, comparison_schema, comparison_text};
pub use policies::{policies_json, policies_text};
pub use schema::simulation_schema;
pub use text::{simulation_json, simulation_text};
pub use timeline::simulation_svg;
