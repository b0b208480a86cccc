//! PDP-3: settings of distribution points and groups that can be carried out.

use super::{
    Problem, Rule, Severity,
    declaration::Declaration,
    linked::DistributionPoint,
    ranges::{multicast_addresses, ports},
};
use crate::model::{ClientCertificates, ContentProtocol, DistributionPointType, FieldPath};

pub(super) const RULE: Rule = Rule {
    id: "PDP-3",
    severity: Severity::Error,
    summary: "a distribution point, pulling or not, has settings that can be carried out together, \
              and a group has members",
    why: "PXE, multicast, validation, certificates and groups work with any distribution point, \
          but not every value means something: a gateway has no network in which computers boot, \
          and what is distributed to an empty group goes nowhere.",
    wrong: "\
kind: DistributionPoint
metadata: {name: ams-dp1}
spec: {multicast: {enabled: true, addresses: 10.0.0.1-10.0.0.9}}    # no multicast addresses
---
kind: DistributionPointGroup
metadata: {name: lisbon}
spec: {members: []}
",
    right: "\
kind: DistributionPoint
metadata: {name: ams-dp1}
spec: {multicast: {enabled: true, addresses: 239.0.0.1-239.0.0.9}}
---
kind: DistributionPointGroup
metadata: {name: lisbon}
spec: {members: [lis-dp]}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.distribution_points {
        gateway(point, problems);
        pxe(point, problems);
        multicast(point, problems);
        nothing_sent(point, problems);
        unused_certificate(point, problems);
        nobody_asked(point, problems);
    }
    for group in &declaration.groups {
        if group.members.is_empty() {
            let message = format!(
                "group `{}` is empty: what is distributed to it goes nowhere",
                group.document.name
            );
            problems.push(
                group
                    .document
                    .key(&RULE, "spec.members", message)
                    .warning()
                    .help("name distribution points in `members`, or remove the group"),
            );
        }
    }
}

fn gateway(point: &DistributionPoint<'_>, problems: &mut Vec<Problem>) {
    let document = point.document;
    let spec = document.spec();
    if spec.r#type != DistributionPointType::CloudManagementGateway {
        return;
    }
    for (key, on, what) in [
        ("pxe", spec.pxe.as_ref().is_some_and(|it| it.enabled), "boot computers"),
        ("multicast", spec.multicast.as_ref().is_some_and(|it| it.enabled), "multicast"),
        ("prestaged", spec.prestaged, "take content that was carried to it by hand"),
        ("protocol", spec.protocol == Some(ContentProtocol::Http), "serve over plain HTTP"),
    ] {
        if on {
            let message =
                format!("`{}` is a cloud management gateway and cannot {what}", document.name);
            problems.push(
                document
                    .key(&RULE, FieldPath::new("spec").key(key), message)
                    .related(document.place("spec.type"), "its type")
                    .help(format!("remove `{key}`")),
            );
        }
    }
}

fn pxe(point: &DistributionPoint<'_>, problems: &mut Vec<Problem>) {
    let Some(pxe) = &point.document.spec().pxe else { return };
    if !pxe.enabled && (pxe.unknown_computers || pxe.response_delay.is_some()) {
        problems.push(switched_off(point, "pxe"));
    }
}

fn switched_off(point: &DistributionPoint<'_>, key: &str) -> Problem {
    let message = format!("`{key}` is switched off: its other settings are not used");
    point
        .document
        .key(&RULE, FieldPath::new("spec").key(key), message)
        .info()
        .help(format!("write `enabled: true`, or remove `{key}`"))
}

fn multicast(point: &DistributionPoint<'_>, problems: &mut Vec<Problem>) {
    let document = point.document;
    let Some(multicast) = &document.spec().multicast else { return };
    let settings =
        [multicast.max_clients.is_some(), multicast.addresses.is_some(), multicast.ports.is_some()];
    if !multicast.enabled && settings.contains(&true) {
        problems.push(switched_off(point, "multicast"));
    }
    if multicast.max_clients == Some(0) {
        problems.push(
            document
                .value(
                    &RULE,
                    "spec.multicast.maxClients",
                    "a session without clients reaches nobody",
                )
                .warning()
                .help("write how many clients a session may have, such as 100"),
        );
    }
    if let Some(text) = multicast.addresses.as_ref().filter(|text| !multicast_addresses(text)) {
        let message = format!("`{text}` is not a range of multicast addresses");
        let help = "write the first and the last one, such as `239.0.0.1-239.0.0.254`";
        let path = "spec.multicast.addresses";
        problems.push(document.value(&RULE, path, message).help(help));
    }
    if let Some(text) = multicast.ports.as_ref().filter(|text| !ports(text)) {
        let message = format!("`{text}` is not a range of ports");
        let help = "write the first and the last one, such as `64001-65000`";
        problems.push(document.value(&RULE, "spec.multicast.ports", message).help(help));
    }
}

/// Limits and intervals of nothing.
fn nothing_sent(point: &DistributionPoint<'_>, problems: &mut Vec<Problem>) {
    let document = point.document;
    let spec = document.spec();
    let mut wrong = |path: FieldPath, message: &str, help: &str| {
        problems.push(document.value(&RULE, path, message).warning().help(help));
    };
    if let Some(limit) = &spec.rate_limit {
        for (index, rate) in limit.per_hour.iter().enumerate() {
            if rate.kilobytes_per_second == 0 {
                let path = FieldPath::new("spec.rateLimit.perHour").index(index);
                let message = "at 0 kilobytes a second nothing is ever sent";
                let help = "write a rate above 0; hours without content belong in `schedule`";
                wrong(path.key("kilobytesPerSecond"), message, help);
            }
        }
        if limit.pulse.as_ref().is_some_and(|pulse| pulse.block_kilobytes == 0) {
            let path = FieldPath::new("spec.rateLimit.pulse.blockKilobytes");
            wrong(path, "in blocks of 0 kilobytes nothing is ever sent", "write a size above 0");
        }
    }
    if spec.content_validation.as_ref().is_some_and(|it| it.every.as_seconds() == 0) {
        let path = FieldPath::new("spec.contentValidation.every");
        wrong(path, "every 0 seconds is never", "write a span of time, such as `every: 7d`");
    }
}

fn unused_certificate(point: &DistributionPoint<'_>, problems: &mut Vec<Problem>) {
    let document = point.document;
    if document.spec().certificate.is_none() || point.protocol != Some(ContentProtocol::Http) {
        return;
    }
    let message = format!("`{}` serves content over HTTP and uses no certificate", document.name);
    problems.push(
        document
            .key(&RULE, "spec.certificate", message)
            .info()
            .help("write `protocol: HTTPS`, or remove `certificate`"),
    );
}

/// Without TLS there is no handshake in which a client could be asked.
fn nobody_asked(point: &DistributionPoint<'_>, problems: &mut Vec<Problem>) {
    let document = point.document;
    let asks = document.spec().client_certificates != ClientCertificates::Ignore;
    if !asks || point.protocol != Some(ContentProtocol::Http) {
        return;
    }
    let message = format!(
        "`{}` serves content over HTTP, where no client can show a certificate: everybody is served",
        document.name
    );
    problems.push(
        document
            .key(&RULE, "spec.clientCertificates", message)
            .warning()
            .help("write `protocol: HTTPS`, or remove `clientCertificates`"),
    );
}
