//! What was found on the ports of the roles, beside what has to be there.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::{
    model::{
        Address, CertificateFacts, FoundPorts, Hierarchy, Kind, Name, Port, PortAnswer, PortFacts,
        PortFinding, ResourceId, SiteCode,
    },
    ports::{
        Difference, HTTP_ROOTS, SECURED_ROOTS, WantedListeners, differences, wanted_of_content,
        wanted_of_updates, warnings,
    },
    view::{
        counted,
        json_text::json_text,
        plain::{add, plain},
    },
};

use super::table::lines;

/// What a look at the ports has found, role by role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortsCheck {
    roles: Vec<CheckedRole>,
    /// The time of the look: days left count from it.
    at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct CheckedRole {
    resource: ResourceId,
    site: SiteCode,
    site_system: Name,
    host: Address,
    wanted: WantedListeners,
    found: PortFacts,
    differences: Vec<Difference>,
    warnings: Vec<String>,
}

impl PortsCheck {
    /// The roles that were looked at: update points, then distribution points, by name.
    pub fn of(hierarchy: &Hierarchy, found: &FoundPorts, at: Timestamp) -> Self {
        let mut roles = Vec::new();
        for (name, facts) in &found.update_points {
            let Some(point) = hierarchy.update_points.get(name) else { continue };
            let resource = ResourceId::new(Kind::SoftwareUpdatePoint, name);
            let wanted = wanted_of_updates(&point.settings);
            let (site, system) = (&point.settings.site, &point.site_system);
            roles.extend(CheckedRole::of(hierarchy, resource, site, system, wanted, facts));
        }
        for (name, facts) in &found.distribution_points {
            let Some(point) = hierarchy.distribution_points.get(name) else { continue };
            let resource = ResourceId::new(Kind::DistributionPoint, name);
            let wanted = wanted_of_content(&point.settings);
            let (site, system) = (&point.settings.site, &point.site_system);
            roles.extend(CheckedRole::of(hierarchy, resource, site, system, wanted, facts));
        }
        Self { roles, at }
    }

    /// How many differences there are.
    pub fn differences(&self) -> usize {
        self.roles.iter().map(|role| role.differences.len()).sum()
    }

    fn warnings(&self) -> usize {
        self.roles.iter().map(|role| role.warnings.len()).sum()
    }
}

impl CheckedRole {
    fn of(
        hierarchy: &Hierarchy,
        resource: ResourceId,
        site: &SiteCode,
        site_system: &Name,
        wanted: WantedListeners,
        found: &PortFacts,
    ) -> Option<Self> {
        let host = hierarchy.site_systems.get(site_system)?.settings.address.clone();
        Some(Self {
            resource,
            site: site.clone(),
            site_system: site_system.clone(),
            differences: differences(wanted, &host, found),
            warnings: warnings(found),
            host,
            wanted,
            found: found.clone(),
        })
    }

    fn certificate(&self) -> Option<&CertificateFacts> {
        match &self.found.https.as_ref()?.answer {
            PortAnswer::Tls(facts) => facts.certificate.as_ref(),
            _ => None,
        }
    }
}

/// What was found as tables, then the differences, and a last line that counts them.
pub fn ports_check_text(check: &PortsCheck) -> String {
    let mut text = String::new();
    let listeners: Vec<Vec<String>> =
        check.roles.iter().flat_map(|role| listener_rows(role, check.at)).collect();
    if !listeners.is_empty() {
        let header = ["SITE", "ROLE", "AT", "WANTED", "FOUND", "CERTIFICATE", "DAYS LEFT"];
        text += &lines(&header, listeners.into_iter());
        text.push('\n');
    }
    let roots: Vec<Vec<String>> = check.roles.iter().flat_map(root_rows).collect();
    if !roots.is_empty() {
        let header = ["UPDATE POINT", "VIRTUAL ROOT", "WANTED", "OVER HTTP", "OVER TLS"];
        text += &lines(&header, roots.into_iter());
        text.push('\n');
    }
    for role in &check.roles {
        for difference in &role.differences {
            let difference = difference.to_string();
            add(&mut text, format_args!("{}: {}\n", role.resource, plain(&difference)));
        }
        for warning in &role.warnings {
            add(&mut text, format_args!("{}: warning: {}\n", role.resource, plain(warning)));
        }
    }
    let (differences, warnings) = (check.differences(), check.warnings());
    if differences + warnings > 0 {
        text.push('\n');
    }
    let roles = counted(check.roles.len(), "role");
    let differences = match differences {
        0 => "all ports are as they shall be".to_owned(),
        some => counted(some, "difference"),
    };
    let warnings = match warnings {
        0 => String::new(),
        some => format!(", {}", counted(some, "warning")),
    };
    add(&mut text, format_args!("{roles}: {differences}{warnings}.\n"));
    text
}

fn listener_rows(role: &CheckedRole, at: Timestamp) -> Vec<Vec<String>> {
    let row = |finding: &PortFinding, wanted: &str, certificate: Option<&CertificateFacts>| {
        let (names, left) = match certificate {
            None => ("-".to_owned(), "-".to_owned()),
            Some(facts) => {
                let names = match &facts.names[..] {
                    [] => "no names".to_owned(),
                    names => names.join(", "),
                };
                (plain(&names).into_owned(), days_left(facts, at).to_string())
            }
        };
        vec![
            role.site.to_string(),
            role.resource.name.to_string(),
            format!("{}:{}", role.host.in_url(), finding.port),
            wanted.to_owned(),
            plain(&answer_text(&finding.answer)).into_owned(),
            names,
            left,
        ]
    };
    let http = role.found.http.iter().map(|finding| row(finding, "HTTP", None));
    let https = role.found.https.iter().map(|finding| row(finding, "TLS", role.certificate()));
    http.chain(https).collect()
}

/// Whole days until a certificate ends; negative once it has ended.
fn days_left(certificate: &CertificateFacts, at: Timestamp) -> i64 {
    certificate.not_after.duration_since(at).as_secs().div_euclid(86_400)
}

fn answer_text(answer: &PortAnswer) -> String {
    match answer {
        PortAnswer::Closed(why) => format!("closed: {why}"),
        PortAnswer::Plain => "HTTP".to_owned(),
        PortAnswer::Silent => "says nothing".to_owned(),
        PortAnswer::Unintelligible => "neither HTTP nor TLS".to_owned(),
        PortAnswer::Tls(facts) => {
            let mut text = facts.version.clone().unwrap_or_else(|| "TLS".to_owned());
            if facts.asks_for_client_certificate {
                text += ", asks for a client certificate";
            }
            if let Some(why) = facts.refusal.as_ref().filter(|_| !facts.asks_for_client_certificate)
            {
                add(&mut text, format_args!(", fails: {why}"));
            }
            text
        }
    }
}

/// The virtual roots of a point with SSL; without it they matter only where they differ, and there
/// the difference tells.
fn root_rows(role: &CheckedRole) -> Vec<Vec<String>> {
    if role.wanted.secured_roots != Some(true) {
        return Vec::new();
    }
    let five = SECURED_ROOTS.map(|(root, _)| (root, "secured channel required"));
    let rest = HTTP_ROOTS.map(|(root, _)| (root, "served over HTTP"));
    five.into_iter()
        .chain(rest)
        .filter_map(|(root, wanted)| {
            let finding = role.found.virtual_roots.get(root)?;
            let secured = finding.secured.as_ref().map_or("-".to_owned(), ToString::to_string);
            Some(vec![
                role.resource.name.to_string(),
                root.to_owned(),
                wanted.to_owned(),
                plain(&finding.plain.to_string()).into_owned(),
                plain(&secured).into_owned(),
            ])
        })
        .collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoleJson<'a> {
    resource: String,
    site: &'a SiteCode,
    site_system: &'a Name,
    host: &'a Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_days_left: Option<i64>,
    wanted: serde_json::Value,
    found: &'a PortFacts,
    differences: Vec<serde_json::Value>,
    warnings: &'a [String],
}

/// What was found as JSON.
pub fn ports_check_json(check: &PortsCheck) -> String {
    let roles: Vec<RoleJson<'_>> = check
        .roles
        .iter()
        .map(|role| RoleJson {
            resource: role.resource.to_string(),
            site: &role.site,
            site_system: &role.site_system,
            host: &role.host,
            certificate_days_left: role.certificate().map(|it| days_left(it, check.at)),
            wanted: wanted_json(role.wanted),
            found: &role.found,
            differences: role.differences.iter().map(difference_json).collect(),
            warnings: &role.warnings,
        })
        .collect();
    let summary = json!({
        "roles": roles.len(), "differences": check.differences(), "warnings": check.warnings(),
    });
    json_text(&json!({ "roles": roles, "summary": summary }))
}

/// What has to answer, with the same names as what was found; a port that nobody wants is absent.
fn wanted_json(wanted: WantedListeners) -> serde_json::Value {
    let WantedListeners { http, https, secured_roots, self_signed } = wanted;
    let listener = |port: Option<Port>, answer: &str| {
        port.map(|port| json!({ "port": port, "answer": answer }))
    };
    let mut all = serde_json::Map::new();
    let roots = secured_roots.map(|secured| json!(secured));
    let self_signed = self_signed.then_some(json!(true));
    for (name, value) in [
        ("http", listener(http, "plain")),
        ("https", listener(https, "tls")),
        ("securedRoots", roots),
        ("selfSigned", self_signed),
    ] {
        all.extend(value.map(|value| (name.to_owned(), value)));
    }
    all.into()
}

fn difference_json(difference: &Difference) -> serde_json::Value {
    let Difference { path, found, wanted } = difference;
    json!({ "path": path, "found": found, "wanted": wanted })
}
