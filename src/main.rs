//! Start-up only: everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use headwater::cli::{Cli, run};

fn main() -> ExitCode {
    run(Cli::parse()).into()
}
