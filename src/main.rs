//! Start-up only: everything else is in the library.

use std::process::ExitCode;

use headwater::cli::called;

fn main() -> ExitCode {
    called(std::env::args_os().collect()).into()
}
