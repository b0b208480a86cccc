//! Looks at the ports of roles, many at once.

use futures::{StreamExt, stream};
use jiff::Timestamp;

use super::{
    connect::Target,
    content::no_distribution_point,
    identify::{wanted_plain, wanted_tls},
    question::AskedPort,
    virtual_roots::Web,
};
use crate::{
    model::{
        Address, DistributionPoint, FoundPorts, Hierarchy, Name, Port, PortAnswer, PortFacts,
        PortFinding, TlsFacts, UpdatePoint,
    },
    net::{Addresses, Trust},
    ports::{WantedListeners, wanted_of_content, wanted_of_updates},
};

/// Roles that are looked at at the same time.
const AT_ONCE: usize = 64;

/// A role that listens.
#[derive(Debug, Clone, Copy)]
pub enum Role<'a> {
    /// A software update point.
    UpdatePoint(&'a UpdatePoint),
    /// A distribution point.
    DistributionPoint(&'a DistributionPoint),
}

impl<'a> Role<'a> {
    fn site_system(self) -> &'a Name {
        match self {
            Self::UpdatePoint(point) => &point.site_system,
            Self::DistributionPoint(point) => &point.site_system,
        }
    }
}

/// A role with its name and where it is.
#[derive(Debug, Clone, Copy)]
pub struct RoleToProbe<'a> {
    /// The name of its document.
    pub name: &'a Name,
    /// The role.
    pub role: Role<'a>,
    /// The declared address of its site system.
    pub host: &'a Address,
}

impl<'a> RoleToProbe<'a> {
    /// A role of a hierarchy; `None` if its site system is not declared.
    pub fn new(hierarchy: &'a Hierarchy, name: &'a Name, role: Role<'a>) -> Option<Self> {
        let host = &hierarchy.site_systems.get(role.site_system())?.settings.address;
        Some(Self { name, role, host })
    }

    /// All roles of a hierarchy that listen: update points, then distribution points, by name.
    pub fn all(hierarchy: &'a Hierarchy) -> impl Iterator<Item = Self> {
        let updates = hierarchy.update_points.iter();
        let content = hierarchy.distribution_points.iter();
        let updates = updates.map(|(name, point)| (name, Role::UpdatePoint(point)));
        let content = content.map(|(name, point)| (name, Role::DistributionPoint(point)));
        updates.chain(content).filter_map(|(name, role)| Self::new(hierarchy, name, role))
    }

    /// The site system that carries it.
    pub fn site_system(&self) -> &'a Name {
        self.role.site_system()
    }

    /// What has to answer on its ports.
    pub fn wanted(&self) -> WantedListeners {
        match self.role {
            Role::UpdatePoint(point) => wanted_of_updates(&point.settings),
            Role::DistributionPoint(point) => wanted_of_content(&point.settings),
        }
    }
}

/// Looks at ports.
#[derive(Debug, Clone)]
pub struct Prober {
    addresses: Addresses,
    trust: Trust,
    now: Timestamp,
}

impl Prober {
    /// One that finds hosts by `addresses`, and verifies certificates against `trust` at `now`.
    pub fn new(addresses: Addresses, trust: Trust, now: Timestamp) -> Self {
        Self { addresses, trust, now }
    }

    /// Looks at the ports of some roles.
    pub async fn probe(&self, roles: impl IntoIterator<Item = RoleToProbe<'_>>) -> FoundPorts {
        let mut found = FoundPorts::default();
        let looks: Vec<_> = roles.into_iter().map(|role| self.look(role)).collect();
        let mut looks = stream::iter(looks).buffer_unordered(AT_ONCE);
        while let Some((RoleToProbe { name, role, .. }, facts)) = looks.next().await {
            let all = match role {
                Role::UpdatePoint(_) => &mut found.update_points,
                Role::DistributionPoint(_) => &mut found.distribution_points,
            };
            all.insert(name.clone(), facts);
        }
        found
    }

    async fn look<'a>(&self, role: RoleToProbe<'a>) -> (RoleToProbe<'a>, PortFacts) {
        (role, self.facts(role).await)
    }

    /// Looks at the ports of one role.
    pub async fn facts(&self, role: RoleToProbe<'_>) -> PortFacts {
        let wanted = role.wanted();
        let target = |port| {
            let (addresses, host) = (self.addresses.clone(), role.host.clone());
            Target { addresses, host, port }
        };
        let (http, https) = (wanted.http.map(target), wanted.https.map(target));
        let plain = async {
            let target = http.as_ref()?;
            Some(finding(target.port, wanted_plain(target, &self.trust, self.now).await))
        };
        let secured = async {
            let target = https.as_ref()?;
            Some(finding(target.port, wanted_tls(target, &self.trust, self.now).await))
        };
        let (plain, secured) = futures::join!(plain, secured);
        let mut facts = PortFacts { http: plain, https: secured, ..PortFacts::default() };
        let plain = http
            .as_ref()
            .filter(|_| facts.http.as_ref().is_some_and(|found| found.answer == PortAnswer::Plain));
        match role.role {
            Role::UpdatePoint(_) => {
                if let Some(http) = plain {
                    self.web_site(http, https.as_ref(), &mut facts).await;
                }
            }
            Role::DistributionPoint(_) => {
                // Who asks for a certificate does not answer somebody without one.
                let secured = https
                    .as_ref()
                    .filter(|_| shaken(&facts).is_some_and(|tls| !tls.asks_for_client_certificate));
                let asked = plain.map(|it| (it, false)).or(secured.map(|it| (it, true)));
                if let Some((target, over_tls)) = asked {
                    let port = AskedPort { target, over_tls, trust: &self.trust, now: self.now };
                    facts.no_distribution_point = no_distribution_point(port, role.name).await;
                }
            }
        }
        facts
    }

    /// The web site of an update point, over the ports that answer as they shall.
    async fn web_site(&self, http: &Target, https: Option<&Target>, facts: &mut PortFacts) {
        let tls = shaken(facts);
        let asks = tls.is_some_and(|tls| tls.asks_for_client_certificate);
        // Who asks for a certificate does not answer somebody without one.
        let secured = https.filter(|_| tls.is_some() && !asks);
        let web = Web { plain: http, secured, trust: &self.trust, now: self.now };
        // With SSL the question belongs on the secured port, or it cannot be asked.
        let ask = https.is_none() || secured.is_some();
        let question = async { if ask { web.no_update_point().await } else { None } };
        let (roots, no_update_point) = futures::join!(web.roots(), question);
        facts.virtual_roots = roots;
        facts.no_update_point = no_update_point;
    }
}

/// What is known of TLS on the HTTPS port, if hands were shaken there.
fn shaken(facts: &PortFacts) -> Option<&TlsFacts> {
    match &facts.https.as_ref()?.answer {
        PortAnswer::Tls(tls) if tls.refusal.is_none() => Some(tls),
        _ => None,
    }
}

fn finding(port: Port, answer: PortAnswer) -> PortFinding {
    PortFinding { port, answer }
}
