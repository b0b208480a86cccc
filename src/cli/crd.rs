//! `headwater crd`: the custom resources of a Kubernetes cluster.

use std::{fs, path::PathBuf};

use anyhow::Context;
use clap::Args;

use super::{ExitCode, Failure, Printer};
use crate::{
    operator::{Subject, custom_resource_definition},
    store::replace,
};

/// What `headwater crd` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 printed or written; 1 a file cannot be written; 2 the command \
                  line is wrong\n\n\
                  Examples:\n  headwater crd | kubectl apply --server-side -f -\n  \
                  headwater crd Site\n  headwater crd --write charts/headwater/crds"
)]
pub struct Arguments {
    /// The kind, such as `Site`, or `Plan`. Without it, all of them, one document each.
    #[arg(value_parser = subject)]
    kind: Option<Subject>,
    /// Write them into this directory instead, one file each.
    #[arg(long, value_name = "DIR", conflicts_with = "kind")]
    write: Option<PathBuf>,
}

fn subject(text: &str) -> Result<Subject, String> {
    let known = || Subject::ALL.into_iter().map(Subject::as_str).collect::<Vec<_>>().join(", ");
    let subject = Subject::ALL.into_iter().find(|it| it.as_str() == text);
    subject.ok_or_else(|| format!("kinds are {}", known()))
}

pub(super) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let Arguments { kind, write } = arguments;
    if let Some(directory) = write {
        fs::create_dir_all(directory)
            .with_context(|| format!("cannot make directory {}", directory.display()))?;
        for subject in Subject::ALL {
            let path = directory.join(format!("{}.yaml", subject.plural()));
            let text = format!(
                "# Made of the types by `headwater crd --write`; what is changed here is lost.\n{}",
                yaml(subject)?
            );
            replace(&path, text.as_bytes())
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        return Ok(ExitCode::Success);
    }
    if let Some(subject) = kind {
        printer.result(&yaml(*subject)?)?;
    } else {
        let all: Result<Vec<String>, Failure> = Subject::ALL.into_iter().map(yaml).collect();
        printer.result(&all?.join("---\n"))?;
    }
    Ok(ExitCode::Success)
}

fn yaml(subject: Subject) -> Result<String, Failure> {
    let name = subject.as_str();
    let definition = custom_resource_definition(subject)
        .with_context(|| format!("cannot make a custom resource of {name}"))?;
    let text = serde_yaml::to_string(&definition)
        .with_context(|| format!("cannot write the definition of {name} as YAML"))?;
    // Whoever reads YAML 1.1, as `kubectl` and Helm do, takes this key for `true`.
    Ok(text.replace(" on:\n", " \"on\":\n"))
}
