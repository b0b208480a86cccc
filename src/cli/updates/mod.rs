//! `headwater updates`: what the catalog of an update point holds.

mod check;
mod find;
mod show;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{
    ExitCode, Failure, OutputFormat, Printer,
    asked::{Asked, ask},
    operation,
};
use crate::{
    model::{Name, UpdatePointRole},
    role::controller::{Purpose, Session},
};

/// What `headwater updates` is given.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// List updates, the one that was stored last first.
    List(find::Arguments),
    /// Find updates by words of their titles, articles or bulletins.
    ///
    /// All words have to be there; one that ends with `*` is the beginning of a word.
    Search(find::SearchArguments),
    /// Show everything about an update.
    Show(show::Arguments),
    /// Check a catalog: the database's file, and every document against its digest.
    ///
    /// A damaged document is never served. With --repair it is fetched again from the upstream server,
    /// or from the export file that the point imports.
    Check(check::Arguments),
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    match &arguments.command {
        Command::List(arguments) => find::list(arguments, data, printer).await,
        Command::Search(arguments) => find::search(arguments, data, printer).await,
        Command::Show(arguments) => show::run(arguments, data, printer).await,
        Command::Check(arguments) => check::run(arguments, data, printer).await,
    }
}

/// Whose catalog, and how it is shown.
#[derive(Debug, Clone, Args)]
struct Whose {
    /// The software update point; without it, the active one at the top.
    #[arg(long, value_name = "NAME")]
    point: Option<Name>,
    /// Manifests that declare site systems with `placement: Remote`.
    #[arg(long, value_name = "PATH")]
    manifests: Vec<PathBuf>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
}

/// The way to an update point.
struct Reached {
    session: Session,
    asked: Asked,
    point: Name,
}

impl Whose {
    /// Opens the way to the point.
    async fn reach(&self, data: &Path, printer: &mut Printer) -> Result<Reached, Failure> {
        let (session, asked) = ask(data, &self.manifests, Purpose::Look, printer).await?;
        match self.choose(asked) {
            Ok((asked, point)) => Ok(Reached { session, asked, point }),
            Err(failure) => {
                session.close().await;
                Err(failure)
            }
        }
    }

    fn choose(&self, asked: Vec<Asked>) -> Result<(Asked, Name), Failure> {
        let top = top(&asked);
        let chosen = asked.into_iter().find_map(|it| {
            let point = it.state.update_point.as_ref()?;
            let is_it = self.point.as_ref().or(top.as_ref()).is_some_and(|it| *it == point.name);
            let name = point.name.clone();
            is_it.then_some((it, name))
        });
        chosen.ok_or_else(|| {
            operation(match &self.point {
                Some(name) => anyhow::anyhow!(
                    "there is no software update point `{name}`: `headwater status` shows what there \
                     is"
                ),
                None => anyhow::anyhow!(
                    "there is no active software update point at the top: say which one is meant with \
                     --point"
                ),
            })
        })
    }
}

/// The active point of the site that has no parent.
fn top(asked: &[Asked]) -> Option<Name> {
    let servers =
        || asked.iter().filter_map(|it| Some((it, it.state.settings.site_server.as_ref()?)));
    let (top, _) = servers().find(|(_, site)| site.parent.is_none())?;
    asked.iter().find_map(|it| {
        let point = it.state.update_point.as_ref()?;
        let is_active = point.settings.role == UpdatePointRole::Active;
        (is_active && point.settings.site == top.state.settings.site).then(|| point.name.clone())
    })
}
