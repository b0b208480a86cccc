//! From a command line to its exit code.

use anstyle::{AnsiColor, Style};

use super::{Cli, Command, ExitCode, Printer, completions, schema, validate};
use crate::view::plain;

/// Runs a command and says what went wrong, once.
pub fn run(cli: Cli) -> ExitCode {
    let Cli { global, command } = cli;
    let mut printer = Printer::new(global.output, global.color);
    let result = match command {
        Command::Validate(arguments) => validate::run(&arguments, &mut printer),
        Command::Schema(arguments) => schema::run(&arguments, &mut printer),
        Command::Completions(arguments) => completions::run(&arguments, &mut printer),
    };
    match result {
        Ok(code) => code,
        Err(failure) => {
            let red = AnsiColor::Red.on_default().bold();
            let red = if printer.messages_coloured() { red } else { Style::new() };
            let text = format!("{red}error{red:#}: {}\n", plain(&failure.to_string()));
            // If standard error is gone there is nobody left to tell; the code still tells.
            let _ = printer.message(&text);
            failure.code
        }
    }
}
