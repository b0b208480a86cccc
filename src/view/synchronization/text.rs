//! What is shown of synchronizations, for people.

use comfy_table::{Cell, CellAlignment};

use super::{SynchronizationPhase, SynchronizationReport, SynchronizationStatus};
use crate::{
    model::SynchronizationRun,
    view::{
        content::span,
        plain::{add, counted, plain},
        table::{lines, table},
    },
};

/// How synchronizations stand: what each point is doing, then its last runs, then what was set aside.
pub fn synchronization_text(report: &SynchronizationReport) -> String {
    if report.update_points.is_empty() {
        return "There is no software update point yet.\n".to_owned();
    }
    let mut text = String::new();
    for status in &report.update_points {
        add(&mut text, format_args!("{}\n", synchronization_line(status)));
        if !status.point.runs.is_empty() {
            let header = ["BEGAN", "TOOK", "NEW", "CHANGED", "EXPIRED", "SET ASIDE", "OUTCOME"];
            let mut rows = table(&header, &[2, 3, 4, 5]);
            for run in &status.point.runs {
                rows.add_row(row(run));
            }
            for line in lines(&rows).lines() {
                add(&mut text, format_args!("  {line}\n"));
            }
        }
        for aside in &status.point.set_aside {
            let reason = plain(&aside.reason);
            add(&mut text, format_args!("  set aside: {}: {reason}\n", aside.identity));
        }
        text.push('\n');
    }
    text.pop();
    text
}

fn row(run: &SynchronizationRun) -> Vec<Cell> {
    let took = run.finished_at.duration_since(run.began_at).as_secs().unsigned_abs();
    let outcome = match &run.failed {
        Some(why) => format!("failed: {}", plain(why)),
        None => "done".to_owned(),
    };
    let counts = &run.counts;
    let number = |it: u64| Cell::new(it).set_alignment(CellAlignment::Right);
    vec![
        Cell::new(run.began_at.strftime("%F %TZ")),
        Cell::new(span(took)),
        number(counts.new),
        number(counts.changed),
        number(counts.expired),
        number(counts.set_aside),
        Cell::new(outcome),
    ]
}

/// How the synchronization of a point stands, in one line.
pub fn synchronization_line(status: &SynchronizationStatus) -> String {
    let point = &status.point;
    let mut line = format!("{} {}: ", point.site, point.name);
    let phase = match status.phase {
        SynchronizationPhase::Idle => "nothing to do",
        SynchronizationPhase::UpdateServices => "the update services synchronize",
        SynchronizationPhase::SiteDatabase => "changed metadata enters the site database",
        SynchronizationPhase::InternetBased => "the Internet-based point synchronizes",
        SynchronizationPhase::Failed => "failed",
    };
    line += phase;
    if let Some(progress) = &point.progress {
        add(&mut line, format_args!(", {} of {} updates", progress.done, progress.total));
        if progress.rate > 0 {
            add(&mut line, format_args!(", {}/s", progress.rate));
        }
        if let Some(seconds) = status.seconds_left {
            add(&mut line, format_args!(", {} left", span(seconds)));
        }
        if let Some(waits) = &progress.waits {
            let (until, why) = (waits.until.strftime("%TZ"), plain(&waits.why));
            add(&mut line, format_args!("; waits until {until}: {why}"));
        }
    }
    if let Some(at) = status.retry_at {
        add(&mut line, format_args!(", tried again at {}", at.strftime("%F %TZ")));
    }
    if !point.set_aside.is_empty() {
        let updates = counted(point.set_aside.len(), "update");
        add(&mut line, format_args!("; {updates} set aside"));
    }
    line
}
