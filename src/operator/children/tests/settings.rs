//! What the manifests and the operator's command line say, in the objects.

use serde_json::json;

use super::*;
use crate::operator::children::IssuerReference;

/// A site with all that can be said of its pods, two distribution points that share a certificate, one on a
/// computer of its own, and a site server elsewhere.
pub(super) const ALL: &str = r#"
apiVersion: headwater.dev/v1alpha1
kind: Site
metadata: {name: one}
spec:
  siteCode: ONE
  type: Primary
  mode: Mixed
  version: "2403"
  siteServer: one-srv
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {name: one-srv}
spec:
  site: one
  address: one-srv.contoso.example
  placement: Remote
  agent: {url: "https://one-srv.contoso.example:8550"}
  internetAccess: true
  software: {wsus: "10.0"}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {name: one-dp}
spec:
  site: one
  address: one-dp.contoso.example
  placement: Kubernetes
  kubernetes:
    storage: {size: 1.5Ti, className: fast-ssd}
    resources: {requests: {cpu: 500m}, limits: {memory: 4Gi}}
    nodeSelector: {kubernetes.io/arch: amd64}
    zone: west-1
    serviceType: LoadBalancer
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {name: second-agent}
spec: {site: one, address: 10.0.0.7, software: {client: "2403"}}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {name: idle}
spec: {site: one, address: idle.contoso.example}
---
apiVersion: headwater.dev/v1alpha1
kind: DistributionPoint
metadata: {name: one-dp}
spec: {site: one, siteSystem: one-dp, protocol: HTTPS, certificate: {secretRef: {name: content}}}
---
apiVersion: headwater.dev/v1alpha1
kind: DistributionPoint
metadata: {name: second}
spec:
  site: one
  siteSystem: second-agent
  protocol: HTTPS
  certificate: {secretRef: {name: content}}
  pull: {sources: [{distributionPoint: one-dp}]}
"#;

pub(super) fn all() -> Hosting {
    Hosting {
        image_pull_secrets: vec!["registry".to_owned()],
        log: Some("info".to_owned()),
        issuer: Some(IssuerReference {
            name: "contoso".to_owned(),
            kind: "ClusterIssuer".to_owned(),
            group: "cert-manager.io".to_owned(),
            internal_names: true,
        }),
        ..hosting()
    }
}

#[test]
fn the_objects_with_all_settings_are_these() {
    let (hierarchy, hosting) = (hierarchy(ALL), all());
    assert_eq!(wanted(&hierarchy, &hosting, "one-srv"), [], "it is elsewhere");
    for name in ["one-dp", "second-agent", "idle"] {
        insta::with_settings!({filters => vec![("sha256:[0-9a-f]{64}", "sha256:[digest]")]}, {
            insta::assert_snapshot!(name, yaml(&wanted(&hierarchy, &hosting, name)));
        });
    }
}

#[test]
fn no_object_takes_the_name_of_another_one() {
    // The agent's service of a site system `second` would have that name.
    let all = wanted(&hierarchy(ALL), &all(), "second-agent");
    let names: Vec<_> =
        all.iter().filter(|it| it.kind.kind == "Service").map(|it| &it.name).collect();
    assert!(names.iter().all(|name| name.as_str() != "second-agent"), "{names:?}");
}

#[test]
fn an_issuer_of_the_internet_is_asked_for_no_name_of_the_cluster() {
    let mut hosting = all();
    hosting.issuer.as_mut().unwrap().internal_names = false;
    let all = wanted(&hierarchy(ALL), &hosting, "one-dp");
    let spec = &object(&all, "Certificate", "content")["spec"];
    assert_eq!(spec["dnsNames"], json!(["one-dp.contoso.example"]));
    assert_eq!(spec["ipAddresses"], json!(["10.0.0.7"]));
}

#[test]
fn without_an_issuer_the_secret_is_somebody_elses() {
    let all = wanted(&hierarchy(ALL), &hosting(), "one-dp");
    assert!(all.iter().all(|it| it.kind.kind != "Certificate"));
    let set = object(&all, "StatefulSet", "one-dp");
    let volumes = &set["spec"]["template"]["spec"]["volumes"];
    assert!(volumes.to_string().contains(r#""secretName":"content""#), "{volumes}");
}

#[test]
fn the_volume_goes_with_its_object_only_where_the_owner_says_so() {
    let (hierarchy, hosting) = (hierarchy(ALL), hosting());
    let children = Children::of(&hierarchy, &hosting);
    let name = "idle".parse().unwrap();
    for (removes_data, policy) in [(false, None), (true, Some("Delete"))] {
        let owner = Owner { removes_data, ..owner(&name) };
        let all = children.wanted(&name, &owner);
        let set = object(&all, "StatefulSet", "idle");
        let said = set["spec"].pointer("/persistentVolumeClaimRetentionPolicy/whenDeleted");
        assert_eq!(said.and_then(Value::as_str), policy);
    }
}

#[test]
fn what_a_pod_is_given_is_no_affair_of_a_plan() {
    let (before, other) = (hierarchy(ALL), ALL.replace("1.5Ti", "2Ti").replace("west-1", "west-2"));
    let after = hierarchy(&other);
    assert_ne!(before, after);
    for (name, system) in &before.site_systems {
        assert_eq!(system.settings, after.site_systems[name].settings);
    }
}
