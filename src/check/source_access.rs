//! PDP-11: what a pull distribution point needs to be let in by its sources.

use super::{
    Problem, Rule, Severity,
    declaration::Declaration,
    linked::{DistributionPoint, Site, SiteSystem},
    pull_sources::source,
};
use crate::model::{ContentProtocol, DistributionPointType, Forest};

pub(super) const RULE: Rule = Rule {
    id: "PDP-11",
    severity: Severity::Error,
    summary: "a source over HTTPS needs the client on the pull distribution point; a source in \
              another forest needs the client and a network access account, the account not with \
              enhanced HTTP; the version of that client is the site's",
    why: "Over HTTP a source asks nobody who it is. Over HTTPS and across forests it does, and it \
          is the client that answers, with its certificate or with the account. A client of \
          another version than the site is not supported there.",
    wrong: "\
kind: SiteSystem
metadata: {name: ams-dp1}
spec: {forest: contoso.example}
---
kind: SiteSystem
metadata: {name: lis-dp}
spec: {forest: fabrikam.example}
---
kind: DistributionPoint
metadata: {name: lis-dp}
spec: {pull: {sources: [{distributionPoint: ams-dp1}]}}
",
    right: "\
kind: SiteSystem
metadata: {name: ams-dp1}
spec: {forest: contoso.example}
---
kind: SiteSystem
metadata: {name: lis-dp}
spec: {forest: fabrikam.example, software: {client: \"2403\"}}
---
kind: DistributionPoint
metadata: {name: lis-dp}
spec:
  pull: {sources: [{distributionPoint: ams-dp1}]}
  networkAccessAccount: {secretRef: {name: content-reader}}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for point in &declaration.distribution_points {
        let spec = point.document.spec();
        // A prestaged one pulls nothing (PDP-9).
        if !spec.pulls() {
            continue;
        }
        let Some(system) = declaration.system(point.system) else { continue };
        let Some(site) = declaration.site(point.site) else { continue };
        let remote = remote_source(declaration, point, system);
        if system.document.spec().software.client.is_some() {
            problems.extend(version(point, system, site));
        } else {
            problems.extend(
                over_https(declaration, point, system, site)
                    .or_else(|| client_for_forest(point, system, site, remote.as_ref()?)),
            );
        }
        problems.extend(remote.and_then(|remote| account(point, site, &remote)));
    }
}

/// A source in another forest than the point.
struct Remote<'d, 'a> {
    index: usize,
    system: &'d SiteSystem<'a>,
    own_forest: &'a Forest,
    its_forest: &'a Forest,
}

fn forest<'a>(declaration: &Declaration<'a>, system: &SiteSystem<'a>) -> Option<&'a Forest> {
    let own = system.document.spec().forest.as_ref();
    own.or_else(|| declaration.site(system.site)?.document.spec().forest.as_ref())
}

/// The first source of which it is known that it is in another forest.
fn remote_source<'d, 'a>(
    declaration: &'d Declaration<'a>,
    point: &DistributionPoint<'a>,
    system: &SiteSystem<'a>,
) -> Option<Remote<'d, 'a>> {
    let own_forest = forest(declaration, system)?;
    point.sources.iter().enumerate().find_map(|(index, link)| {
        let source = declaration.distribution_point(*link)?;
        // A gateway is in no forest.
        if source.document.spec().r#type == DistributionPointType::CloudManagementGateway {
            return None;
        }
        let system = declaration.system(source.system)?;
        let its_forest = forest(declaration, system)?;
        (its_forest != own_forest).then_some(Remote { index, system, own_forest, its_forest })
    })
}

fn install(system: &SiteSystem<'_>, site: &Site<'_>) -> String {
    format!(
        "install the client, and write `software: {{client: \"{}\"}}` in site system `{}`",
        site.document.spec().version,
        system.document.name
    )
}

fn over_https(
    declaration: &Declaration<'_>,
    point: &DistributionPoint<'_>,
    system: &SiteSystem<'_>,
    site: &Site<'_>,
) -> Option<Problem> {
    let (index, secure) = point.sources.iter().enumerate().find_map(|(index, link)| {
        let source = declaration.distribution_point(*link)?;
        let standard = source.document.spec().r#type == DistributionPointType::Standard;
        let https = source.protocol == Some(ContentProtocol::Https);
        (standard && https).then_some((index, source))
    })?;
    let message = format!(
        "source `{}` is reached over HTTPS, which needs the client on `{}`",
        secure.document.name, system.document.name
    );
    let problem = point.document.value(&RULE, source(index), message).help(install(system, site));
    let place = if secure.document.spec().protocol.is_some() {
        secure.document.place("spec.protocol")
    } else {
        declaration.site(secure.site)?.document.place("spec.mode")
    };
    Some(problem.related(place, "this makes it HTTPS"))
}

fn client_for_forest(
    point: &DistributionPoint<'_>,
    system: &SiteSystem<'_>,
    site: &Site<'_>,
    remote: &Remote<'_, '_>,
) -> Option<Problem> {
    let spec = point.document.spec();
    let name = &spec.pull.as_ref()?.sources.get(remote.index)?.distribution_point;
    let message = format!(
        "source `{name}` is in forest `{}` and `{}` in `{}`, which needs the client there",
        remote.its_forest, system.document.name, remote.own_forest
    );
    Some(
        point
            .document
            .value(&RULE, source(remote.index), message)
            .related(remote.system.document.place("spec.forest"), "the site system of the source")
            .help(install(system, site)),
    )
}

fn account(
    point: &DistributionPoint<'_>,
    site: &Site<'_>,
    remote: &Remote<'_, '_>,
) -> Option<Problem> {
    let spec = point.document.spec();
    if spec.network_access_account.is_some() || site.document.spec().enhanced_http {
        return None;
    }
    let name = &spec.pull.as_ref()?.sources.get(remote.index)?.distribution_point;
    let message = format!(
        "source `{name}` is in another forest (`{}`), which needs a network access account",
        remote.its_forest
    );
    Some(
        point
            .document
            .value(&RULE, source(remote.index), message)
            .related(remote.system.document.place("spec.forest"), "the site system of the source")
            .help(format!(
                "write `networkAccessAccount: {{secretRef: {{name: …}}}}` here, or `enhancedHttp: \
                 true` in site `{}`",
                site.document.name
            )),
    )
}

/// The version of an installed client has to be that of the site.
fn version(
    point: &DistributionPoint<'_>,
    system: &SiteSystem<'_>,
    site: &Site<'_>,
) -> Option<Problem> {
    let client = system.document.spec().software.client?;
    let wanted = site.document.spec().version;
    if client == wanted {
        return None;
    }
    let message = format!(
        "client {client} is installed on `{}`, which carries pull distribution point `{}` of a \
         site at {wanted}",
        system.document.name, point.document.name
    );
    Some(
        system
            .document
            .value(&RULE, "spec.software.client", message)
            .related(site.document.place("spec.version"), "the version of the site")
            .help(format!("install the site's version, and write `client: \"{wanted}\"`")),
    )
}
