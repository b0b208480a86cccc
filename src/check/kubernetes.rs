//! KUBERNETES: what a pod is given is said of a pod, and agrees with itself.

use super::{Problem, Rule, Severity, declaration::Declaration};
use crate::model::{FieldPath, Placement};

pub(super) const RULE: Rule = Rule {
    id: "KUBERNETES",
    severity: Severity::Error,
    summary: "`kubernetes` stands only at a site system that runs as a pod, and no request in it is above \
              its limit",
    why: "Storage, resources and services are given to pods. Where the agent runs elsewhere, nobody would \
          read them; and a pod that asks for more than it may have is never started.",
    wrong: "\
kind: SiteSystem
metadata: {name: ams-dp1}
spec:
  placement: Remote
  agent: {url: \"https://10.0.0.5:8550\"}
  kubernetes: {storage: {size: 200Gi}}
",
    right: "\
kind: SiteSystem
metadata: {name: ams-dp1}
spec:
  placement: Kubernetes
  kubernetes: {storage: {size: 200Gi}}
",
};

pub(super) fn check(declaration: &Declaration<'_>, problems: &mut Vec<Problem>) {
    for system in &declaration.site_systems {
        let document = system.document;
        let Some(kubernetes) = &document.spec().kubernetes else { continue };
        if let Some(placement @ (Placement::Embedded | Placement::Remote)) =
            document.spec().placement
        {
            let message = format!(
                "site system `{}` does not run as a pod, and `kubernetes` says what a pod is given",
                document.name
            );
            problems.push(
                document
                    .key(&RULE, "spec.kubernetes", message)
                    .related(document.place("spec.placement"), "where it runs")
                    .help(format!(
                        "remove `kubernetes`, or write `placement: Kubernetes` instead of `{placement:?}`"
                    )),
            );
        }
        for (key, request, limit) in kubernetes.resources.beyond_limits() {
            let message = format!("{request} is above the limit of {limit}");
            let path = |of: &str| {
                FieldPath::from(format!("spec.kubernetes.resources.{of}.{key}").as_str())
            };
            problems.push(
                document
                    .value(&RULE, path("requests"), message)
                    .related(document.place(path("limits")), "the limit")
                    .help("write a request that is at most the limit, or a higher limit"),
            );
        }
    }
}
