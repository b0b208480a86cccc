//! `headwater schema`: the JSON Schemas of the documents.

use std::{fs, path::PathBuf};

use anyhow::Context;
use clap::Args;

use super::{ExitCode, Failure, Printer};
use crate::{
    manifest::{combined_schema, kind_schema},
    model::Kind,
};

/// What `headwater schema` is given.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  headwater schema Site\n  headwater schema --write schemas")]
pub struct Arguments {
    /// The kind, such as `Site`; without it, a schema for all kinds.
    #[arg(value_parser = kind)]
    kind: Option<Kind>,
    /// Write the schemas of all kinds into this directory instead.
    #[arg(long, value_name = "DIR", conflicts_with = "kind")]
    write: Option<PathBuf>,
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| format!("kinds are {}", Kind::ALL.map(Kind::as_str).join(", ")))
}

pub(super) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let Arguments { kind, write } = arguments;
    if let Some(directory) = write {
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot make directory {}", directory.display()))?;
        for (name, text) in files() {
            let path = directory.join(name);
            let unfinished = path.with_extension("json.new");
            fs::write(&unfinished, text)
                .and_then(|()| fs::rename(&unfinished, &path))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        return Ok(ExitCode::Success);
    }
    let schema = match kind {
        Some(kind) => pretty(kind_schema(*kind)),
        None => pretty(&combined_schema()),
    };
    printer.result(&schema)?;
    Ok(ExitCode::Success)
}

/// The names and contents of the committed files.
fn files() -> Vec<(String, String)> {
    let mut files = vec![("headwater.json".to_owned(), pretty(&combined_schema()))];
    files.extend(Kind::ALL.map(|kind| (format!("{kind}.json"), pretty(kind_schema(kind)))));
    files
}

fn pretty(schema: &serde_json::Value) -> String {
    format!("{schema:#}\n")
}
