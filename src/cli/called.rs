//! The name by which the program was called says what it is: `kubectl` finds its plugins by their names.

use std::{ffi::OsString, path::Path};

use clap::Parser;

use super::{Cli, ExitCode, kubectl, run};

/// Runs what was called, with these arguments, of which the first is the name.
pub fn called(arguments: Vec<OsString>) -> ExitCode {
    let name = arguments.first().and_then(|it| Path::new(it).file_name()?.to_str());
    match name {
        Some("kubectl-headwater") => kubectl::run(kubectl::Plugin::parse_from(arguments)),
        Some("kubectl_complete-headwater") => kubectl::complete(&arguments[1..]),
        _ => run(Cli::parse_from(arguments)),
    }
}
