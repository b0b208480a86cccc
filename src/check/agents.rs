//! TOP-3: every site system has an agent of its own, which can be reached.

use std::collections::BTreeMap;

use super::{Problem, declaration::Declaration, document::Document, site_systems::RULE};
use crate::model::{Placement, ServerUrl, SiteSystemSpec};

const URL: &str = "spec.agent.url";

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    let mut agents = BTreeMap::new();
    for system in &declaration.site_systems {
        let document = system.document;
        let spec = document.spec();
        let Some(agent) = &spec.agent else {
            problems.extend((spec.placement == Some(Placement::Remote)).then(|| missing(document)));
            continue;
        };
        // What stands behind the port is the protocol of agents.
        let url = ServerUrl::parse(&agent.url).filter(|_| !agent.url.ends_with('/'));
        let Some(url) = url else {
            let message = format!("`{}` is not the address of an agent", agent.url);
            let help = "write scheme, host and port, such as `https://10.0.0.5:8550`";
            problems.push(document.value(&RULE, URL, message).help(help));
            continue;
        };
        if !url.secure && !url.is_loopback() {
            let message = format!("`{}` would be asked in the clear, over a network", agent.url);
            let help = "write `https://`, and let the agent join with `headwater join-token`; \
                        `http://` is for loopback addresses";
            problems.push(document.value(&RULE, URL, message).help(help));
            continue;
        }
        let port = url.port();
        let first = *agents.entry((url.host, port)).or_insert(document);
        if first.name != document.name {
            let message =
                format!("`{}` is the agent of site system `{}` already", agent.url, first.name);
            problems.push(
                document
                    .value(&RULE, URL, message)
                    .related(first.place(URL), "the first use of the address")
                    .help("write the address of the agent on this computer"),
            );
        }
    }
}

fn missing(document: Document<'_, SiteSystemSpec>) -> Problem {
    let message = format!(
        "site system `{}` runs on a computer of its own, but how its agent is reached is not said",
        document.name
    );
    document
        .value(&RULE, "spec.placement", message)
        .help("add `agent`, such as `agent: {url: \"https://10.0.0.5:8550\"}`")
}
