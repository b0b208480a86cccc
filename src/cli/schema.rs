//! `headwater schema`: the JSON Schemas of the documents, of plans and of reports of content.

use std::{fs, path::PathBuf};

use anyhow::Context;
use clap::Args;

use super::{ExitCode, Failure, Printer};
use crate::{
    manifest::{combined_schema, kind_schema},
    model::Kind,
    plan::plan_schema,
    simulate::scenario_schema,
    store::replace,
    view::{
        catalog_check_schema, content_schema, pull_schema, simulation_schema,
        synchronization_schema, update_schema, updates_schema, validation_schema,
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
    /// The kind, such as `Site`, or `Plan` for what `headwater plan --output json` prints,
    /// `Content` for what `headwater status --content --output json` prints, `Pull` for a line of
    /// `headwater pulls --output json`, `Validation` for what `headwater content validate --output
    /// json` prints, `Updates`, `Update` and `CatalogCheck` for what `headwater updates list`, `show` and `check` print,
    /// `Synchronization` for what `headwater status --sync --output json` prints, `Scenario` for what
    /// `headwater simulate --scenario` reads, or `Simulation` for what `headwater simulate --output json`
    /// prints; without it, a schema for the documents of all kinds.
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
    /// A plan as JSON.
    Plan,
    /// A report of content as JSON.
    Content,
    /// A transfer as JSON.
    Pull,
    /// A report of a content validation as JSON.
    Validation,
    /// Updates as JSON.
    Updates,
    /// One update as JSON.
    Update,
    /// A check of a catalog as JSON.
    CatalogCheck,
    /// A report of synchronizations as JSON.
    Synchronization,
    /// A scenario of a simulation.
    Scenario,
    /// What comes of a simulation as JSON.
    Simulation,
}

fn subject(text: &str) -> Result<Subject, String> {
    match text {
        "Plan" => return Ok(Subject::Plan),
        "Content" => return Ok(Subject::Content),
        "Pull" => return Ok(Subject::Pull),
        "Validation" => return Ok(Subject::Validation),
        "Updates" => return Ok(Subject::Updates),
        "Update" => return Ok(Subject::Update),
        "CatalogCheck" => return Ok(Subject::CatalogCheck),
        "Synchronization" => return Ok(Subject::Synchronization),
        "Scenario" => return Ok(Subject::Scenario),
        "Simulation" => return Ok(Subject::Simulation),
        _ => {}
    }
    let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == text).map(Subject::Kind);
    kind.ok_or_else(|| {
        format!(
            "kinds are {}, and `Plan`, `Content`, `Pull`, `Validation`, `Updates`, `Update`, \
             `CatalogCheck`, `Synchronization`, `Scenario` and `Simulation`",
            Kind::ALL.map(Kind::as_str).join(", ")
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
        Some(Subject::Plan) => pretty(&plan_schema()),
        Some(Subject::Content) => pretty(&content_schema()),
        Some(Subject::Pull) => pretty(&pull_schema()),
        Some(Subject::Validation) => pretty(&validation_schema()),
        Some(Subject::Updates) => pretty(&updates_schema()),
        Some(Subject::Update) => pretty(&update_schema()),
        Some(Subject::CatalogCheck) => pretty(&catalog_check_schema()),
        Some(Subject::Synchronization) => pretty(&synchronization_schema()),
        Some(Subject::Scenario) => pretty(&scenario_schema()),
        Some(Subject::Simulation) => pretty(&simulation_schema()),
        None => pretty(&combined_schema()),
    };
    printer.result(&schema)?;
    Ok(ExitCode::Success)
}

/// The names and contents of the committed files.
fn files() -> Vec<(String, String)> {
    let mut files = vec![
        ("headwater.json".to_owned(), pretty(&combined_schema())),
        ("plan.json".to_owned(), pretty(&plan_schema())),
        ("content.json".to_owned(), pretty(&content_schema())),
        ("pull.json".to_owned(), pretty(&pull_schema())),
        ("validation.json".to_owned(), pretty(&validation_schema())),
        ("updates.json".to_owned(), pretty(&updates_schema())),
        ("update.json".to_owned(), pretty(&update_schema())),
        ("catalog-check.json".to_owned(), pretty(&catalog_check_schema())),
        ("synchronization.json".to_owned(), pretty(&synchronization_schema())),
        ("scenario.json".to_owned(), pretty(&scenario_schema())),
        ("simulation.json".to_owned(), pretty(&simulation_schema())),
    ];
    files.extend(Kind::ALL.map(|kind| (format!("{kind}.json"), pretty(kind_schema(kind)))));
    files
}

fn pretty(schema: &serde_json::Value) -> String {
    format!("{schema:#}\n")
}
