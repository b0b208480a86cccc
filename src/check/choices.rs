//! SCHEMA: fields of which exactly one is written, and spans of hours that end after they begin.

use super::{
    Problem, SCHEMA,
    documents::{Documents, Subject, in_order},
};
use crate::model::{DistributionPointSpec, FieldPath, Kind};

pub(super) fn check(documents: &Documents<'_>, problems: &mut Vec<Problem>) {
    let declared = documents.declared;
    for (name, point) in in_order(&declared.software_update_points) {
        let subject = Subject::new(Kind::SoftwareUpdatePoint, name, point);
        if let Some(schedule) = &point.spec.schedule {
            let written = [("every", schedule.every.is_some()), ("cron", schedule.cron.is_some())];
            problems.extend(one_of(subject, FieldPath::new("spec.schedule"), &written));
        }
    }
    for (name, point) in in_order(&declared.distribution_points) {
        let subject = Subject::new(Kind::DistributionPoint, name, point);
        distribution_point(subject, &point.spec, problems);
    }
    for (name, package) in in_order(&declared.packages) {
        let subject = Subject::new(Kind::Package, name, package);
        let source = &package.spec.source;
        let written = [
            ("path", source.path.is_some()),
            ("url", source.url.is_some()),
            ("updates", !source.updates.is_empty()),
        ];
        problems.extend(one_of(subject, FieldPath::new("spec.source"), &written));
    }
}

fn distribution_point(
    subject: Subject<'_>,
    spec: &DistributionPointSpec,
    problems: &mut Vec<Problem>,
) {
    for (index, hours) in spec.schedule.iter().enumerate() {
        let path = FieldPath::new("spec.schedule").index(index);
        problems.extend(span(subject, &path, hours.from, hours.to));
    }
    if let Some(limit) = &spec.rate_limit {
        let path = FieldPath::new("spec.rateLimit");
        let written = [("perHour", !limit.per_hour.is_empty()), ("pulse", limit.pulse.is_some())];
        problems.extend(one_of(subject, path.clone(), &written));
        for (index, rate) in limit.per_hour.iter().enumerate() {
            let path = path.clone().key("perHour").index(index);
            problems.extend(span(subject, &path, rate.from, rate.to));
        }
    }
    if let Some(certificate) = &spec.certificate {
        let written = [
            ("selfSigned", certificate.self_signed),
            ("secretRef", certificate.secret_ref.is_some()),
        ];
        problems.extend(one_of(subject, FieldPath::new("spec.certificate"), &written));
    }
}

fn one_of(subject: Subject<'_>, path: FieldPath, fields: &[(&str, bool)]) -> Option<Problem> {
    let quoted =
        |keys: Vec<&str>| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    let all = quoted(fields.iter().map(|(key, _)| *key).collect());
    let written: Vec<&str> =
        fields.iter().filter(|(_, written)| *written).map(|(key, _)| *key).collect();
    let message = match written.len() {
        1 => return None,
        0 => format!("`{path}` has none of {all}"),
        _ => format!("`{path}` has more than one of {all}: {}", quoted(written)),
    };
    Some(subject.key(&SCHEMA, path, message).help(format!("write exactly one of {all}")))
}

fn span(subject: Subject<'_>, path: &FieldPath, from: u8, to: u8) -> Option<Problem> {
    if from < to && to <= 24 {
        return None;
    }
    let message = format!("hours from {from} to {to} are not a span of one day");
    let help = "write `from` (0 to 23) and a later `to` (1 to 24); a night is two spans";
    Some(subject.value(&SCHEMA, path.clone().key("to"), message).help(help))
}
