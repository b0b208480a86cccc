//! `headwater rollback`: the plan to the manifests of before.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::Args;

use super::{
    ExitCode, Failure, Printer, operation,
    plan::{Seen, Shown, print_plan},
    plan_output::PlanOutput,
    wanted::Wanted,
};
use crate::{
    model::{CommitInForce, Digest, ManifestsInForce},
    plan::{PlannedDocument, moved_documents},
    role::controller::{InForceFile, Remembered, Target, TargetError},
    view::{BroughtBack, brought_back_text},
};

/// What `headwater rollback` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 done; 1 failed, or the manifests of before are not kept; 2 the command \
                  line is wrong or a file cannot be written\n\n\
                  Examples:\n  headwater rollback\n  headwater rollback 17 --out back.json, then headwater \
                  apply --plan back.json\n  headwater rollback 3f2a91c0 --summary"
)]
pub struct Arguments {
    /// A run (see `headwater history`), or a commit that was in force, by the first digits of its
    /// identity. Without it: the last run that ended well for other manifests than those of now.
    #[arg(value_name = "RUN|COMMIT")]
    to: Option<String>,
    /// Save the plan, for `headwater apply --plan`. Only its owner may read the file: addresses with
    /// passwords in manifests are in it as they are.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    shown: PlanOutput,
}

pub(super) fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { to, out, shown } = arguments;
    let nothing = || operation(anyhow!("nothing was ever applied here: there is no way back"));
    let remembered = Remembered::open(data).map_err(operation)?.ok_or_else(nothing)?;
    let target = remembered.target(to.as_deref()).map_err(|error| match error {
        TargetError::Neither(_) => Failure::new(ExitCode::Usage, error),
        _ => operation(error),
    })?;
    let documents = documents(&remembered, target.manifests.text)?;
    let back = told(&remembered, &target, &documents)?;
    let wanted = Wanted::of_documents(&documents, target.manifests.digest).map_err(operation)?;
    printer.message(&brought_back_text(&back))?;
    let shown = Shown { seen: Seen::Now(data), out: out.as_deref(), digest: false, output: shown };
    print_plan(wanted, &shown, printer)?;
    Ok(ExitCode::Success)
}

/// The documents that were kept as a text.
fn documents(remembered: &Remembered, text: Digest) -> Result<Vec<PlannedDocument>, Failure> {
    let text = remembered.journal.text(text).map_err(operation)?;
    let gone = || operation(anyhow!("its manifests are not kept any more"));
    serde_json::from_str(&text.ok_or_else(gone)?)
        .context("the manifests of before are not understood by this version")
        .map_err(operation)
}

/// What there is to say of the way back.
fn told(
    remembered: &Remembered,
    target: &Target,
    documents: &[PlannedDocument],
) -> Result<BroughtBack, Failure> {
    let now = remembered.now().map_err(operation)?;
    let now = now.map_or(Ok(Vec::new()), |now| self::documents(remembered, now.text))?;
    let in_force = InForceFile::of(&remembered.data).read().map_err(operation)?;
    let in_force = in_force.and_then(|it| {
        let ManifestsInForce { source, commit, .. } = it;
        commit.map(|CommitInForce { id, .. }| (source, id))
    });
    let gone = |it: &&PlannedDocument| {
        it.directory.as_ref().is_some_and(|directory| !Path::new(directory).is_dir())
    };
    Ok(BroughtBack {
        run: target.run,
        commit: target.commit.clone(),
        at: target.at,
        ended_well: target.ended_well,
        differences: moved_documents(&now, documents),
        without_files: documents.iter().filter(gone).map(PlannedDocument::resource).collect(),
        in_force,
    })
}
