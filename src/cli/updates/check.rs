//! `headwater updates check`.

use std::path::Path;

use clap::Args;

use super::{
    super::{ExitCode, Failure, OutputFormat, Printer, operation, working::Working},
    Reached, Whose,
};
use crate::{
    view::{CheckedCatalog, catalog_check_json, catalog_check_text},
    wire::{
        agent::{AgentCommand, AgentOutcome},
        updates::CatalogFindings,
    },
};

/// What `headwater updates check` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 everything is as it should be, or with --repair is so again; 1 \
                  something is damaged, or the update point cannot be reached; 2 the command line is \
                  wrong or a file cannot be read\n\n\
                  Examples:\n  headwater updates check\n  \
                  headwater updates check --point lis-active --repair"
)]
pub(super) struct Arguments {
    /// Fetch damaged documents again.
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    whose: Whose,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let reached = arguments.whose.reach(data, printer).await?;
    let findings = check(arguments.repair, &reached).await;
    reached.session.close().await;
    let checked = CheckedCatalog::of(reached.point, findings?);
    printer.result(&match arguments.whose.asking.output {
        OutputFormat::Text => catalog_check_text(&checked),
        OutputFormat::Json => catalog_check_json(&checked),
    })?;
    Ok(if checked.findings.is_whole() { ExitCode::Success } else { ExitCode::Failure })
}

async fn check(repair: bool, reached: &Reached) -> Result<CatalogFindings, Failure> {
    let mut working = Working::on(format!("checking `{}`", reached.point));
    let command = AgentCommand::CheckCatalog { repair };
    let answered = reached.asked.agent.command(&command, |event| working.show(event)).await;
    drop(working);
    match answered.map_err(operation)? {
        AgentOutcome::CatalogChecked(findings) => Ok(findings),
        _ => Err(operation(anyhow::anyhow!(
            "the agent of `{}` answered something else than what it found",
            reached.point
        ))),
    }
}
