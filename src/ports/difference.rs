//! How what was found on the ports of a role differs from what has to be there: each difference is
//! drift (PORT-5).

use std::fmt;

use crate::model::{
    Address, CertificateFacts, PortAnswer, PortFacts, PortFinding, RootAnswer, TlsFacts, Validity,
};

use super::{HTTP_ROOTS, SECURED_ROOTS, WantedListeners};

/// A difference, in words that are the same in the plan, in `ports --check` and when the action
/// fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where: `listeners.http`, `listeners.https.certificate.names`, `virtualRoots.ApiRemoting30`…
    pub path: String,
    /// What was found.
    pub found: String,
    /// What has to be there.
    pub wanted: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} instead of {}", self.path, self.found, self.wanted)
    }
}

/// All differences of a role whose declared address is `host`, in the order of their paths. What was
/// not looked at, or on another port, is none.
pub fn differences(wanted: WantedListeners, host: &Address, found: &PortFacts) -> Vec<Difference> {
    let mut all = Vec::new();
    let looked_at = |port, finding: &Option<PortFinding>| {
        finding.as_ref().filter(|it| Some(it.port) == port).map(|it| it.answer.clone())
    };
    let http = looked_at(wanted.http, &found.http);
    let https = looked_at(wanted.https, &found.https);
    if let Some(answer) = &http {
        plain(answer, &mut all);
    }
    if let Some(answer) = &https {
        secured(answer, wanted, host, &mut all);
    }
    if let (Some(demanded), Some(PortAnswer::Plain)) = (wanted.secured_roots, &http) {
        roots(demanded, found, &mut all);
        if let Some(why) = &found.no_update_point {
            all.push(difference("service", why.clone(), "a software update point"));
        }
    }
    // Only a distribution point says who it is, on its one port. A saved observation may know it from
    // a port that it no longer has.
    let on_its_port = http.is_some() || https.is_some();
    if let Some(why) = found.no_distribution_point.as_ref().filter(|_| on_its_port) {
        all.push(difference("service", why.clone(), "this distribution point"));
    }
    all
}

/// What will become a difference by itself: certificates that end soon.
pub fn warnings(found: &PortFacts) -> Vec<String> {
    let certificate = |finding: &PortFinding| match &finding.answer {
        PortAnswer::Tls(facts) => facts.certificate.clone(),
        _ => None,
    };
    [&found.http, &found.https]
        .into_iter()
        .flatten()
        .filter_map(certificate)
        .filter(|it| it.validity == Validity::ExpiresSoon)
        .map(|it| format!("its certificate ends at {}: renew it", it.not_after))
        .collect()
}

fn difference(path: &str, found: impl Into<String>, wanted: &str) -> Difference {
    Difference { path: path.to_owned(), found: found.into(), wanted: wanted.to_owned() }
}

const SILENT: &str = "open, but what listens says nothing";
const UNINTELLIGIBLE: &str = "open, but what listens speaks neither HTTP nor TLS";

fn plain(answer: &PortAnswer, all: &mut Vec<Difference>) {
    let path = "listeners.http";
    match answer {
        PortAnswer::Plain => {}
        PortAnswer::Closed(why) => all.push(difference(path, format!("closed: {why}"), "open")),
        PortAnswer::Tls(_) => all.push(difference(path, "TLS", "plain HTTP")),
        PortAnswer::Silent => all.push(difference(path, SILENT, "plain HTTP")),
        PortAnswer::Unintelligible => all.push(difference(path, UNINTELLIGIBLE, "plain HTTP")),
    }
}

fn secured(
    answer: &PortAnswer,
    wanted: WantedListeners,
    host: &Address,
    all: &mut Vec<Difference>,
) {
    let path = "listeners.https";
    match answer {
        PortAnswer::Closed(why) => all.push(difference(path, format!("closed: {why}"), "open")),
        PortAnswer::Plain => all.push(difference(path, "plain HTTP", "TLS")),
        PortAnswer::Silent => all.push(difference(path, SILENT, "TLS")),
        PortAnswer::Unintelligible => all.push(difference(path, UNINTELLIGIBLE, "TLS")),
        PortAnswer::Tls(facts) => {
            let TlsFacts { version: _, refusal, asks_for_client_certificate, certificate } =
                &**facts;
            // A point of a native-mode site may turn away whoever shows no certificate, as this
            // look does: that is no difference.
            if let Some(why) = refusal
                && !asks_for_client_certificate
            {
                all.push(difference(path, format!("TLS that fails: {why}"), "TLS 1.2 or 1.3"));
            }
            if let Some(certificate) = certificate {
                shown(certificate, wanted, host, all);
            }
        }
    }
}

fn shown(
    certificate: &CertificateFacts,
    wanted: WantedListeners,
    host: &Address,
    all: &mut Vec<Difference>,
) {
    let CertificateFacts { names, matches, issuer: _, not_after, validity, untrusted } =
        certificate;
    let path = |field: &str| format!("listeners.https.certificate.{field}");
    if let Some(why) = untrusted.as_ref().filter(|_| !wanted.self_signed) {
        let wanted = "a chain to a trusted root";
        all.push(difference(&path("chain"), why.clone(), wanted));
    }
    if !matches {
        let names = if names.is_empty() { "no names".to_owned() } else { names.join(", ") };
        all.push(difference(&path("names"), names, host.as_str()));
    }
    match validity {
        Validity::Valid | Validity::ExpiresSoon => {}
        Validity::Expired => {
            let found = format!("ended at {not_after}");
            all.push(difference(&path("validity"), found, "a certificate that is valid now"));
        }
        Validity::NotYetValid => {
            let found = "not valid yet";
            all.push(difference(&path("validity"), found, "a certificate that is valid now"));
        }
    }
}

fn roots(demanded: bool, found: &PortFacts, all: &mut Vec<Difference>) {
    let five = SECURED_ROOTS.map(|(root, path)| (root, path, demanded));
    let rest = HTTP_ROOTS.map(|(root, path)| (root, path, false));
    for (root, page, demanded) in five.into_iter().chain(rest) {
        let Some(finding) = found.virtual_roots.get(root) else { continue };
        let path = format!("virtualRoots.{root}");
        let wanted = if demanded { "secured channel required" } else { "served over HTTP" };
        // A directory may not be listed: that is refused too, and as it shall be.
        let directory = page.ends_with('/');
        match &finding.plain {
            answer @ RootAnswer::Serves if demanded => {
                let found = format!("{answer} without a secured channel");
                all.push(difference(&path, found, wanted));
            }
            answer @ RootAnswer::DemandsSecuredChannel if !demanded => {
                all.push(difference(&path, answer.to_string(), wanted));
            }
            answer @ RootAnswer::Forbidden if !demanded && !directory => {
                all.push(difference(&path, answer.to_string(), wanted));
            }
            answer @ RootAnswer::Fails(_) => {
                all.push(difference(&path, answer.to_string(), wanted));
            }
            // What is not there gives nothing away.
            RootAnswer::Serves
            | RootAnswer::DemandsSecuredChannel
            | RootAnswer::Forbidden
            | RootAnswer::Absent => {}
        }
        if let Some(answer @ RootAnswer::Fails(_)) = &finding.secured {
            all.push(difference(&path, format!("{answer} over TLS"), "served over TLS"));
        }
    }
}
