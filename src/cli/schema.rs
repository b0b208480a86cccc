//! `headwater schema`: the JSON Schemas of the documents, and of what commands print for programs.

use std::{fs, path::PathBuf};

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use super::{ExitCode, Failure, Printer};
use crate::{
    manifest::{combined_schema, kind_schema},
    model::Kind,
    plan::plan_schema,
    simulate::scenario_schema,
    store::replace,
    view::{
        catalog_check_schema, comparison_schema, content_schema, messages_schema,
        plan_summary_schema, pull_schema, run_record_schema, runs_schema, simulation_schema,
        status_schema, synchronization_schema, update_schema, updates_schema, validation_schema,
    },
};

/// What `headwater schema` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 printed or written; 1 a file cannot be written; 2 the command \
                  line is wrong\n\n\
                  Examples:\n  headwater schema Site\n  headwater schema --write schemas"
)]
pub struct Arguments {
    /// The kind, such as `Site`; or what a command prints with `--output json`: `Plan` and
    /// `PlanSummary` (`plan`, `show FILE`), `History`, `Run` (`show RUN`), `Status`, `Content`,
    /// `Messages` and `Synchronization` (`status`, with its options), `Pull` (a line of `pulls`),
    /// `Validation` (`content validate`), `Updates`, `Update` and `CatalogCheck` (`updates list`,
    /// `show`, `check`), `Simulation` (`simulate`; a list of these with `--policies`) and `Comparison`
    /// (with `--compare`); or `Scenario`, for what `simulate --scenario` reads. Without it, a schema for
    /// the documents of all kinds.
    #[arg(value_parser = subject)]
    kind: Option<Subject>,
    /// Write the schemas of all kinds into this directory instead.
    #[arg(long, value_name = "DIR", conflicts_with = "kind")]
    write: Option<PathBuf>,
}

/// What has a schema.
#[derive(Debug, Clone, Copy)]
enum Subject {
    /// The documents of a kind.
    Kind(Kind),
    /// What a command reads or prints.
    Other(&'static Other),
}

/// What a command reads or prints: its name, the name of its file, and its schema.
#[derive(Debug)]
struct Other {
    name: &'static str,
    file: &'static str,
    schema: fn() -> Value,
}

const fn other(name: &'static str, file: &'static str, schema: fn() -> Value) -> Other {
    Other { name, file, schema }
}

/// In the order of `headwater schema --help`.
static OTHERS: [Other; 16] = [
    other("Plan", "plan.json", plan_schema),
    other("PlanSummary", "plan-summary.json", plan_summary_schema),
    other("History", "history.json", runs_schema),
    other("Run", "run.json", run_record_schema),
    other("Status", "status.json", status_schema),
    other("Content", "content.json", content_schema),
    other("Messages", "messages.json", messages_schema),
    other("Synchronization", "synchronization.json", synchronization_schema),
    other("Pull", "pull.json", pull_schema),
    other("Validation", "validation.json", validation_schema),
    other("Updates", "updates.json", updates_schema),
    other("Update", "update.json", update_schema),
    other("CatalogCheck", "catalog-check.json", catalog_check_schema),
    other("Scenario", "scenario.json", scenario_schema),
    other("Simulation", "simulation.json", simulation_schema),
    other("Comparison", "comparison.json", comparison_schema),
];

fn subject(text: &str) -> Result<Subject, String> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == text).map(Subject::Kind);
    let other = || OTHERS.iter().find(|it| it.name == text).map(Subject::Other);
    kind.or_else(other).ok_or_else(|| {
        format!(
            "kinds are {}; and there are {}",
            Kind::ALL.map(Kind::as_str).join(", "),
            OTHERS.each_ref().map(|it| it.name).join(", ")
        )
    })
}

pub(super) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let Arguments { kind, write } = arguments;
    if let Some(directory) = write {
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot make directory {}", directory.display()))?;
        for (name, text) in files() {
            let path = directory.join(name);
            replace(&path, text.as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        return Ok(ExitCode::Success);
    }
    let schema = match kind {
        Some(Subject::Kind(kind)) => pretty(kind_schema(*kind)),
        Some(Subject::Other(other)) => pretty(&(other.schema)()),
        None => pretty(&combined_schema()),
    };
    printer.result(&schema)?;
    Ok(ExitCode::Success)
}

/// The names and contents of the committed files.
fn files() -> Vec<(String, String)> {
    let mut files = vec![("headwater.json".to_owned(), pretty(&combined_schema()))];
    files.extend(OTHERS.iter().map(|it| (it.file.to_owned(), pretty(&(it.schema)()))));
    files.extend(Kind::ALL.map(|kind| (format!("{kind}.json"), pretty(kind_schema(kind)))));
    files
}

fn pretty(schema: &Value) -> String {
    format!("{schema:#}\n")
}
