//! SYNC-2 and SCHEMA: the annotations that Headwater reads.

use super::{
    Problem, Rule, SCHEMA, Severity, closest,
    documents::{Documents, Subject, in_order},
};
use crate::model::{FieldPath, Kind, Metadata, PRUNE, SUSPEND, SYNC_REQUESTED_AT};

/// What every annotation of Headwater begins with; others belong to others.
const PREFIX: &str = "headwater.dev/";

pub(super) const SYNC_2: Rule = Rule {
    id: "SYNC-2",
    severity: Severity::Error,
    summary: "a synchronization is requested by a time: each new time is one request",
    why: "A word such as `now` would mean something else every time it is read, so it could not be \
          told whether the request was carried out already.",
    example: "metadata:\n  annotations: {headwater.dev/sync-requested-at: now}",
};

pub(super) fn check(documents: &Documents<'_>, problems: &mut Vec<Problem>) {
    macro_rules! every {
        ($($field:ident: $kind:ident),*) => {$(
            for (name, resource) in in_order(&documents.declared.$field) {
                let subject = Subject::new(Kind::$kind, name, resource);
                annotations(subject, &resource.metadata, problems);
            }
        )*};
    }
    every!(
        sites: Site,
        site_systems: SiteSystem,
        port_settings: PortSettings,
        software_update_points: SoftwareUpdatePoint,
        distribution_points: DistributionPoint,
        distribution_point_groups: DistributionPointGroup,
        packages: Package
    );
}

fn annotations(subject: Subject<'_>, metadata: &Metadata, problems: &mut Vec<Problem>) {
    for (key, value) in &metadata.annotations {
        let Some(short) = key.strip_prefix(PREFIX) else { continue };
        let path = FieldPath::new("metadata.annotations").literal_key(key);
        let wrong = |rule: &Rule, help: &str| {
            let message = format!("annotation `{key}` cannot be `{value}`");
            subject.value(rule, path.clone(), message).help(help)
        };
        match key.as_str() {
            SUSPEND if value != "true" && value != "false" => {
                problems.push(wrong(&SCHEMA, "write `\"true\"` or `\"false\"`, in quotes"));
            }
            PRUNE if value != "disabled" && value != "enabled" => {
                problems.push(wrong(&SCHEMA, "write `disabled` or `enabled`"));
            }
            SYNC_REQUESTED_AT if value.parse::<jiff::Timestamp>().is_err() => {
                problems.push(wrong(&SYNC_2, "write a time, such as `2026-12-01T02:00:00Z`"));
            }
            SUSPEND | PRUNE | SYNC_REQUESTED_AT => {}
            _ => {
                let message = format!("annotation `{key}` is not known");
                let known = [SUSPEND, PRUNE, SYNC_REQUESTED_AT];
                let similar =
                    closest(short, known.iter().filter_map(|known| known.strip_prefix(PREFIX)));
                let mut problem = subject.key(&SCHEMA, path, message);
                problem.severity = Severity::Warning;
                problems.push(match similar {
                    Some(similar) => problem.help(format!("did you mean `{PREFIX}{similar}`?")),
                    None => problem.help(format!("known ones: `{}`", known.join("`, `"))),
                });
            }
        }
    }
}
