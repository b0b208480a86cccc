//! `headwater status --sync`: how synchronizations stand.

use std::{collections::BTreeMap, time::Duration};

use futures::{StreamExt, stream};

use super::{Failure, OutputFormat, Printer, operation};
use crate::{
    model::{Name, StatusMessage},
    net::AgentClient,
    observe::AT_ONCE,
    role::controller::{Controller, ControllerError},
    view::{
        SynchronizationReport, SynchronizationStatus, synchronization_json, synchronization_line,
        synchronization_line_json, synchronization_text,
    },
};

/// How often points are asked.
const EVERY: Duration = Duration::from_secs(1);

/// Shows it once, or until nothing goes on any more.
pub(super) async fn show(
    controller: &Controller,
    remote: &BTreeMap<Name, String>,
    follow: bool,
    output: OutputFormat,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let mut said = BTreeMap::new();
    loop {
        let report = look(controller, remote).await.map_err(operation)?;
        if !follow || !report.is_under_way() {
            let text = match output {
                OutputFormat::Json if follow => synchronization_line_json(&report),
                OutputFormat::Json => synchronization_json(&report),
                OutputFormat::Text => synchronization_text(&report),
            };
            printer.result(&text)?;
            return Ok(());
        }
        match output {
            OutputFormat::Json => printer.result(&synchronization_line_json(&report))?,
            OutputFormat::Text => {
                for status in report.update_points.iter().filter(|it| it.point.progress.is_some()) {
                    let line = synchronization_line(status) + "\n";
                    // What stands still need not be said again.
                    if said.insert(status.point.name.clone(), line.clone()).as_ref() != Some(&line)
                    {
                        printer.result(&line)?;
                    }
                }
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn look(
    controller: &Controller,
    remote: &BTreeMap<Name, String>,
) -> Result<SynchronizationReport, ControllerError> {
    let agents = controller.agents(remote).await?.all();
    let mut messages = Vec::new();
    let mut points = Vec::new();
    let asked =
        stream::iter(&agents).map(|(name, agent)| async move { (name, answers(agent).await) });
    // In the order of the site systems, so that nothing moves from one look to the next.
    let mut asked = asked.buffered(AT_ONCE);
    while let Some((name, answers)) = asked.next().await {
        match answers {
            Ok((told, point)) => {
                messages.extend(told);
                points.extend(point);
            }
            Err(error) => tracing::warn!(
                %name, error = crate::error_text::with_causes(&error), "a site system does not answer"
            ),
        }
    }
    let of_point = |name: &Name| {
        let about = messages.iter().filter(|it: &&StatusMessage| it.subject == name.as_str());
        about.max_by_key(|it| it.at)
    };
    let status = |point: crate::model::PointSynchronization| {
        let message = of_point(&point.name);
        SynchronizationStatus::of(point, message)
    };
    Ok(SynchronizationReport::of(points.into_iter().map(status).collect()))
}

type Answers = (Vec<StatusMessage>, Option<crate::model::PointSynchronization>);

async fn answers(agent: &AgentClient) -> Result<Answers, crate::net::AgentError> {
    let state = agent.state().await?;
    let server = state.and_then(|state| state.site_server);
    let messages = server.map(|server| server.status_messages).unwrap_or_default();
    Ok((messages, agent.synchronizations().await?))
}
