//! `headwater status`: the state of the hierarchy.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{
    ExitCode, Failure, OutputFormat, Printer,
    cluster::ClusterArguments,
    cluster_status::{ClusterStatus, What},
    operation, sources, sync_status,
};
use crate::{
    clock,
    model::{Declared, Hierarchy, Name, SiteCode},
    notify::MemoryFile,
    operator::ClusterChoice,
    role::controller::{Controller, InForceFile, Purpose, Session, failed_before},
    store::{LastRun, StoreError},
    view::{
        ContentFilter, ContentInputs, ContentReport, FailedAction, LastRunSummary, MessagesReport,
        NextTry, NotificationStatus, PackageWord, StatusReport, content_json, content_text,
        held_by_text, in_force_text, last_run_text, messages_json, messages_text, next_tries_text,
        notifications_text, status_json, status_text, to_approve_line,
    },
};

/// What `headwater status` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 shown, whatever the state is; 1 the hierarchy cannot be reached; 2 \
                  the command line is wrong or a file cannot be read\n\n\
                  Examples:\n  headwater status --output json\n  \
                  headwater status --content --site AMS examples/contoso\n  \
                  headwater status --sync --follow\n  \
                  headwater status --messages --point ams-dp2"
)]
pub struct Arguments {
    /// Manifests: they declare site systems with `placement: Remote`, and with --content they say
    /// what is missing or not wanted.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Show how each package stands at each distribution point: what is available is counted, and
    /// everything else listed with its progress, its time and its reason.
    #[arg(long, group = "detail")]
    content: bool,
    /// Show the newest status messages that the site servers keep: what happened, when, to what.
    #[arg(long, group = "detail", conflicts_with = "content")]
    messages: bool,
    #[command(flatten)]
    synchronizations: Synchronizations,
    #[command(flatten)]
    shown: Shown,
    #[command(flatten)]
    cluster: ClusterArguments,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
}

/// Whether synchronizations are shown, and for how long.
#[derive(Debug, Clone, Args)]
struct Synchronizations {
    /// Show how the synchronization of each update point stands: how far, how fast, when it will be done,
    /// what is waited for; its last runs with their counts; and what was set aside, and why.
    #[arg(long, conflicts_with = "detail")]
    sync: bool,
    /// Go on until no synchronization is under way any more: a line for every change.
    #[arg(long, requires = "sync")]
    follow: bool,
}

/// Which placements are shown.
#[derive(Debug, Clone, Args)]
pub(super) struct Shown {
    /// List what is available too.
    #[arg(long, requires = "content")]
    all: bool,
    /// Show only this package, by its ID or, with --content, the name of its document; may be given
    /// several times.
    #[arg(long, value_name = "PACKAGE", requires = "detail")]
    package: Vec<PackageWord>,
    /// Show only this distribution point; may be given several times.
    #[arg(long, value_name = "NAME", requires = "detail")]
    point: Vec<Name>,
    /// Show only what belongs to this site; may be given several times.
    #[arg(long, value_name = "CODE", requires = "detail")]
    site: Vec<SiteCode>,
}

impl Shown {
    /// The same, for views.
    pub(super) fn filter(&self) -> ContentFilter {
        ContentFilter {
            packages: self.package.clone(),
            points: self.point.clone(),
            sites: self.site.clone(),
            all: self.all,
        }
    }
}

pub(super) async fn run(
    arguments: &Arguments,
    data: &Path,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    let hierarchy = if arguments.paths.is_empty() {
        None
    } else {
        Some(sources::load_hierarchy(&arguments.paths, printer)?.0)
    };
    if let Some(choice) = arguments.cluster.choice() {
        return in_cluster(arguments, &choice, hierarchy.as_ref(), printer).await;
    }
    let nothing = Hierarchy::resolve(&Declared::default()).map_err(operation)?;
    let session = Session::open(data, Purpose::Look).await.map_err(operation)?;
    let controller = Controller::new(session).map_err(operation)?;
    if arguments.synchronizations.sync {
        let remote = hierarchy.as_ref().map(Hierarchy::remote_agents).unwrap_or_default();
        let (follow, output) = (arguments.synchronizations.follow, arguments.output);
        let shown = sync_status::show(&controller, &remote, follow, output, printer).await;
        controller.close().await;
        return shown.map(|()| ExitCode::Success);
    }
    let observed = controller.observe(hierarchy.as_ref().unwrap_or(&nothing)).await;
    let last = controller.journal().last_run();
    let transfers = controller.journal().transfers();
    let under_way = controller.session().data().is_reconciling();
    let manifests = InForceFile::of(controller.session().data()).read();
    let session = controller.session();
    // Who asks is nobody to tell of.
    let held = if session.hosts() { Ok(None) } else { session.data().held_by() };
    let told = MemoryFile(&session.data().notifications()).read();
    let approvals = controller.approval_files().read();
    let next_tries = next_tries(&controller);
    controller.close().await;
    let (observed, last) = (observed.map_err(operation)?.0, last.map_err(operation)?);
    let text = if arguments.content {
        let transfers = transfers.map_err(operation)?;
        let hierarchy = hierarchy.as_ref();
        let now = clock::now();
        let inputs = ContentInputs { observed: &observed, hierarchy, transfers: &transfers, now };
        let filter = arguments.shown.filter();
        filter.check(&inputs).map_err(|error| Failure::new(ExitCode::Usage, error))?;
        let report = ContentReport::of(inputs, &filter);
        match arguments.output {
            OutputFormat::Json => content_json(&report),
            OutputFormat::Text => content_text(&report),
        }
    } else if arguments.messages {
        let report = MessagesReport::of(&observed, &arguments.shown.filter());
        match arguments.output {
            OutputFormat::Json => messages_json(&report),
            OutputFormat::Text => messages_text(&report),
        }
    } else {
        let under_way = under_way.map_err(operation)?;
        let mut report = StatusReport::of(&observed);
        report.manifests = manifests.map_err(operation)?;
        report.held_by = held.map_err(operation)?.filter(|it| it.holder.stays);
        report.notifications = NotificationStatus::all(&told.map_err(operation)?);
        report.last_run = last.map(|last| last_run(last, under_way));
        report.next_tries = next_tries.map_err(operation)?;
        report.to_approve = approvals.map_err(operation)?.waiting;
        match arguments.output {
            OutputFormat::Json => status_json(&report),
            OutputFormat::Text => {
                let manifests = report.manifests.as_ref().map(in_force_text).unwrap_or_default();
                let last_run = last_run_text(report.last_run.as_ref());
                let held = report.held_by.as_ref();
                let held = held.map(|it| held_by_text(it, clock::now())).unwrap_or_default();
                let told = notifications_text(&report.notifications);
                let next_tries = next_tries_text(&report.next_tries);
                let waiting = report.to_approve.as_ref();
                let waiting = waiting.map(|it| format!("waits for {}\n", to_approve_line(it)));
                let waiting = waiting.unwrap_or_default();
                let text = status_text(&report);
                format!("{text}\n{last_run}{next_tries}{waiting}{held}{manifests}{told}")
            }
        }
    };
    printer.result(&text)?;
    Ok(ExitCode::Success)
}

/// What the operator of a cluster tells.
async fn in_cluster(
    arguments: &Arguments,
    choice: &ClusterChoice,
    hierarchy: Option<&Hierarchy>,
    printer: &mut Printer,
) -> Result<ExitCode, Failure> {
    if arguments.synchronizations.sync {
        let why =
            anyhow::anyhow!("`--sync` asks the agents, which only the operator may: leave it out");
        return Err(Failure::new(ExitCode::Usage, why));
    }
    let what = match (arguments.content, arguments.messages) {
        (true, _) => What::Content(hierarchy),
        (_, true) => What::Messages,
        _ => What::Objects,
    };
    let asked = ClusterStatus { choice, everywhere: false, what, output: arguments.output };
    asked.show(&arguments.shown.filter(), printer).await
}

/// When what failed is tried again by whoever keeps the hierarchy.
fn next_tries(controller: &Controller) -> Result<Vec<NextTry>, StoreError> {
    let journal = controller.journal();
    let Some(manifests) = journal.last_manifest_digest()? else { return Ok(Vec::new()) };
    let now = clock::now();
    let failed = failed_before(journal, manifests)?;
    let waiting = failed.all().filter(|(_, it)| now < it.due);
    let tries = waiting.map(|(id, it)| NextTry {
        action: id.to_owned(),
        failed: it.failed,
        at: it.due,
        why: it.why.clone(),
    });
    Ok(tries.collect())
}

fn last_run(last: LastRun, under_way: bool) -> LastRunSummary {
    let LastRun { started_at, finished_at, converged, failures } = last;
    let failures = failures.into_iter().map(|(action, detail)| FailedAction { action, detail });
    LastRunSummary {
        started_at,
        finished_at,
        under_way: under_way && finished_at.is_none(),
        converged,
        failures: failures.collect(),
    }
}
