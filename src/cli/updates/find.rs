//! `headwater updates list` and `headwater updates search`.

use std::path::Path;

use clap::{Args, ValueEnum};
use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{
    super::{ExitCode, Failure, OutputFormat, Printer, operation},
    Reached, Whose,
};
use crate::{
    view::{ListedUpdates, updates_json, updates_text},
    wire::{
        update_document::UpdateType,
        updates::{MAX_FOUND, UpdatesQuery},
    },
};

/// What `headwater updates list` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 listed; 1 the update point cannot be reached, or a title means \
                  nothing there; 2 the command line is wrong or a file cannot be read\n\n\
                  Examples:\n  headwater updates list --classification 'Security Updates' \
                  --since 2026-11-01\n  headwater updates list --type category --limit 500 --output json"
)]
pub(super) struct Arguments {
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    whose: Whose,
}

/// What `headwater updates search` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 something was found; 1 nothing was, or the update point cannot be \
                  reached; 2 the command line is wrong or a file cannot be read\n\n\
                  Examples:\n  headwater updates search cumulative windows server 2022\n  \
                  headwater updates search KB5034441 --point lis-active"
)]
pub(super) struct SearchArguments {
    /// Words, all of which have to be there, such as `cumulative`, `KB5034441`, `5034441` or `MS17-010`;
    /// `cumul*` is every word that begins so.
    #[arg(required = true, value_name = "WORD")]
    words: Vec<String>,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    whose: Whose,
}

/// Which updates.
#[derive(Debug, Clone, Args)]
struct Filters {
    /// Of this product, by title or identifier; may be given several times.
    #[arg(long, value_name = "PRODUCT")]
    product: Vec<String>,
    /// Of this classification, by title or identifier; may be given several times.
    #[arg(long, value_name = "CLASSIFICATION")]
    classification: Vec<String>,
    /// Of this type; may be given several times.
    #[arg(long, value_enum, value_name = "TYPE")]
    r#type: Vec<Type>,
    /// Created on this day or later, or at this time: `2026-11-01`, `2026-11-01T08:00:00Z`.
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Without those that another update supersedes, or that have expired.
    #[arg(long)]
    current: bool,
    /// So many at most.
    #[arg(long, default_value_t = 50, value_name = "NUMBER",
        value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Type {
    Software,
    Driver,
    Category,
    Detectoid,
}

impl From<Type> for UpdateType {
    fn from(it: Type) -> Self {
        match it {
            Type::Software => Self::Software,
            Type::Driver => Self::Driver,
            Type::Category => Self::Category,
            Type::Detectoid => Self::Detectoid,
        }
    }
}

fn time(text: &str) -> Result<Timestamp, String> {
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10);
    let day = day.and_then(|it| it.to_zoned(TimeZone::UTC).ok()).map(|it| it.timestamp());
    day.or_else(|| text.parse().ok()).ok_or_else(|| {
        "write a day such as 2026-11-01, or a time such as 2026-11-01T08:00:00Z".into()
    })
}

pub(super) async fn list(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let Arguments { filters, whose } = arguments;
    find(Vec::new(), filters, whose, data, printer).await.map(|_| ExitCode::Success)
}

pub(super) async fn search(
    arguments: &SearchArguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let SearchArguments { words, filters, whose } = arguments;
    let words = words.iter().flat_map(|it| it.split_whitespace()).map(str::to_owned).collect();
    let found = find(words, filters, whose, data, printer).await?;
    Ok(if found { ExitCode::Success } else { ExitCode::Failure })
}

/// Whether anything was found.
async fn find(
    words: Vec<String>,
    filters: &Filters,
    whose: &Whose,
    data: &Path,
    printer: &mut Printer,
) -> Result<bool, Failure> {
    let reached = whose.reach(data, printer).await?;
    let listed = ask(words, filters, &reached).await;
    reached.session.close().await;
    let listed = listed?;
    printer.result(&match whose.asking.output {
        OutputFormat::Text => updates_text(&listed),
        OutputFormat::Json => updates_json(&listed),
    })?;
    Ok(!listed.updates.is_empty())
}

async fn ask(
    words: Vec<String>,
    filters: &Filters,
    reached: &Reached,
) -> Result<ListedUpdates, Failure> {
    let limit = usize::try_from(filters.limit).unwrap_or(usize::MAX);
    let mut query = UpdatesQuery {
        words,
        types: filters.r#type.iter().copied().map(UpdateType::from).collect(),
        products: filters.product.clone(),
        classifications: filters.classification.clone(),
        created_since: filters.since,
        without_superseded: filters.current,
        without_expired: filters.current,
        before: None,
        limit: 0,
    };
    let mut updates = Vec::new();
    loop {
        query.limit = (limit - updates.len()).min(MAX_FOUND);
        let mut found = reached.asked.agent.updates(&query).await.map_err(operation)?;
        updates.append(&mut found.updates);
        query.before = found.last;
        if !found.more || updates.len() >= limit || found.last.is_none() {
            return Ok(ListedUpdates::of(reached.point.clone(), updates, found.more));
        }
    }
}
