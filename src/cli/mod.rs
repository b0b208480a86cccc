//! The command line: one file per command; each parses, calls, and hands to `view`.

mod arguments;
mod completions;
mod exit_code;
mod output;
mod run;
mod schema;
mod sources;
mod validate;

pub use arguments::{Cli, Command, GlobalOptions, Manifests};
pub use exit_code::{ExitCode, Failure};
pub use output::{OutputFormat, Printer};
pub use run::run;
pub use sources::{Checked, SourcesError, load_and_check, load_hierarchy, read};
