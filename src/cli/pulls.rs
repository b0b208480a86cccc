//! `headwater pulls`: the transfers that are under way.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;

use super::{ExitCode, Failure, OutputFormat, Printer, operation, pulls_display::Display, sources};
use crate::{
    clock,
    model::Name,
    observe::{Agents, Transfers, observe_transfers},
    role::controller::{Controller, Purpose, Session},
    view::{
        ContentState, Placement, PullsShown, plain, pull_line_json, pulls_text, transfers_under_way,
    },
    wire::agent::{AgentCommand, AgentOutcome},
};

/// How often the distribution points are asked.
const EVERY: Duration = Duration::from_secs(1);

/// What `headwater pulls` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 shown or, with --follow, nothing is under way any more; 1 the \
                  hierarchy cannot be reached; 2 the command line is wrong or a file cannot be \
                  read. Ctrl-C ends it as any other program\n\n\
                  Examples:\n  headwater pulls --follow\n  \
                  headwater pulls --follow --output json | jq -r .transfer.state"
)]
pub struct Arguments {
    /// Manifests that declare site systems with `placement: Remote`.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Go on until nothing is under way any more: bars on a terminal; otherwise a line for every
    /// change, and every few seconds one for each transfer that moves.
    #[arg(long)]
    follow: bool,
    /// How transfers are printed; JSON has one of them on each line.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let remote = sources::remote_agents(&arguments.paths, printer)?;
    let session = Session::open(data, Purpose::Look).await.map_err(operation)?;
    let controller = Controller::new(session).map_err(operation)?;
    let watch = Watch { controller: &controller, remote: &remote };
    let shown = if arguments.follow {
        follow(&watch, arguments.output, printer).await
    } else {
        once(&watch, arguments.output, printer).await
    };
    controller.close().await;
    shown.map(|()| ExitCode::Success)
}

/// Where transfers are looked at.
struct Watch<'a> {
    controller: &'a Controller,
    remote: &'a BTreeMap<Name, String>,
}

/// What one look has found.
struct Found {
    agents: Agents,
    transfers: Vec<Placement>,
    answers: Transfers,
}

impl Watch<'_> {
    async fn look(&self) -> Result<Found, Failure> {
        let agents = self.controller.agents(self.remote).await.map_err(operation)?;
        let answers = observe_transfers(&agents).await;
        // Where nobody else hosts the hierarchy, no job goes on by itself.
        let notes = if self.controller.session().hosts() {
            Vec::new()
        } else {
            self.controller.journal().transfers().map_err(operation)?
        };
        let reports = answers.reports.iter().map(|(_, report)| report);
        let transfers = transfers_under_way(reports, &notes);
        Ok(Found { agents, transfers, answers })
    }
}

async fn once(
    watch: &Watch<'_>,
    output: OutputFormat,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let found = watch.look().await?;
    for (system, why) in &found.answers.unknown {
        printer.message(&unanswered(system, why))?;
    }
    let now = clock::now();
    printer.result(&match output {
        OutputFormat::Text => pulls_text(&found.transfers, now),
        OutputFormat::Json => {
            found.transfers.into_iter().map(|transfer| pull_line_json(transfer, now)).collect()
        }
    })?;
    Ok(())
}

async fn follow(
    watch: &Watch<'_>,
    output: OutputFormat,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let mut display = Display::new(output);
    let mut shown = PullsShown::default();
    // The site system of each distribution point, as it was seen last.
    let mut systems: BTreeMap<Name, Name> = BTreeMap::new();
    let mut warned: BTreeSet<Name> = BTreeSet::new();
    loop {
        let Found { agents, mut transfers, answers } = watch.look().await?;
        for (system, report) in &answers.reports {
            systems.insert(report.name.clone(), system.clone());
            warned.remove(system);
        }
        for (system, why) in &answers.unknown {
            if warned.insert(system.clone()) {
                display.message(&unanswered(system, why), printer)?;
            }
            // Unknown is not gone.
            let points = systems.iter().filter(|(_, on)| *on == system);
            let before = points.flat_map(|(point, _)| shown.of_point(point)).cloned();
            let reason = Some(format!("its site system cannot be asked: {why}"));
            transfers.extend(before.map(|before| Placement {
                state: ContentState::Unknown,
                rate: None,
                seconds_left: None,
                reason: reason.clone(),
                ..before
            }));
        }
        let now = clock::now();
        let mut news = shown.news(&transfers, now);
        for gone in shown.gone(&transfers) {
            news.push(ended(gone, &systems, &agents).await);
        }
        display.show(&transfers, news, now, printer)?;
        if transfers.is_empty() {
            display.end(printer)?;
            return Ok(());
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// How a transfer ended that is not under way any more.
async fn ended(before: Placement, systems: &BTreeMap<Name, Name>, agents: &Agents) -> Placement {
    let agent = systems.get(&before.distribution_point).and_then(|it| agents.get(it).ok());
    let command = AgentCommand::FollowPull { package: before.package.clone() };
    let ended = match &agent {
        // Without a transfer it answers at once.
        Some(agent) => agent.command(&command, |_| {}).await.map_err(|error| error.to_string()),
        None => Err("its site system is not there any more".to_owned()),
    };
    let row = Placement {
        rate: None,
        seconds_left: None,
        source: None,
        next_try: None,
        since: None,
        reason: None,
        ..before
    };
    match ended {
        Ok(AgentOutcome::Package(package)) => Placement {
            state: ContentState::Available,
            version: package.version,
            bytes_done: Some(package.bytes),
            bytes_total: Some(package.bytes),
            ..row
        },
        Ok(_) => Placement { state: ContentState::Missing, ..row },
        Err(why) => Placement { state: ContentState::Missing, reason: Some(why), ..row },
    }
}

fn unanswered(system: &Name, why: &str) -> String {
    format!("warning: `{system}` cannot be asked: {}\n", plain(why))
}
