//! How a plan is shown: as text, as Markdown, as JSON, and as counts.

mod hostile;
mod json;
mod large;
mod markdown;
mod outputs;
mod plans;
mod secrets;
