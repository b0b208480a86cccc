//! `headwater content`: content that is carried by hand, and content that is hashed again.

mod export;
mod extract;
mod repair;
mod validate;

use std::{collections::BTreeMap, path::Path};

use clap::{Args, Subcommand};

use super::{
    ExitCode, Failure, Printer,
    asked::{Asked, ask},
};
use crate::{
    model::{Name, PackageId, PackageState, SiteServerState, SiteSystemState},
    wire::agent::ContentLibrary,
};

/// What `headwater content` is given.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Subcommand)]
enum Command {
    /// Write packages into a file, to be carried to a distribution point for prestaged content.
    Export(export::Arguments),
    /// Take the packages of a file into a distribution point.
    ///
    /// Everything in the file is verified before a package becomes visible: of a file that is damaged
    /// or cut off nothing is taken.
    Extract(extract::Arguments),
    /// Hash the content of a distribution point or of a site server again.
    ///
    /// As fast as processors and disk allow, several files side by side. What is damaged is put aside,
    /// so that it is never served again, and counts as missing: with --repair it is fetched again at
    /// once, otherwise by `headwater apply` or `headwater up`.
    Validate(validate::Arguments),
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    match &arguments.command {
        Command::Export(arguments) => export::run(arguments, data, printer).await,
        Command::Extract(arguments) => extract::run(arguments, data, printer).await,
        Command::Validate(arguments) => validate::run(arguments, data, printer).await,
    }
}

/// The site system with a distribution point of this name.
fn with_point<'a>(asked: &'a [Asked], point: &Name) -> Option<&'a Asked> {
    let is_it = |it: &&Asked| {
        it.state.distribution_point.as_ref().is_some_and(|there| there.name == *point)
    };
    asked.iter().find(is_it)
}

/// What a library of a site system has, if there is one.
fn packages(
    state: &SiteSystemState,
    library: ContentLibrary,
) -> Option<&BTreeMap<PackageId, PackageState>> {
    match library {
        ContentLibrary::DistributionPoint => {
            state.distribution_point.as_ref().map(|point| &point.packages)
        }
        ContentLibrary::SiteServer => state.site_server.as_ref().map(|server| &server.packages),
    }
}

/// A package by its ID, or by the name of its document as these site servers know it.
fn package_id<'a>(
    text: &str,
    servers: impl IntoIterator<Item = &'a SiteServerState>,
) -> Option<PackageId> {
    let mut origins = servers.into_iter().flat_map(|server| &server.package_origins);
    let by_name = origins.find(|(_, origin)| origin.name.as_str() == text);
    by_name.map(|(id, _)| id.clone()).or_else(|| text.to_ascii_uppercase().parse().ok())
}
