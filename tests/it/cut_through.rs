//! A chain of pull distribution points, of which the middle one serves what it has while the rest still
//! comes: nobody waits for it to have everything.

use std::fs;

use super::world::World;

const CHAIN: &str = "---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {name: middle}
spec: {site: one, address: middle.example}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata: {name: last}
spec: {site: one, address: last.example}
---
apiVersion: headwater.dev/v1alpha1
kind: DistributionPoint
metadata: {name: middle}
spec:
  site: one
  siteSystem: middle
  ports: content
  pull: {cutThrough: CUTS, sources: [{distributionPoint: content}]}
---
apiVersion: headwater.dev/v1alpha1
kind: DistributionPoint
metadata: {name: last}
spec: {site: one, siteSystem: last, ports: content, pull: {sources: [{distributionPoint: middle}]}}
---
apiVersion: headwater.dev/v1alpha1
kind: Package
metadata: {name: image}
spec:
  packageId: ONE00077
  source: {path: SOURCE}
  distributeTo: {distributionPoints: [content, middle, last]}
";

fn chain(cuts: bool) -> World {
    let world = World::of("minimal");
    let source = world.path("image");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("image.wim"), b"0123456789abcdef".repeat(1 << 20)).unwrap();
    fs::write(source.join("read.me"), b"small").unwrap();
    let chain = CHAIN.replace("CUTS", &cuts.to_string());
    world.append("headwater.yaml", &chain.replace("SOURCE", source.to_str().unwrap()));
    world
}

/// What the action that brings the package to the last one comes after.
fn after(world: &World) -> Vec<String> {
    let plan = world.plan();
    let actions = plan["actions"].as_array().unwrap();
    let last = actions.iter().find(|action| {
        action["kind"] == "DistributeContent"
            && action["targets"].as_array().is_some_and(|it| it.iter().any(|it| it == "last"))
    });
    let after = last.unwrap()["after"].as_array().unwrap();
    after.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

#[test]
fn who_pulls_from_it_does_not_wait_until_it_has_everything() {
    let of_middle = "DistributeContent:Package/image@ONE.1".to_owned();
    assert!(after(&chain(false)).contains(&of_middle));
    let world = chain(true);
    let before = after(&world);
    assert!(!before.contains(&of_middle), "{before:?}");
    world.with_manifests("up --once").expect(0);
    let status = world.status();
    let points = status["distributionPoints"].as_array().unwrap();
    for name in ["middle", "last"] {
        let point = points.iter().find(|point| point["name"] == name).unwrap();
        assert_eq!((&point["packages"], &point["damaged"]), (&1.into(), &0.into()), "{point}");
    }
    assert_eq!(world.plan()["actions"].as_array().unwrap().len(), 0);
}
