//! A cloud management gateway as a source (PDP-8): filled by the site server, pulled from over HTTPS by a
//! distribution point that reaches the Internet.

use std::fs;

use super::{
    http::request,
    remote_agent::{agent_with, own_ip, world},
    world::World,
};

/// The world of the remote agent, whose point pulls from a gateway.
fn world_with_gateway() -> (World, String, String) {
    let (world, branch) = world();
    let cloud = own_ip(&world, 3);
    world.edit("headwater.yaml", "  - content\n      - branch", "  - gateway\n      - branch");
    world.edit("headwater.yaml", "- distributionPoint: content", "- distributionPoint: gateway");
    world.append(
        "headwater.yaml",
        &format!(
            "---\napiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata:\n  name: cloud\n\
             spec:\n  site: one\n  address: {cloud}\n---\n\
             apiVersion: headwater.dev/v1alpha1\nkind: DistributionPoint\nmetadata:\n  \
             name: gateway\nspec:\n  site: one\n  siteSystem: cloud\n  \
             type: CloudManagementGateway\n  ports: content\n"
        ),
    );
    (world, branch, cloud)
}

#[test]
fn content_of_a_gateway_is_pulled_over_https_by_who_reaches_the_internet() {
    let (world, branch, cloud) = world_with_gateway();
    // The line of the branch does not lead there.
    let refused = world.with_manifests("validate").expect(1);
    assert!(refused.stdout.contains("PDP-8") && refused.stdout.contains("internetAccess: true"));
    let reaching = "  internetAccess: true\n  placement: Remote";
    world.edit("headwater.yaml", "  placement: Remote", reaching);
    // A gateway asks for no client of the field, and mixed mode is no matter of its.
    world.with_manifests("validate --strict").expect(0);

    world.with_manifests("up --once").expect(1);
    let authority = world.data().join("certificates/authority.crt");
    let running = agent_with(&world, &branch, &["--ca", authority.to_str().unwrap()]);
    let ended = world.with_manifests("up --once").expect(0);
    assert!(ended.stderr.contains("DistributeContent:Package/welcome"), "{}", ended.stderr);
    assert_eq!(world.plan()["actions"], serde_json::json!([]));
    let pulled = fs::read(world.path("agent/distribution-point/library/packages/ONE00001.json"));
    let pulled = String::from_utf8(pulled.unwrap()).unwrap();
    assert!(pulled.contains("\"gateway\""), "{pulled}");
    assert!(!world.library("server").join("packages/ONE00001.json").exists());

    // Everything that tells of it agrees.
    assert_eq!(world.listener("gateway"), format!("{cloud}:8081"));
    let clear = request(&format!("{cloud}:8081"), "GET", "/packages/ONE00001", &[], "");
    assert!(clear.is_err(), "nothing is served in the clear");
    let status = world.status();
    let points = status["distributionPoints"].as_array().unwrap();
    let packages = |name: &str| {
        let point = points.iter().find(|it| it["name"] == name).unwrap();
        (point["packages"].clone(), point["sources"].clone())
    };
    assert_eq!(packages("gateway"), (1.into(), serde_json::json!(["server"])));
    assert_eq!(packages("branch"), (1.into(), serde_json::json!(["gateway"])));
    let content = world.with_manifests("status --content --output json").expect(0).json();
    assert_eq!(content["counts"], serde_json::json!({"available": 2}));
    let graph = world.with_manifests("graph --output mermaid").expect(0).stdout;
    assert!(graph.contains("cloud management gateway"), "{graph}");
    let ports = world.with_manifests("ports").expect(0).stdout;
    for flow in ["sends content to `gateway`", "`branch` pulls content from `gateway`, priority 1"]
    {
        let line = ports.lines().find(|it| it.contains(flow)).unwrap_or_else(|| panic!("{ports}"));
        assert!(line.contains("HTTPS") && line.contains("8081"), "{line}");
    }
    // The look at the ports believes what the branch believes.
    let check = world.with_manifests("ports --check").expect(0).stdout;
    assert!(check.contains(&format!("{cloud}:8081")), "{check}");
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
}
