//! PORT-3: every role of a computer has ports of its own.

use super::{Place, Problem, Rule, Severity, declaration::Declaration, document::Document};
use crate::model::{
    ContentProtocol, DistributionPointSpec, ManagementPointSettings, ServerUrl, SiteSpec,
    SiteSystemSpec, SoftwareUpdatePointSpec,
};

pub(super) const RULE: Rule = Rule {
    id: "PORT-3",
    severity: Severity::Error,
    summary: "no two roles of one computer listen on one port: WSUS on 8530 and, with SSL, 8531, \
              content and management points on 80 or 443, unless their `ports` say otherwise",
    why: "A port is opened once. Whoever comes second cannot open it, and is not there for its \
          clients.",
    wrong: "\
kind: PortSettings
metadata: {name: content}
spec: {webSite: Custom, http: 8530}
---
kind: DistributionPoint
metadata: {name: cen-dp}
spec: {site: cen, siteSystem: cen-srv, ports: content}    # where the WSUS of cen-active is
",
    right: "\
kind: PortSettings
metadata: {name: content}
spec: {webSite: Custom, http: 8080}
---
kind: DistributionPoint
metadata: {name: cen-dp}
spec: {site: cen, siteSystem: cen-srv, ports: content}
",
};

/// Who listens, in the order in which ports are taken.
#[derive(Clone, Copy)]
enum Listener<'a> {
    Agent(Document<'a, SiteSystemSpec>),
    UpdatePoint(Document<'a, SoftwareUpdatePointSpec>),
    DistributionPoint(Document<'a, DistributionPointSpec>),
    ManagementPoint(Document<'a, SiteSpec>),
}

/// That somebody listens on a port of a computer.
struct Taken<'a> {
    /// The number of the first site system with its address.
    computer: usize,
    port: u16,
    /// The number of the site system itself.
    system: usize,
    by: Listener<'a>,
}

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    let mut taken = all(declaration);
    // Stable: who was first stays first.
    taken.sort_by_key(|it| (it.computer, it.port));
    for clashing in
        taken.chunk_by(|one, other| (one.computer, one.port) == (other.computer, other.port))
    {
        let [first, others @ ..] = clashing else { continue };
        for other in others {
            problems.extend(clash(first, other));
        }
    }
}

fn all<'a>(declaration: &Declaration<'a>) -> Vec<Taken<'a>> {
    let mut taken = Vec::with_capacity(declaration.site_systems.len());
    let mut take = |system: Option<usize>, port: Option<u16>, by: Listener<'a>| {
        if let (Some(system), Some(port)) = (system, port)
            && let Some(it) = declaration.site_systems.get(system)
        {
            taken.push(Taken { computer: it.computer, port, system, by });
        }
    };
    for (number, system) in declaration.site_systems.iter().enumerate() {
        if let Some(agent) = &system.document.spec().agent {
            // Elsewhere it may be a way to the agent, through a gateway.
            let own = system.document.spec().address.folded();
            let url = ServerUrl::parse(&agent.url).filter(|url| url.host == own);
            let port = url.map(|url| url.port().get());
            take(Some(number), port, Listener::Agent(system.document));
        }
    }
    for point in &declaration.update_points {
        let by = Listener::UpdatePoint(point.document);
        take(point.system, point.ports.map(|ports| ports.http.get()), by);
        // HTTP stays open even with SSL (SUP-7).
        let secure = point.ports.filter(|_| point.ssl == Some(true));
        take(point.system, secure.map(|ports| ports.https.get()), by);
    }
    for point in &declaration.distribution_points {
        let port = point.ports.zip(point.protocol).map(|(ports, protocol)| match protocol {
            ContentProtocol::Http => ports.http.get(),
            ContentProtocol::Https => ports.https.get(),
        });
        take(point.system, port, Listener::DistributionPoint(point.document));
    }
    for site in &declaration.sites {
        let port = site.ports.map(|ports| {
            match ManagementPointSettings::protocol_in(site.document.spec().mode) {
                ContentProtocol::Http => ports.http.get(),
                ContentProtocol::Https => ports.https.get(),
            }
        });
        take(site.server, port, Listener::ManagementPoint(site.document));
    }
    taken
}

fn clash(first: &Taken<'_>, other: &Taken<'_>) -> Option<Problem> {
    // Two roles of one kind on one site system are told as such (SUP-5, PDP-1, TOP-3).
    let same = matches!(
        (first.by, other.by),
        (Listener::UpdatePoint(_), Listener::UpdatePoint(_))
            | (Listener::DistributionPoint(_), Listener::DistributionPoint(_))
            | (Listener::ManagementPoint(_), Listener::ManagementPoint(_))
    );
    if same && first.system == other.system {
        return None;
    }
    let (one, two) = (first.by.words(), other.by.words());
    let message = format!("{two} wants port {}, which {one} on the same computer has", other.port);
    let help = match other.by {
        Listener::Agent(_) => "let one of the agents answer on another port",
        _ => "name other `ports` in one of them",
    };
    Some(other.by.problem(message).related(first.by.place(), one).help(help))
}

impl Listener<'_> {
    fn words(self) -> String {
        match self {
            Self::Agent(it) => format!("the agent of `{}`", it.name),
            Self::UpdatePoint(it) => format!("software update point `{}`", it.name),
            Self::DistributionPoint(it) => format!("distribution point `{}`", it.name),
            Self::ManagementPoint(it) => format!("the management point of site `{}`", it.name),
        }
    }

    /// Where it says on which ports it listens, or else where it stands.
    fn path(self) -> &'static str {
        let named = match self {
            Self::Agent(_) => return "spec.agent.url",
            Self::UpdatePoint(it) => it.spec().ports.is_some(),
            Self::DistributionPoint(it) => it.spec().ports.is_some(),
            Self::ManagementPoint(it) => {
                let named =
                    it.spec().management_point.as_ref().is_some_and(|it| it.ports.is_some());
                return if named { "spec.managementPoint.ports" } else { "spec.managementPoint" };
            }
        };
        if named { "spec.ports" } else { "spec.siteSystem" }
    }

    fn place(self) -> Place {
        match self {
            Self::Agent(it) => it.place(self.path()),
            Self::UpdatePoint(it) => it.place(self.path()),
            Self::DistributionPoint(it) => it.place(self.path()),
            Self::ManagementPoint(it) => it.place(self.path()),
        }
    }

    fn problem(self, message: String) -> Problem {
        match self {
            Self::Agent(it) => it.value(&RULE, self.path(), message),
            Self::UpdatePoint(it) => it.value(&RULE, self.path(), message),
            Self::DistributionPoint(it) => it.value(&RULE, self.path(), message),
            Self::ManagementPoint(it) => it.value(&RULE, self.path(), message),
        }
    }
}
