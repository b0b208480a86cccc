//! `headwater updates`: what the catalog of an update point holds.

mod check;
mod find;
mod show;

use std::path::Path;

use clap::{Args, Subcommand};

use super::{
    ExitCode, Failure, Printer,
    asked::{Asked, Asking, ask, no_update_point},
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
    #[command(flatten)]
    asking: Asking,
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
        let (session, asked) = ask(data, &self.asking.manifests, Purpose::Look, printer).await?;
        match self.choose(asked) {
            Ok((asked, point)) => Ok(Reached { session, asked, point }),
            Err(failure) => {
                session.close().await;
                Err(failure)
            }
        }
    }

    fn choose(&self, asked: Vec<Asked>) -> Result<(Asked, Name), Failure> {
        let Some(point) = self.point.clone().or_else(|| top(&asked)) else {
            return Err(operation(anyhow::anyhow!(
                "there is no active software update point at the top: say which one is meant with \
                 --point"
            )));
        };
        let found = asked.into_iter().find(|it| it.has_update_point(&point));
        found.map(|it| (it, point.clone())).ok_or_else(|| no_update_point(&point))
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
