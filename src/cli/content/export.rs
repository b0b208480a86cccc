//! `headwater content export`: packages into one file.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{
    super::{
        ExitCode, Failure, OutputFormat, Printer,
        asked::Asking,
        carrying::receive,
        files::{NewFile, unusable},
        operation,
    },
    Asked, ask, package_id,
};
use crate::{
    model::{Name, PackageId, PackageState},
    role::controller::Purpose,
    view::{Carried, exported_text, prestaged_json},
};

/// What `headwater content export` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 the file is written; 1 a package is not whole there, or the site \
                  system cannot be reached; 2 the command line is wrong or the file cannot be \
                  written\n\n\
                  Example: headwater content export AMS00001 CEN00001 --out lisbon.content, then \
                  carry it to Lisbon"
)]
pub(super) struct Arguments {
    /// Packages, by their IDs or by the names of their documents.
    #[arg(required = true, value_name = "PACKAGE")]
    packages: Vec<String>,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The site system whose content is taken: a site server or a distribution point; otherwise the
    /// first one that has all packages.
    #[arg(long, value_name = "NAME")]
    from: Option<Name>,
    #[command(flatten)]
    asking: Asking,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let (session, asked) = ask(data, &arguments.asking.manifests, Purpose::Look, printer).await?;
    let exported = export(arguments, &asked).await;
    session.close().await;
    let exported = exported?;
    printer.result(&match arguments.asking.output {
        OutputFormat::Text => exported_text(&exported),
        OutputFormat::Json => prestaged_json(&exported),
    })?;
    Ok(ExitCode::Success)
}

async fn export(arguments: &Arguments, asked: &[Asked]) -> Result<Carried, Failure> {
    let Arguments { packages, out, from, .. } = arguments;
    let mut candidates =
        asked.iter().filter(|it| from.as_ref().is_none_or(|from| *from == it.name));
    let found = candidates.find_map(|it| Some((it, chosen(packages, it)?)));
    let Some((from, chosen)) = found else {
        let at = from.as_ref().map_or("no site system has".to_owned(), |from| {
            format!("site system `{from}` has not")
        });
        let packages = packages.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
        return Err(operation(anyhow::anyhow!(
            "{at} all of {packages} whole: `headwater status` shows which distribution points have \
             content, and package IDs are such as CEN00001"
        )));
    };
    let ids: BTreeSet<PackageId> = chosen.keys().cloned().collect();
    let response = from.agent.prestaged(&ids).await.map_err(operation)?;
    let expected = response.content_length().unwrap_or_default();
    let (mut file, temporary) = NewFile::create(out).map_err(|it| unusable("write", out, it))?;
    let mut bytes = 0_u64;
    let take = |block: &[u8]| {
        bytes = bytes.saturating_add(block.len() as u64);
        file.write_all(block)
    };
    receive(response, expected, &from.name, out, take).await?;
    temporary.keep(&file, out).map_err(|it| unusable("write", out, it))?;
    let file = out.display().to_string();
    Ok(Carried { file, bytes, site_system: from.name.clone(), packages: chosen })
}

/// The packages, if a site system has all of them whole.
fn chosen(wanted: &[String], at: &Asked) -> Option<BTreeMap<PackageId, PackageState>> {
    let site_server = at.state.site_server.as_ref();
    let held = site_server.map(|server| &server.packages);
    let point = at.state.distribution_point.as_ref().map(|point| &point.packages);
    let id = |text: &String| package_id(text, site_server);
    let ids: Vec<PackageId> = wanted.iter().map(id).collect::<Option<_>>()?;
    [held, point].into_iter().flatten().find_map(|held| {
        let whole = |id: &PackageId| {
            let state = held.get(id).filter(|state| state.available())?;
            Some((id.clone(), state.clone()))
        };
        ids.iter().map(whole).collect()
    })
}
