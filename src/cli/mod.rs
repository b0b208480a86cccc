//! The command line: one file per command; each parses, calls, and hands to `view`.

mod agent;
mod apply;
mod arguments;
mod completions;
mod exit_code;
mod manifests;
mod output;
mod plan;
mod progress;
mod run;
mod schema;
mod sources;
mod status;
mod up;
mod validate;

pub use arguments::{Cli, Command, GlobalOptions};
use exit_code::operation;
pub use exit_code::{ExitCode, Failure};
pub use manifests::Manifests;
pub use output::{OutputFormat, Printer};
pub use run::run;
pub use sources::{Checked, SourcesError, load_and_check, load_hierarchy, read};
