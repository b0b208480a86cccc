//! SCHEMA: fields of which exactly one is written, and spans of hours that end after they begin.

use super::{
    Problem, SCHEMA,
    declaration::Declaration,
    document::{Document, OfKind},
};
use crate::model::{Certificate, DistributionPointSpec, FieldPath};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for site in &declaration.sites {
        let point = site.document.spec().management_point.as_ref();
        let written = point.and_then(|it| it.certificate.as_ref());
        let path = "spec.managementPoint.certificate";
        problems.extend(written.and_then(|it| certificate(site.document, path, it)));
    }
    for point in &declaration.update_points {
        let written = point.document.spec().certificate.as_ref();
        let path = "spec.certificate";
        problems.extend(written.and_then(|it| certificate(point.document, path, it)));
        if let Some(schedule) = &point.document.spec().schedule {
            let written = [("every", schedule.every.is_some()), ("cron", schedule.cron.is_some())];
            problems.extend(one_of(point.document, "spec.schedule", &written));
            if schedule.time_zone.is_some() && schedule.cron.is_none() {
                let message = "a time zone goes with `cron`: an interval is the same in every one";
                let path = "spec.schedule.timeZone";
                let problem = point.document.value(&SCHEMA, path, message);
                problems.push(problem.help("remove `timeZone`"));
            }
        }
    }
    for point in &declaration.distribution_points {
        distribution_point(point.document, problems);
    }
    for package in &declaration.packages {
        let source = &package.document.spec().source;
        let written = [
            ("path", source.path.is_some()),
            ("url", source.url.is_some()),
            ("updates", source.updates.is_some()),
            ("legacyCatalog", source.legacy_catalog),
        ];
        problems.extend(one_of(package.document, "spec.source", &written));
    }
    for document in declaration.notifications.iter() {
        let to = &document.spec().to;
        let written = [
            ("webhook", to.webhook.is_some()),
            ("slack", to.slack.is_some()),
            ("email", to.email.is_some()),
            ("commitStatus", to.commit_status.is_some()),
        ];
        problems.extend(one_of(document, "spec.to", &written));
        if let Some(webhook) = &to.webhook {
            let written = [("url", webhook.url.is_some()), ("urlFile", webhook.url_file.is_some())];
            problems.extend(one_of(document, "spec.to.webhook", &written));
        }
    }
}

fn distribution_point(document: Document<'_, DistributionPointSpec>, problems: &mut Vec<Problem>) {
    let spec = document.spec();
    for (index, hours) in spec.schedule.iter().enumerate() {
        let path = FieldPath::new("spec.schedule").index(index);
        problems.extend(span(document, path, hours.from, hours.to));
    }
    if let Some(limit) = &spec.rate_limit {
        let written = [("perHour", !limit.per_hour.is_empty()), ("pulse", limit.pulse.is_some())];
        problems.extend(one_of(document, "spec.rateLimit", &written));
        for (index, rate) in limit.per_hour.iter().enumerate() {
            let path = FieldPath::new("spec.rateLimit.perHour").index(index);
            problems.extend(span(document, path, rate.from, rate.to));
        }
    }
    let written = spec.certificate.as_ref();
    problems.extend(written.and_then(|it| certificate(document, "spec.certificate", it)));
}

fn certificate<Spec: OfKind>(
    document: Document<'_, Spec>,
    path: &str,
    certificate: &Certificate,
) -> Option<Problem> {
    let written =
        [("selfSigned", certificate.self_signed), ("secretRef", certificate.secret_ref.is_some())];
    one_of(document, path, &written)
}

fn one_of<Spec: OfKind>(
    document: Document<'_, Spec>,
    path: &str,
    fields: &[(&str, bool)],
) -> Option<Problem> {
    let written = fields.iter().filter(|(_, written)| *written);
    if written.clone().count() == 1 {
        return None;
    }
    let quoted =
        |keys: Vec<&str>| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    let all = quoted(fields.iter().map(|(key, _)| *key).collect());
    let written: Vec<&str> = written.map(|(key, _)| *key).collect();
    let message = match written.len() {
        0 => format!("`{path}` has none of {all}"),
        _ => format!("`{path}` has more than one of {all}: {}", quoted(written)),
    };
    Some(document.key(&SCHEMA, path, message).help(format!("write exactly one of {all}")))
}

fn span<Spec: OfKind>(
    document: Document<'_, Spec>,
    path: FieldPath,
    from: u8,
    to: u8,
) -> Option<Problem> {
    if from < to && to <= 24 {
        return None;
    }
    let message = format!("hours from {from} to {to} are not a span of one day");
    let help = "write `from` (0 to 23) and a later `to` (1 to 24); a night is two spans";
    Some(document.value(&SCHEMA, path.key("to"), message).help(help))
}
