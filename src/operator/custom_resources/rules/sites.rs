//! Of sites, site systems and port settings (TOP-1, TOP-2, TOP-3, PDP-1, SUP-7).

use super::{Rule, texts};

pub(super) fn site() -> Vec<Rule> {
    let distribution = "spec.softwareDistribution.distributionPoints";
    vec![
        Rule::new(
            "",
            "self.spec.type != 'Secondary' || has(self.spec.parent)",
            "secondary site `<<self.metadata.name>>` has no parent",
        )
        .help("write the `parent`: a primary site")
        .field(".spec.type"),
        Rule::new(
            "",
            "self.spec.type != 'Central' || !has(self.spec.parent)",
            "central site `<<self.metadata.name>>` has a parent, but is the top",
        )
        .help("remove `parent`, or write `type: Primary`")
        .field(".spec.parent")
        .forbidden(),
        Rule::new(
            "",
            "!has(self.spec.parent) || self.spec.parent != self.metadata.name",
            "site `<<self.metadata.name>>` is its own parent",
        )
        .help("name another site, or remove `parent` from the top")
        .field(".spec.parent"),
        Rule::new("spec.siteCode", "self == oldSelf", "the code of a site never changes").help(
            "write `<<oldSelf>>` again, or declare another site: the code stands in package IDs and \
             in what site systems keep",
        ),
        Rule::new(
            format!("{distribution}.maximumPackages"),
            "self > 0",
            "with 0 packages at a time nothing is ever sent",
        )
        .help("write a number above 0; the default is 3"),
        Rule::new(
            format!("{distribution}.threadsPerPackage"),
            "self > 0",
            "without a thread no package is ever sent",
        )
        .help("write a number above 0; the default is 5"),
    ]
}

pub(super) fn site_system() -> Vec<Rule> {
    let mut rules = vec![
        Rule::new(
            "",
            "!has(self.spec.placement) || self.spec.placement != 'Remote' || has(self.spec.agent)",
            "site system `<<self.metadata.name>>` runs on a computer of its own, but how its agent is \
             reached is not said",
        )
        .help("add `agent`, such as `agent: {url: \"https://10.0.0.5:8550\"}`")
        .field(".spec.agent")
        .required(),
        Rule::new("spec.site", "self == oldSelf", "a site system never changes its site").help(
            "write `<<oldSelf>>` again, or give it another name here, so that the old one is removed",
        ),
        Rule::new(
            "spec.agent.url",
            format!("{} && !self.endsWith('/')", texts::is_server("self")),
            "`<<self>>` is not the address of an agent",
        )
        .help("write scheme, host and port, such as `https://10.0.0.5:8550`"),
        // What is no address is told as such.
        Rule::new(
            "spec.agent.url",
            format!(
                "!{} || self.endsWith('/') || {}",
                texts::is_server("self"),
                texts::is_safe("self")
            ),
            "`<<self>>` would be asked in the clear, over a network",
        )
        .help(
            "write `https://`, and let the agent join with `headwater join-token`; `http://` is for \
             loopback addresses",
        ),
        Rule::new(
            "",
            "!has(self.spec.kubernetes) || !has(self.spec.placement) \
             || self.spec.placement == 'Kubernetes'",
            "site system `<<self.metadata.name>>` does not run as a pod, and `kubernetes` says what a pod \
             is given",
        )
        .help(
            "remove `kubernetes`, or write `placement: Kubernetes` instead of `<<self.spec.placement>>`",
        )
        .field(".spec.kubernetes")
        .forbidden(),
    ];
    rules.push(within_limit("cpu", ".requests.cpu"));
    rules.push(within_limit("memory", ".requests.memory"));
    rules
}

/// A pod that asks for more than it may have is never started.
fn within_limit(amount: &str, field: &'static str) -> Rule {
    let (request, limit) = (format!("self.requests.{amount}"), format!("self.limits.{amount}"));
    let both = format!(
        "has(self.requests) && has(self.limits) && has({request}) && has({limit}) \
         && isQuantity({request}) && isQuantity({limit})"
    );
    Rule::new(
        "spec.kubernetes.resources",
        format!("!({both}) || quantity({request}).compareTo(quantity({limit})) <= 0"),
        format!("<<{request}>> is above the limit of <<{limit}>>"),
    )
    .help("write a request that is at most the limit, or a higher limit")
    .field(field)
}

pub(super) fn port_settings() -> Vec<Rule> {
    let last = "has(self.http) && self.http == 65535";
    let http = "(has(self.http) ? self.http : self.webSite == 'Default' ? 80 : 8530)";
    vec![
        Rule::new("spec", format!("!({last})"), "HTTP port 65535 leaves no port for HTTPS")
            .help("write a port below 65535: HTTPS is HTTP + 1")
            .field(".http"),
        Rule::new(
            "spec",
            format!(
                "{last} || !has(self.https) || self.https == ({http} == 80 ? 443 : {http} + 1)"
            ),
            format!("HTTPS port <<self.https>> does not belong to HTTP port <<{http}>>"),
        )
        .help("when HTTP is 80, HTTPS is 443; otherwise HTTPS is HTTP + 1")
        .field(".https"),
    ]
}
