//! SUP-6: SSL where native mode wants it, and the same at both points of a site.

use super::{Problem, Rule, Severity, declaration::Declaration, linked::UpdatePoint};
use crate::model::{ClientCertificates, SiteMode, UpdatePointRole};

pub(super) const RULE: Rule = Rule {
    id: "SUP-6",
    severity: Severity::Warning,
    summary: "in native mode, five virtual roots of WSUS require a secured channel, and the \
              Internet-based point is configured as the active one",
    why: "`ApiRemoting30`, `ClientWebService`, `DssAuthWebService`, `ServerSyncWebService` and \
          `SimpleAuthWebService` carry what clients and servers believe: over plain HTTP anybody \
          on the way can change it. The two points of a site synchronize with each other, so they \
          do it in the same way: what the document of the Internet-based one does not say of SSL \
          and languages is as at the active one. Certificates belong to a computer, and are not \
          taken over.",
    wrong: "\
kind: Site
metadata: {name: cen}
spec: {mode: Native}
---
kind: SoftwareUpdatePoint
metadata: {name: cen-active}
spec: {site: cen, role: Active, ssl: true}
---
kind: SoftwareUpdatePoint
metadata: {name: cen-internet}
spec: {site: cen, siteSystem: cen-inet, role: InternetBased, ssl: false}
",
    right: "\
kind: Site
metadata: {name: cen}
spec: {mode: Native}
---
kind: SoftwareUpdatePoint
metadata: {name: cen-active}
spec: {site: cen, role: Active, ssl: true}
---
kind: SoftwareUpdatePoint
metadata: {name: cen-internet}
spec: {site: cen, siteSystem: cen-inet, role: InternetBased, ssl: true}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.update_points {
        problems.extend(unlike_the_active_one(declaration, point));
        problems.extend(plain_in_native_mode(declaration, point));
        problems.extend(unused_certificate(point));
        problems.extend(nobody_asked(point));
    }
}

fn unlike_the_active_one(
    declaration: &Declaration<'_>,
    point: &UpdatePoint<'_>,
) -> Option<Problem> {
    let document = point.document;
    if document.spec().role != UpdatePointRole::InternetBased {
        return None;
    }
    let active = declaration.active_point(&document.spec().site)?;
    let (own, other) = (point.ssl?, active.ssl?);
    if own == other {
        return None;
    }
    let uses = |ssl: bool| if ssl { "uses" } else { "does not use" };
    let message = format!(
        "Internet-based point `{}` {} SSL, but the active point `{}` {} it",
        document.name,
        uses(own),
        active.document.name,
        uses(other),
    );
    Some(
        document
            .value(&RULE, ssl_place(point), message)
            .related(active.document.place(ssl_place(active)), "the active point")
            .help(format!("write `ssl: {other}`, or change the active point")),
    )
}

fn plain_in_native_mode(declaration: &Declaration<'_>, point: &UpdatePoint<'_>) -> Option<Problem> {
    let site = declaration.site(point.site)?.document;
    let document = point.document;
    if site.spec().mode != SiteMode::Native || document.spec().ssl != Some(false) {
        return None;
    }
    let message = format!(
        "site `{}` is in native mode, but `{}` does not use SSL: its five virtual roots answer \
         over plain HTTP",
        site.name, document.name
    );
    Some(
        document
            .value(&RULE, "spec.ssl", message)
            .related(site.place("spec.mode"), "the mode of the site")
            .help("remove `ssl: false`: native mode has SSL by default"),
    )
}

fn unused_certificate(point: &UpdatePoint<'_>) -> Option<Problem> {
    let document = point.document;
    if document.spec().certificate.is_none() || point.ssl != Some(false) {
        return None;
    }
    let message = format!("`{}` does not use SSL, and therefore no certificate", document.name);
    Some(
        document
            .key(&RULE, "spec.certificate", message)
            .info()
            .help("write `ssl: true`, or remove `certificate`"),
    )
}

/// Without TLS there is no handshake in which a client could be asked.
fn nobody_asked(point: &UpdatePoint<'_>) -> Option<Problem> {
    let document = point.document;
    let asks = document.spec().client_certificates != ClientCertificates::Ignore;
    if !asks || point.ssl != Some(false) {
        return None;
    }
    let message = format!(
        "`{}` does not use SSL, and without it no client can show a certificate: everybody is served",
        document.name
    );
    Some(
        document
            .key(&RULE, "spec.clientCertificates", message)
            .help("write `ssl: true`, or remove `clientCertificates`"),
    )
}

/// Where it is written whether a point uses SSL, or else what it is.
pub(super) fn ssl_place(point: &UpdatePoint<'_>) -> &'static str {
    if point.document.spec().ssl.is_some() { "spec.ssl" } else { "spec.role" }
}
