//! SYNC-1: where a software update point may synchronize from.

use super::{
    Problem, Rule, Severity,
    documents::{Documents, Point, Subject, in_order, place_of},
};
use crate::model::{
    FieldPath, Kind, Name, SiteSpec, SourceType, SynchronizationSource, UpdatePointRole,
};

pub(super) const RULE: Rule = Rule {
    id: "SYNC-1",
    severity: Severity::Error,
    summary: "the active point of the top site synchronizes with Microsoft Update, another WSUS or \
              an export file; every other one with its parent's active point, and an \
              Internet-based one with the active point of its site",
    why: "Update metadata enters at the top and flows down, never the other way round. A point \
          that took it from elsewhere would never agree with its parent.",
    example: "kind: SoftwareUpdatePoint\nspec: {site: lis, source: {type: MicrosoftUpdate}}   # \
              lis has a parent",
};

pub(super) fn check(documents: &Documents<'_>, problems: &mut Vec<Problem>) {
    for (name, point) in in_order(&documents.declared.software_update_points) {
        let subject = Subject::new(Kind::SoftwareUpdatePoint, name, point);
        if let Some(source) = &point.spec.source {
            problems.extend(fields(subject, source));
        }
        let Some(site) = documents.site(&point.spec.site) else { continue };
        problems.extend(match &point.spec.source {
            Some(source) => place(subject, (name, point), &site.spec, source.r#type)
                .or_else(|| upstream(documents, subject, (name, point), &site.spec)),
            None => upstream(documents, subject, (name, point), &site.spec),
        });
    }
}

/// Whether the type of a source fits the place of the point.
fn place(
    subject: Subject<'_>,
    (name, point): Point<'_>,
    site: &SiteSpec,
    written: SourceType,
) -> Option<Problem> {
    let (fits, place, default) = match (point.spec.role, &site.parent) {
        (UpdatePointRole::InternetBased, _) => (
            written == SourceType::ActiveUpdatePoint,
            "is an Internet-based point",
            "`ActiveUpdatePoint`",
        ),
        (UpdatePointRole::Active, Some(_)) => {
            (written == SourceType::ParentSite, "belongs to a site below another", "`ParentSite`")
        }
        (UpdatePointRole::Active, None) => (
            matches!(written, SourceType::MicrosoftUpdate | SourceType::UpstreamServer),
            "is the active point of the top site",
            "`MicrosoftUpdate` or `UpstreamServer`",
        ),
    };
    // SYNC-7: any point may be filled by hand.
    if fits || matches!(written, SourceType::Import | SourceType::None) {
        return None;
    }
    let message = format!("`{name}` {place} and cannot have the source `{written:?}`");
    Some(
        subject
            .value(&RULE, FieldPath::new("spec.source.type"), message)
            .help(format!("write {default}, `Import` or `None`")),
    )
}

/// Whether the point that this one synchronizes from exists.
fn upstream(
    documents: &Documents<'_>,
    subject: Subject<'_>,
    (name, point): Point<'_>,
    site: &SiteSpec,
) -> Option<Problem> {
    let written = point.spec.source.as_ref().map(|source| source.r#type);
    let path = if written.is_some() { "spec.source.type" } else { "spec.site" };
    let from: &Name = match (point.spec.role, &site.parent, written) {
        (UpdatePointRole::Active, Some(parent), None | Some(SourceType::ParentSite)) => parent,
        (UpdatePointRole::InternetBased, _, Some(SourceType::ActiveUpdatePoint)) => {
            &point.spec.site
        }
        // Without a source an Internet-based point needs an active one too, but SUP-4 says so.
        _ => return None,
    };
    if documents.active_point(from).is_some() || documents.any_unread(Kind::SoftwareUpdatePoint) {
        return None;
    }
    // A parent that does not exist is told by REFERENCE.
    let upstream_site = documents.site(from)?;
    let message = format!(
        "`{name}` synchronizes from the active software update point of site `{from}`, which has \
         none"
    );
    Some(
        subject
            .value(&RULE, FieldPath::new(path), message)
            .related(place_of(upstream_site, "metadata.name"), "the site without an active point")
            .help(format!("declare a point with `site: {from}` and `role: Active`")),
    )
}

/// `url` and `file` are there exactly when the type needs them.
fn fields(subject: Subject<'_>, source: &SynchronizationSource) -> Vec<Problem> {
    let path = FieldPath::new("spec.source");
    let written = source.r#type;
    let mut problems = Vec::new();
    for (key, value, wanted, what) in [
        ("url", &source.url, SourceType::UpstreamServer, "the address of the upstream server"),
        ("file", &source.file, SourceType::Import, "the file made by `wsusutil export`"),
    ] {
        match value {
            None if written == wanted => {
                let message = format!("source `{written:?}` needs `{key}`: {what}");
                problems.push(subject.key(&RULE, path.clone(), message));
            }
            Some(_) if written != wanted => {
                let message = format!("source `{written:?}` has no `{key}`");
                let help = format!("remove it, or write `type: {wanted:?}`");
                problems.push(subject.key(&RULE, path.clone().key(key), message).help(help));
            }
            _ => {}
        }
    }
    if let Some(url) = source.url.as_ref().filter(|_| written == SourceType::UpstreamServer)
        && !is_server(url)
    {
        let message = format!("`{url}` is not the address of a server");
        let help = "write scheme, host and port, such as `http://wsus.contoso.example:8530`";
        problems.push(subject.value(&RULE, path.key("url"), message).help(help));
    }
    problems
}

fn is_server(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        url.strip_prefix(scheme)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|c| c.is_ascii_graphic()))
    })
}
