//! Names and labels of the objects of a site system.

use serde_json::{Map, Value, json};

use super::Hosting;
use crate::model::{Digest, Name, Port, SiteSystem};

/// The longest name of a `StatefulSet` whose pods can have the label with their revision, eleven characters
/// more; and the longest of ours is this with `-agent` behind it.
const LONGEST: usize = 52;

/// What stands behind the names of objects that others than the client's service have: a site system with
/// such a name would take them.
const SUFFIXES: [&str; 3] = ["-agent", "-join", "-names"];

/// So much of a digest keeps shortened names apart.
const DIGITS: usize = 8;

/// The label of everything that belongs to a site system, and of its pods.
pub(super) const SITE_SYSTEM: &str = "headwater.dev/site-system";
/// The label with the code of its site.
pub(super) const SITE: &str = "headwater.dev/site";
/// The label that all pods of site systems have.
pub(super) const PART: &str = "app.kubernetes.io/name";
/// Its value.
pub(super) const SITE_SYSTEMS: &str = "headwater-site-system";
/// The labels of everything that is made for site systems.
pub const MADE: [(&str, &str); 2] =
    [("app.kubernetes.io/managed-by", "headwater"), ("app.kubernetes.io/component", "site-system")];
/// The annotation with the digest of what was applied last. What is no longer wanted is still in an object that
/// has all that is: by the digest it is seen, and applying takes it away.
pub(super) const APPLIED: &str = "headwater.dev/applied";
/// The label that tells hierarchies apart.
pub(super) const INSTANCE: &str = "app.kubernetes.io/instance";

/// The name of a site system's objects: its own, if services can have it (they begin with a letter), pods fit
/// behind it, and no object of another site system has it.
pub fn object_name(system: &Name) -> String {
    let name = system.as_str();
    let begins = name.starts_with(|it: char| it.is_ascii_lowercase());
    if begins && name.len() <= LONGEST && !SUFFIXES.iter().any(|it| name.ends_with(it)) {
        return name.to_owned();
    }
    let digest = Digest::of(name.as_bytes()).to_string();
    let digits: String =
        digest.chars().filter(char::is_ascii_hexdigit).rev().take(DIGITS).collect();
    let prefix = if begins { "" } else { "system-" };
    let room = LONGEST - DIGITS - 1 - prefix.len();
    let kept = name.get(..room.min(name.len())).unwrap_or(name).trim_end_matches('-');
    format!("{prefix}{kept}-{digits}")
}

/// The secret with the token by which an agent joins: it has one key, `token`.
pub fn join_secret(system: &Name) -> String {
    format!("{}-join", object_name(system))
}

/// The claim of the volume with a site system's data.
pub fn claim_name(system: &Name) -> String {
    format!("data-{}-0", object_name(system))
}

/// The service that makes the agent's pod a name.
pub(super) fn agent_service(system: &Name) -> String {
    format!("{}-agent", object_name(system))
}

/// The configuration with the addresses of others.
pub(super) fn names_map(system: &Name) -> String {
    format!("{}-names", object_name(system))
}

impl Hosting {
    /// The name by which a service is found from everywhere in the cluster.
    pub(super) fn host(&self, service: &str) -> String {
        format!("{service}.{}.svc.{}", self.namespace, self.cluster_domain)
    }

    /// The address of an agent that is reached by its service.
    pub(in crate::operator) fn agent_url(&self, system: &Name, port: Port) -> String {
        format!("https://{}:{}", self.host(&agent_service(system)), port.get())
    }

    /// The labels of a site system's objects.
    pub(super) fn labels(&self, name: &Name, system: &SiteSystem) -> Map<String, Value> {
        let mut labels = self.labels_of_site(system);
        labels.insert(SITE_SYSTEM.to_owned(), json!(name));
        labels
    }

    /// The labels that the objects of all site systems of a site have.
    pub(super) fn labels_of_site(&self, system: &SiteSystem) -> Map<String, Value> {
        let labels =
            [(PART, SITE_SYSTEMS), (INSTANCE, &self.instance), (SITE, system.site.as_str())];
        labels.into_iter().chain(MADE).map(|(key, value)| (key.to_owned(), json!(value))).collect()
    }
}

/// Whether an object was made for a site system, by the operator. Labels alone are easily copied.
pub fn is_made_for_a_site_system(object: &Value) -> bool {
    let is_labelled = |(key, value): &(&str, &str)| object["metadata"]["labels"][key] == *value;
    MADE.iter().all(is_labelled) && object["metadata"]["annotations"][APPLIED].is_string()
}

/// What selects the pods of a site system. It can never change, so nothing is in it that might: no site, and no
/// instance.
pub(super) fn selector(name: &Name) -> Value {
    json!({"matchLabels": {PART: SITE_SYSTEMS, SITE_SYSTEM: name}})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str) -> String {
        object_name(&name.parse().unwrap())
    }

    #[test]
    fn objects_have_the_name_of_their_site_system_where_that_can_be() {
        assert_eq!(object("ams-dp1"), "ams-dp1");
        assert_eq!(object(&"a".repeat(52)), "a".repeat(52));
    }

    #[test]
    fn names_that_cannot_be_are_told_apart_by_a_digest() {
        let long = |last| object(&format!("{}{last}", "a-".repeat(31)));
        let all = [
            object("1"),
            object("ams-agent"),
            object("ams-join"),
            object(&format!("{}9", "1-".repeat(31))),
            long('1'),
            long('2'),
        ];
        insta::assert_snapshot!(all.join("\n"));
        for name in all {
            // What services are called (RFC 1035), with the longest that is put behind it.
            let name = format!("{name}-agent");
            assert!(
                name.len() <= 63 && name.starts_with(|it: char| it.is_ascii_lowercase()),
                "{name}"
            );
            assert!(name.parse::<Name>().is_ok(), "{name}");
        }
    }
}
