//! `headwater completions`: completions for a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, ExitCode, Failure, Printer};

/// What `headwater completions` is given.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Example: headwater completions bash > /etc/bash_completion.d/headwater")]
pub struct Arguments {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "headwater", &mut script);
    printer.result(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::Success)
}
