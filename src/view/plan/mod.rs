//! A plan, for people, for pull requests and for programs.

mod alike;
mod changes;
mod drift;
mod field;
mod filter;
mod fold;
mod json;
mod markdown;
mod markdown_text;
mod paint;
mod pieces;
mod shown;
mod sites;
mod sort;
mod summary;
mod text;
mod told;
mod unknown_site;
mod wait_for;
mod words;
mod yaml;

pub use filter::{PlanFilter, ShownKind, UnknownKind};
pub use json::plan_json;
pub use markdown::{plan_markdown, plan_summary_markdown};
pub use paint::sign;
pub use shown::PlanView;
pub use summary::{plan_summary_json, plan_summary_schema, plan_summary_text};
pub use text::plan_text;
pub use unknown_site::unknown_site;
