//! All objects of the large example, whose manifests say nothing of Kubernetes.

use std::collections::BTreeSet;

use super::*;

#[test]
fn the_objects_of_contoso_are_these() {
    let (contoso, hosting) = (example("contoso"), hosting());
    let children = Children::of(&contoso, &hosting);
    let hosted: Vec<_> = children.hosted().collect();
    assert_eq!(hosted.len(), contoso.site_systems.len());
    for name in hosted {
        // The digest of what is applied says the same as all the rest.
        insta::with_settings!({filters => vec![("sha256:[0-9a-f]{64}", "sha256:[digest]")]}, {
            insta::assert_snapshot!(name.to_string(), yaml(&children.wanted(name, &owner(name))));
        });
    }
}

#[test]
fn every_object_is_there_once_and_of_its_owner() {
    let contoso = example("contoso");
    let all = all_wanted(&contoso, &hosting());
    let names: BTreeSet<_> = all.iter().map(|it| (&it.kind.kind, &it.name)).collect();
    assert_eq!(names.len(), all.len());
    for child in &all {
        let metadata = &child.object["metadata"];
        assert_eq!(metadata["namespace"], "contoso");
        assert_eq!(metadata["name"], child.name.as_str());
        assert_eq!(metadata["ownerReferences"].as_array().unwrap().len(), 1);
        assert_eq!(metadata["labels"]["app.kubernetes.io/managed-by"], "headwater");
    }
}

#[test]
fn whoever_is_connected_to_is_known_by_address() {
    let (contoso, hosting) = (example("contoso"), hosting());
    let children = Children::of(&contoso, &hosting);
    let names = children.service_names();
    for (name, system) in &contoso.site_systems {
        let address = system.settings.address.as_str();
        let serves = !children.roles(name).is_empty();
        assert_eq!(names.contains_key(address), serves, "{name}");
        assert!(children.agent_url(name).unwrap().starts_with(&format!("https://{name}-agent.")));
    }
    let all = children.wanted(&"ams-dp2".parse().unwrap(), &owner(&"ams-dp2".parse().unwrap()));
    let told = object(&all, "ConfigMap", "ams-dp2-names")["data"]["names"].as_str().unwrap();
    assert!(
        told.contains("ams-dp1.contoso.example ams-dp1.contoso.svc.cluster.local.\n"),
        "it pulls from there: {told}"
    );
    assert!(!told.contains("lis-dp"), "it has nothing to do with that one: {told}");
}
