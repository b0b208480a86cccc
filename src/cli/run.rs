//! From a command line to its exit code.

use anstyle::{AnsiColor, Style};

use std::{future::Future, path::Path};

use super::{
    Cli, Command, ExitCode, Failure, Printer, agent, agents, apply, approve, completions, content,
    controller, crd, explain, export, graph, history, import, import_state, join_token, observe,
    operator, plan, ports, pulls, rollback, schema, show, simulate, status, sync, up, updates,
    validate,
};
use crate::{telemetry, view::plain};

/// Runs a command and says what went wrong, once.
pub fn run(cli: Cli) -> ExitCode {
    let Cli { global, command } = cli;
    let mut printer = Printer::new(global.color, global.log_format);
    telemetry::start(printer.messages_coloured(), global.log_format);
    let data = global.data.as_path();
    let result = match command {
        Command::Validate(arguments) => validate::run(&arguments, &mut printer),
        Command::Explain(arguments) => explain::run(&arguments, &mut printer),
        Command::Plan(arguments) => plan::run(&arguments, data, &mut printer),
        Command::Show(arguments) => show::run(&arguments, data, &mut printer),
        Command::Apply(arguments) => block_on(apply::run(&arguments, data, &mut printer)),
        Command::History(arguments) => history::run(&arguments, data, &mut printer),
        Command::Rollback(arguments) => rollback::run(&arguments, data, &mut printer),
        Command::Approve(arguments) => approve::run(&arguments, data, &mut printer),
        Command::Sync(arguments) => block_on(sync::run(&arguments, data, &mut printer)),
        Command::Status(arguments) => block_on(status::run(&arguments, data, &mut printer)),
        Command::Pulls(arguments) => block_on(pulls::run(&arguments, data, &mut printer)),
        Command::Graph(arguments) => graph::run(&arguments, &mut printer),
        Command::Simulate(arguments) => simulate::run(&arguments, data, &mut printer),
        Command::Observe(arguments) => block_on(observe::run(&arguments, data, &mut printer)),
        Command::ImportState(arguments) => {
            block_on(import_state::run(&arguments, data, &mut printer))
        }
        Command::Ports(arguments) => block_on(ports::run(&arguments, data, &mut printer)),
        Command::Export(arguments) => block_on(export::run(&arguments, data, &mut printer)),
        Command::Import(arguments) => block_on(import::run(&arguments, data, &mut printer)),
        Command::Content(arguments) => block_on(content::run(&arguments, data, &mut printer)),
        Command::Updates(arguments) => block_on(updates::run(&arguments, data, &mut printer)),
        Command::JoinToken(arguments) => block_on(join_token::run(&arguments, data, &mut printer)),
        Command::Agents(arguments) => agents::run(&arguments, data, &mut printer),
        Command::Revoke(arguments) => block_on(agents::revoke(&arguments, data, &mut printer)),
        Command::Renew(arguments) => block_on(agents::renew(&arguments, data, &mut printer)),
        Command::Schema(arguments) => schema::run(&arguments, &mut printer),
        Command::Crd(arguments) => crd::run(&arguments, &mut printer),
        Command::Completions(arguments) => completions::run(&arguments, &mut printer),
        command @ (Command::Up(_)
        | Command::Controller(_)
        | Command::Operator(_)
        | Command::Agent(_)) => block_on(stay(&command, data, &mut printer)),
    };
    ended(result, &mut printer)
}

/// How a command has ended; what went wrong is said.
pub(super) fn ended(result: Result<ExitCode, Failure>, printer: &mut Printer) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(failure) if telemetry::is_json() => {
            tracing::error!("{}", plain(&failure.to_string()));
            failure.code
        }
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

/// Runs a command that stays, `up`, `controller`, `operator` or `agent`, on the runtime and in the world of the
/// caller, until somebody ends it.
///
/// # Errors
///
/// What went wrong, or that it is another command.
pub async fn stay(
    command: &Command,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    match command {
        Command::Up(arguments) => up::run(arguments, data, printer).await,
        Command::Controller(arguments) => controller::run(arguments, data, printer).await,
        Command::Operator(arguments) => operator::run(arguments, data, printer).await,
        Command::Agent(arguments) => agent::run(arguments, data, printer).await,
        _ => {
            let why = anyhow::anyhow!("only `up`, `controller`, `operator` and `agent` stay");
            Err(Failure::new(ExitCode::Usage, why))
        }
    }
}

/// Runs what talks to others on a runtime of its own.
pub(super) fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(command)
}
