//! `headwater content validate`: hashes content again, says what is damaged, and repairs it.

use std::{collections::BTreeSet, path::Path};

use clap::Args;

use super::{
    super::{ExitCode, Failure, OutputFormat, Printer, asked::Asking, operation, working::Working},
    Asked, ask, package_id, packages,
    repair::Repairing,
    with_point,
};
use crate::{
    clock,
    model::{Name, PackageId, RunCause, RunCommand, ValidationFindings},
    plan::ActionKind,
    role::controller::{Purpose, Session},
    store::Journal,
    view::{ValidatedLibrary, ValidationReport, validation_json, validation_text},
    wire::agent::{AgentCommand, AgentOutcome, ContentLibrary},
};

/// What `headwater content validate` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 everything is as it should be, or with --repair is so again; 1 \
                  something is damaged or missing, or the site system cannot be reached; 2 the \
                  command line is wrong or a file cannot be read\n\n\
                  Examples:\n  headwater content validate lis-dp\n  \
                  headwater content validate cen-srv --package CEN00001 --repair"
)]
pub(super) struct Arguments {
    /// The distribution point, or the site server for the content that its packages were taken into.
    #[arg(value_name = "POINT")]
    name: Name,
    /// Validate this package only, by its ID or by the name of its document; may be given several
    /// times.
    #[arg(long, value_name = "PACKAGE")]
    package: Vec<String>,
    /// Fetch again what is damaged or missing: of large files only the pieces that are.
    #[arg(long)]
    repair: bool,
    /// Hash at most so many megabytes (1,000,000 bytes) a second; otherwise as fast as it goes.
    #[arg(long, value_name = "MEGABYTES", value_parser = clap::value_parser!(u32).range(1..))]
    rate_limit: Option<u32>,
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
    let validated = validate(arguments, &session, &asked).await;
    session.close().await;
    let report = validated?;
    printer.result(&match arguments.asking.output {
        OutputFormat::Text => validation_text(&report),
        OutputFormat::Json => validation_json(&report),
    })?;
    Ok(if report.is_whole() { ExitCode::Success } else { ExitCode::Failure })
}

/// A library that the name means.
struct Target<'a> {
    at: &'a Asked,
    library: ContentLibrary,
}

async fn validate(
    arguments: &Arguments,
    session: &Session,
    asked: &[Asked],
) -> Result<ValidationReport, Failure> {
    let name = &arguments.name;
    let targets = targets(name, asked);
    if targets.is_empty() {
        return Err(operation(anyhow::anyhow!(
            "there is neither a distribution point nor a site server `{name}`: `headwater status` \
             shows what there is"
        )));
    }
    // What somebody asks for by name has to be there before anything is hashed.
    let chosen = chosen(arguments, &targets, asked)?;
    let journal = Journal::open(&session.data().journal()).map_err(operation)?;
    let cause = RunCause::person(RunCommand::ValidateContent);
    let run = journal.begin_command(&cause, clock::now()).map_err(operation)?;
    let mut libraries = Vec::new();
    let mut failed = None;
    for target in &targets {
        let packages: BTreeSet<_> = chosen.iter().filter(|id| target.holds(id)).cloned().collect();
        // A name may mean two libraries, of which one has nothing of what was asked for.
        if packages.is_empty() && !chosen.is_empty() {
            continue;
        }
        let id = format!("{}:{}", ActionKind::ValidateContent, target.name());
        journal.begin_action(run, &id, clock::now()).map_err(operation)?;
        let validated = target.validate(arguments, packages, asked).await;
        let (outcome, detail) = match &validated {
            Ok(it) => ("done", summary(&it.findings)),
            Err(failure) => ("failed", failure.to_string()),
        };
        journal.finish_action(run, &id, outcome, &detail, clock::now()).map_err(operation)?;
        match validated {
            Ok(library) => libraries.push(library),
            Err(failure) => {
                failed = Some(failure);
                break;
            }
        }
    }
    let report = ValidationReport::of(libraries);
    let whole = failed.is_none() && report.is_whole();
    journal.finish(run, whole, clock::now()).map_err(operation)?;
    failed.map_or(Ok(report), Err)
}

fn summary(findings: &ValidationFindings) -> String {
    let ValidationFindings { files, bytes, damaged, missing, .. } = findings;
    format!("{files} files, {bytes} bytes: {damaged} damaged, {missing} missing")
}

/// The libraries that a name means: that of a distribution point, of a site server, or of both.
fn targets<'a>(name: &Name, asked: &'a [Asked]) -> Vec<Target<'a>> {
    let server = |it: &&Asked| it.state.site_server.is_some() && it.name == *name;
    let point = with_point(asked, name).map(|at| (at, ContentLibrary::DistributionPoint));
    let server = asked.iter().find(server).map(|at| (at, ContentLibrary::SiteServer));
    [point, server].into_iter().flatten().map(|(at, library)| Target { at, library }).collect()
}

/// The packages that were asked for, by their IDs, each of which some library has; none for all.
fn chosen(
    arguments: &Arguments,
    targets: &[Target<'_>],
    asked: &[Asked],
) -> Result<BTreeSet<PackageId>, Failure> {
    let servers = || asked.iter().filter_map(|it| it.state.site_server.as_ref());
    let id = |text: &String| {
        let id = package_id(text, servers());
        id.filter(|id| targets.iter().any(|it| it.holds(id))).ok_or_else(|| {
            operation(anyhow::anyhow!(
                "`{}` has no package `{text}`: package IDs are such as CEN00001, and `headwater \
                 status --content --all` shows what is where",
                arguments.name
            ))
        })
    };
    arguments.package.iter().map(id).collect()
}

impl Target<'_> {
    /// The resource, as actions name it.
    fn name(&self) -> String {
        match self.point() {
            Some(point) => format!("DistributionPoint/{point}"),
            None => format!("SiteSystem/{}", self.at.name),
        }
    }

    fn point(&self) -> Option<&Name> {
        let point = self.at.state.distribution_point.as_ref().map(|point| &point.name);
        point.filter(|_| self.library == ContentLibrary::DistributionPoint)
    }

    fn holds(&self, package: &PackageId) -> bool {
        packages(&self.at.state, self.library).is_some_and(|it| it.contains_key(package))
    }

    async fn validate(
        &self,
        arguments: &Arguments,
        packages: BTreeSet<PackageId>,
        asked: &[Asked],
    ) -> Result<ValidatedLibrary, Failure> {
        let bytes_per_second = arguments.rate_limit.map(|it| u64::from(it) * 1_000_000);
        let (library, only) = (self.library, packages.clone());
        let command = AgentCommand::ValidateContent { library, packages, bytes_per_second };
        let mut working = Working::on(format!("validating `{}`", arguments.name));
        let answered = self.at.agent.command(&command, |event| working.show(event)).await;
        drop(working);
        let AgentOutcome::Validated(findings) = answered.map_err(operation)? else {
            return Err(operation(anyhow::anyhow!(
                "the agent of `{}` answered something else than what it found",
                self.at.name
            )));
        };
        let mut repairs = Vec::new();
        if arguments.repair && !findings.is_whole() {
            let repairing = Repairing { at: self.at, library, asked };
            repairs = repairing.repair(&only).await?;
        }
        let (site_system, distribution_point) = (self.at.name.clone(), self.point().cloned());
        Ok(ValidatedLibrary { site_system, distribution_point, findings, repairs })
    }
}
