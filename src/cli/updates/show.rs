//! `headwater updates show`.

use std::path::Path;

use clap::Args;
use uuid::Uuid;

use super::{
    super::{ExitCode, Failure, OutputFormat, Printer, operation},
    Reached, Whose,
};
use crate::{
    view::{ShownUpdate, update_json, update_text},
    wire::updates::{UpdateDetails, UpdatesQuery},
};

/// What `headwater updates show` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 shown; 1 it is not there, or the update point cannot be reached; 2 the \
                  command line is wrong or a file cannot be read\n\n\
                  Examples:\n  headwater updates show KB2267602\n  \
                  headwater updates show 56309036-4c77-4dd9-951a-99ee9c246a94 --output json"
)]
pub(super) struct Arguments {
    /// Its identifier, with `.` and a revision number if an older one is meant; or words that only one
    /// update has, such as its Knowledge Base article.
    #[arg(value_name = "UPDATE")]
    update: String,
    #[command(flatten)]
    whose: Whose,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let reached = arguments.whose.reach(data, printer).await?;
    let found = find(&arguments.update, &reached).await;
    reached.session.close().await;
    let shown = ShownUpdate::of(reached.point, found?);
    printer.result(&match arguments.whose.asking.output {
        OutputFormat::Text => update_text(&shown),
        OutputFormat::Json => update_json(&shown),
    })?;
    Ok(ExitCode::Success)
}

async fn find(text: &str, reached: &Reached) -> Result<UpdateDetails, Failure> {
    let point = &reached.point;
    let (update_id, revision) = match identity(text) {
        Some(identity) => identity,
        None => (only(text, reached).await?, None),
    };
    let found = reached.asked.agent.update(update_id, revision).await.map_err(operation)?;
    found.ok_or_else(|| {
        operation(anyhow::anyhow!(
            "`{point}` has no update {text}: `headwater updates search` finds updates by words"
        ))
    })
}

/// An identifier, with a revision or without.
fn identity(text: &str) -> Option<(Uuid, Option<i32>)> {
    match text.rsplit_once('.') {
        Some((id, revision)) => Some((id.parse().ok()?, Some(revision.parse().ok()?))),
        None => Some((text.parse().ok()?, None)),
    }
}

/// The only update with these words.
async fn only(text: &str, reached: &Reached) -> Result<Uuid, Failure> {
    let words = text.split_whitespace().map(str::to_owned).collect();
    let query = UpdatesQuery { words, limit: 20, ..UpdatesQuery::default() };
    let found = reached.asked.agent.updates(&query).await.map_err(operation)?;
    let mut ids: Vec<_> = found.updates.iter().map(|it| it.identity.update_id).collect();
    ids.sort_unstable();
    ids.dedup();
    match ids.as_slice() {
        [id] => Ok(*id),
        [] => Err(operation(anyhow::anyhow!("`{}` has no update `{text}`", reached.point))),
        _ => Err(operation(anyhow::anyhow!(
            "`{}` has several updates `{text}`: `headwater updates search {text}` lists them with their \
             identifiers",
            reached.point
        ))),
    }
}
