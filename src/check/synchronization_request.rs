//! SYNC-2: when a synchronization starts, and where.

use super::{
    Problem, Rule, Severity,
    declaration::Declaration,
    document::{Document, OfKind},
    import::instead,
    linked::UpdatePoint,
    schedules::{wrong_cron, wrong_time_zone},
    top_level_settings::is_below,
};
use crate::model::{
    FieldPath, SYNC_REQUESTED_AT, Schedule, SiteSpec, SourceType, SynchronizationOrder,
};

pub(super) const RULE: Rule = Rule {
    id: "SYNC-2",
    severity: Severity::Error,
    summary: "a synchronization starts by schedule, or by hand with a new time, and only at the \
              top: children start when their parent asks them to",
    why: "A word such as `now` would mean something else every time it is read, so it could not be \
          told whether the request was carried out already.",
    wrong: "\
kind: SoftwareUpdatePoint
metadata:
  name: cen-active
  annotations: {headwater.dev/sync-requested-at: now}
",
    right: "\
kind: SoftwareUpdatePoint
metadata:
  name: cen-active
  annotations: {headwater.dev/sync-requested-at: \"2026-12-01T02:00:00Z\"}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    macro_rules! every {
        ($($list:ident),*) => {$(
            for it in &declaration.$list {
                problems.extend(elsewhere(declaration, it.document));
            }
        )*};
    }
    every!(sites, site_systems, distribution_points, groups, packages);
    problems
        .extend(declaration.sites.iter().filter_map(|site| pipelined_at_the_top(site.document)));
    for document in declaration.port_settings.iter() {
        problems.extend(elsewhere(declaration, document));
    }
    for document in declaration.windows.iter() {
        problems.extend(elsewhere(declaration, document));
    }
    for point in &declaration.update_points {
        problems.extend(request(declaration, point));
        if let Some(schedule) = &point.document.spec().schedule {
            problems.extend(schedule_of(point, schedule));
        }
    }
}

/// A site that shall take updates from the one above it, and has none.
fn pipelined_at_the_top(site: Document<'_, SiteSpec>) -> Option<Problem> {
    let spec = site.spec();
    if spec.parent.is_some() || spec.synchronization != SynchronizationOrder::Pipelined {
        return None;
    }
    let message = format!(
        "`{}` is the top of the hierarchy: there is no site above it that updates flow from",
        site.name
    );
    let problem = site.value(&RULE, "spec.synchronization", message).warning();
    Some(problem.help("remove `synchronization`, or write it at the sites below"))
}

fn path() -> FieldPath {
    FieldPath::new("metadata.annotations").literal_key(SYNC_REQUESTED_AT)
}

/// A request at something that is no software update point.
fn elsewhere<Spec: OfKind>(
    declaration: &Declaration<'_>,
    document: Document<'_, Spec>,
) -> Option<Problem> {
    document.resource.metadata.annotations.get(SYNC_REQUESTED_AT)?;
    let message = format!("a {} is not synchronized: nothing is done", Spec::KIND.words());
    Some(at_the_top(declaration, document.key(&RULE, path(), message).warning()))
}

fn at_the_top(declaration: &Declaration<'_>, problem: Problem) -> Problem {
    match declaration.top_point() {
        Some(top) => problem
            .related(top.document.place("metadata.name"), "the top-level point")
            .help(format!("write it in `{}`", top.document.name)),
        None => problem.help("remove it"),
    }
}

fn request(declaration: &Declaration<'_>, point: &UpdatePoint<'_>) -> Option<Problem> {
    let document = point.document;
    let value = document.resource.metadata.annotations.get(SYNC_REQUESTED_AT)?;
    if value.parse::<jiff::Timestamp>().is_err() {
        let message = format!("annotation `{SYNC_REQUESTED_AT}` cannot be `{value}`");
        let help = "write a time, such as `2026-12-01T02:00:00Z`";
        return Some(document.value(&RULE, path(), message).help(help));
    }
    if is_below(declaration, point)? {
        let message = format!(
            "`{}` synchronizes when its upstream asks it to, and not by hand: nothing is done",
            document.name
        );
        return Some(at_the_top(declaration, document.key(&RULE, path(), message).warning()));
    }
    let source = document.spec().source.as_ref()?.r#type;
    if !matches!(source, SourceType::Import | SourceType::None) {
        return None;
    }
    let message = format!("with source `{source:?}` nothing is synchronized by hand");
    Some(
        document
            .key(&RULE, path(), message)
            .warning()
            .related(document.place("spec.source.type"), "the source")
            .help(instead(source)),
    )
}

fn schedule_of(point: &UpdatePoint<'_>, schedule: &Schedule) -> Option<Problem> {
    let document = point.document;
    if schedule.every.is_some_and(|every| every.as_seconds() == 0) {
        let message = "every 0 seconds is never";
        let help = "write a span of time, such as `every: 1d`";
        return Some(document.value(&RULE, "spec.schedule.every", message).warning().help(help));
    }
    if let Some((message, help)) = schedule.time_zone.as_deref().and_then(wrong_time_zone) {
        return Some(document.value(&RULE, "spec.schedule.timeZone", message).help(help));
    }
    let (message, help) = wrong_cron(schedule.cron.as_ref()?)?;
    Some(document.value(&RULE, "spec.schedule.cron", message).help(help))
}
