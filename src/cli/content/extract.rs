//! `headwater content extract`: the packages of a file into a distribution point.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{
    super::{
        ExitCode, Failure, OutputFormat, Printer, asked::Asking, carrying::body, files::unusable,
        operation, working::bar,
    },
    Asked, ask, with_point,
};
use crate::{
    clock,
    error_text::with_causes,
    model::{Name, PackageId, StatusMessage, StatusMessageId},
    role::controller::Purpose,
    view::{Carried, extracted_text, prestaged_json},
    wire::agent::AgentCommand,
};

/// What `headwater content extract` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 the packages are on the distribution point; 1 the file is damaged or \
                  cut off, or the point cannot take it; 2 the command line is wrong or the file \
                  cannot be read\n\n\
                  Example: headwater content extract lisbon.content --point lis-dp"
)]
pub(super) struct Arguments {
    /// What `headwater content export` has written.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The distribution point.
    #[arg(long, value_name = "NAME")]
    point: Name,
    #[command(flatten)]
    asking: Asking,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    // What the points are pulling is no affair of this command.
    let (session, asked) =
        ask(data, &arguments.asking.manifests, Purpose::Exactly, printer).await?;
    let extracted = extract(arguments, &asked).await;
    session.close().await;
    let extracted = extracted?;
    printer.result(&match arguments.asking.output {
        OutputFormat::Text => extracted_text(&extracted, &arguments.point),
        OutputFormat::Json => prestaged_json(&extracted),
    })?;
    Ok(ExitCode::Success)
}

async fn extract(arguments: &Arguments, asked: &[Asked]) -> Result<Carried, Failure> {
    let Arguments { file: path, point, .. } = arguments;
    let unreadable = |error| unusable("read", path, error);
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let bytes = file.metadata().await.map_err(unreadable)?.len();
    let at = with_point(asked, point).ok_or_else(|| {
        operation(anyhow::anyhow!(
            "there is no distribution point `{point}`: `headwater apply` makes what the manifests \
             declare, and `headwater status` shows what there is"
        ))
    })?;
    let agent = at.sender();
    let bar = bar(bytes);
    let packages = agent.extract(body(file, &bar)).await.map_err(|error| {
        operation(anyhow::Error::from(error).context(format!("`{}` was not taken", path.display())))
    })?;
    bar.finish_and_clear();
    record(point, at, asked, packages.keys()).await;
    let file = path.display().to_string();
    Ok(Carried { file, bytes, site_system: at.name.clone(), packages })
}

/// Leaves the status messages of the site (PDP-14), where its site server can be asked: the packages
/// are there in any case.
async fn record(
    point: &Name,
    at: &Asked,
    asked: &[Asked],
    packages: impl Iterator<Item = &PackageId>,
) {
    let site = &at.state.settings.site;
    let is_it = |it: &&Asked| it.state.site_server.is_some() && it.state.settings.site == *site;
    let Some(server) = asked.iter().find(is_it) else { return };
    let message = |package: &PackageId| StatusMessage {
        id: StatusMessageId::ContentOnDistributionPoint,
        at: clock::now(),
        site: site.clone(),
        subject: point.to_string(),
        text: format!("package {package} is on the distribution point: prestaged content"),
    };
    let command = AgentCommand::RecordStatusMessages(packages.map(message).collect());
    if let Err(error) = server.agent.command(&command, |_| {}).await {
        tracing::warn!(%site, error = %with_causes(&error), "status messages are lost");
    }
}
