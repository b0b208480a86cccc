//! `headwater agents`, `headwater revoke` and `headwater renew`: the agents on computers of their own.

use std::path::Path;

use anyhow::anyhow;
use clap::Args;

use super::{ExitCode, Failure, OutputFormat, Printer, operation};
use crate::{
    clock,
    error_text::with_causes,
    model::Name,
    net::{RegisteredAgent, Revoked},
    role::{
        controller::{renew_agent, tell_agents},
        host::DataDirectory,
    },
    view::{AgentLine, AgentsReport, agents_json, agents_text, plain},
};

/// What `headwater agents` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 shown, 1 the data directory cannot be used, 2 the command line \
                  is wrong\n\n\
                  Example: headwater agents --output json"
)]
pub struct Arguments {
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
}

/// What `headwater revoke` and `headwater renew` are given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 done; 1 the data directory cannot be used, there is no such \
                  agent, or an agent could not be told; 2 the command line is wrong\n\n\
                  Examples:\n  headwater revoke sea-dp\n  headwater renew ams-dp"
)]
pub struct OfAgent {
    /// The name of the site system.
    name: Name,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
}

pub(super) fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let data = DataDirectory::open(data).map_err(operation)?;
    show(&data, None, arguments.output, printer)
}

pub(super) async fn revoke(
    arguments: &OfAgent,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let OfAgent { name, output } = arguments;
    let data = to_change(data)?;
    match data.agents().revoke(name, clock::now()).await.map_err(operation)? {
        Revoked::Unknown => {
            return Err(operation(anyhow!(
                "no agent `{name}` has joined, and no token waits for one: `headwater agents` shows \
                 those that have"
            )));
        }
        Revoked::TokenOnly => {
            printer.message(&format!("the token of `{name}` counts no more\n"))?;
        }
        Revoked::Before => printer.message(&format!("`{name}` was revoked before\n"))?,
        Revoked::Done => printer.message(&format!("nobody talks to `{name}` any more\n"))?,
    }
    let untold = tell_agents(&data).await.map_err(operation)?;
    for (other, error) in &untold {
        let why = with_causes(error);
        let why = plain(&why);
        printer.message(&format!(
            "warning: `{other}` is not told of it yet, and will be by the next pass that reaches it: \
             {why}\n"
        ))?;
    }
    show(&data, Some(name), *output, printer)?;
    Ok(if untold.is_empty() { ExitCode::Success } else { ExitCode::Failure })
}

pub(super) async fn renew(
    arguments: &OfAgent,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let OfAgent { name, output } = arguments;
    let data = to_change(data)?;
    renew_agent(&data, name).await.map_err(operation)?;
    show(&data, Some(name), *output, printer)
}

/// A data directory in which what is known of agents is going to be changed.
pub(super) fn to_change(path: &Path) -> Result<DataDirectory, Failure> {
    let data = DataDirectory::open(path).map_err(operation)?;
    if data.is_left_behind().map_err(operation)? {
        return Err(operation(anyhow!(
            "this data directory is that of an operator which does not lead, and nobody would hear of it:              do this at the one that holds the Lease"
        )));
    }
    Ok(data)
}

/// Shows one of them, or all.
fn show(
    data: &DataDirectory,
    only: Option<&Name>,
    output: OutputFormat,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let agents = data.agents().agents().map_err(operation)?.into_iter();
    let shown = agents.filter(|it| only.is_none_or(|name| it.name == *name)).map(line);
    let report = AgentsReport::of(shown.collect(), clock::now());
    printer.result(&match output {
        OutputFormat::Text => agents_text(&report),
        OutputFormat::Json => agents_json(&report),
    })?;
    Ok(ExitCode::Success)
}

fn line(agent: RegisteredAgent) -> AgentLine {
    let RegisteredAgent { name, url, joined, certificate_ends, revoked, token_ends } = agent;
    AgentLine { name, url, joined, certificate_ends, revoked, token_ends }
}
