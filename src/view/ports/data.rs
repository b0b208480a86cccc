//! Flows as data: JSON and CSV.

use serde::Serialize;

use crate::{
    model::{Hierarchy, SiteCode},
    ports::{Flow, Network, Party, PortSet},
    view::{
        json_text::json_text,
        plain::{add, plain},
    },
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FlowJson<'a> {
    from: PartyJson<'a>,
    to: PartyJson<'a>,
    ports: &'a PortSet,
    transport: &'static str,
    protocol: &'static str,
    scenario: Option<String>,
    requirements: &'a [&'static str],
    reason: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PartyJson<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<&'a SiteCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<&'static str>,
}

/// Flows as JSON: `{"flows": […]}`. A range of one port has it as `first` and as `last`.
pub fn ports_json(hierarchy: &Hierarchy, flows: &[Flow]) -> String {
    let flows: Vec<FlowJson<'_>> = flows
        .iter()
        .map(|flow| FlowJson {
            from: party(hierarchy, &flow.from),
            to: party(hierarchy, &flow.to),
            ports: &flow.ports,
            transport: flow.transport.as_str(),
            protocol: flow.application.as_str(),
            scenario: flow.scenario.map(|it| it.to_string()),
            requirements: &flow.requirements,
            reason: &flow.reason,
        })
        .collect();
    json_text(&serde_json::json!({ "flows": flows }))
}

fn party<'a>(hierarchy: &'a Hierarchy, party: &'a Party) -> PartyJson<'a> {
    let of = |kind| PartyJson { kind, name: None, site: None, address: None, network: None };
    match party {
        Party::SiteSystem(name) => {
            let system = hierarchy.site_systems.get(name);
            PartyJson {
                name: Some(name.as_str()),
                site: system.map(|it| &it.site),
                address: system.map(|it| it.settings.address.as_str()),
                ..of("SiteSystem")
            }
        }
        Party::Clients { site, network } => {
            let network = match network {
                Network::Intranet => "Intranet",
                Network::Internet => "Internet",
            };
            PartyJson { site: Some(site), network: Some(network), ..of("Clients") }
        }
        Party::SiteDatabase(site) => PartyJson { site: Some(site), ..of("SiteDatabase") },
        Party::UpstreamServer(host) => PartyJson { address: Some(host), ..of("UpstreamServer") },
        Party::MicrosoftUpdate => of("MicrosoftUpdate"),
        Party::Controller => of("Controller"),
    }
}

/// Flows as CSV (RFC 4180), with a header.
pub fn ports_csv(flows: &[Flow]) -> String {
    let mut text = "from,to,ports,transport,protocol,scenario,requirements,reason\r\n".to_owned();
    for flow in flows {
        let fields = [
            flow.from.to_string(),
            flow.to.to_string(),
            flow.ports.to_string(),
            flow.transport.as_str().to_owned(),
            flow.application.as_str().to_owned(),
            flow.scenario.map(|it| it.to_string()).unwrap_or_default(),
            flow.requirements.join(", "),
            flow.reason.clone(),
        ];
        let fields: Vec<String> = fields.iter().map(|text| field(text)).collect();
        add(&mut text, format_args!("{}\r\n", fields.join(",")));
    }
    text
}

/// A field in quotes where it needs them.
fn field(text: &str) -> String {
    let text = plain(text);
    if text.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.into_owned()
    }
}
