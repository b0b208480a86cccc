//! An API server that ends and comes back, whose disk is slow, and that has forgotten what an operator asks
//! it for. These have a server of their own, and share it: one after the other.

use std::{sync::Arc, time::Duration};

use headwater::model::Kind;
use serde_json::json;
use tokio::time::sleep;

use super::{
    cluster::place_at,
    contoso::Contoso,
    journal::{done, repeated},
    own_server::Server,
    tenure::assert_one_at_a_time,
};

const MINIMAL: &str = include_str!("../../../examples/minimal/headwater.yaml");

const ARGUMENTS: [&str; 4] = ["--placement", "Embedded", "--log-format", "json"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_befalls_the_api_server_the_hierarchy_becomes_as_wanted_and_nothing_is_done_twice()
{
    let Some(server) = Server::start() else { return };
    it_ends_and_comes_back(&server).await;
    its_disk_is_slow(&server).await;
    it_has_forgotten_what_changed(&server).await;
}

/// In the middle of the first pass.
async fn it_ends_and_comes_back(server: &Server) {
    let place = place_at(server.directory(), "comes-back").await;
    let contoso = Contoso::new();
    let data = Arc::new(tempfile::tempdir().unwrap());
    let content = contoso.content.to_str().unwrap();
    let first = place.operator_with(&data, content, &ARGUMENTS);
    first.until_said("this operator holds the lease").await;
    let second = place.operator_with(&data, content, &ARGUMENTS);
    place.create(&contoso.documents).await;
    place.until_plan(|it| it.actions_total > 0).await;
    server.down("kube-apiserver");
    first.until_said("cannot be written").await;
    second.until_said("cannot be had").await;
    server.up();
    contoso.until_ready(&place).await;
    assert_one_at_a_time(&[&first, &second]);
    let done = done(data.path(), &place.namespace);
    // What was under way when an operator ended is found done by the next one, and is in no run.
    assert!(done.len() > 30, "{done:#?}");
    let repeated = repeated(&done);
    assert!(repeated.is_empty(), "{repeated:?} of {done:#?}");
}

/// Most of the time nothing can be read or written.
async fn its_disk_is_slow(server: &Server) {
    let place = place_at(server.directory(), "slow").await;
    let data = Arc::new(tempfile::tempdir().unwrap());
    let operator = place.operator_with(&data, "examples/minimal", &ARGUMENTS);
    operator.until_said("this operator holds the lease").await;
    let stalls = async {
        loop {
            server.signal("etcd", "STOP");
            sleep(Duration::from_millis(1_200)).await;
            server.signal("etcd", "CONT");
            sleep(Duration::from_millis(300)).await;
        }
    };
    let converges = async {
        place.create(MINIMAL).await;
        place.until_ready(Kind::Package, "welcome").await;
        place.until_ready(Kind::SoftwareUpdatePoint, "updates").await;
    };
    tokio::select! {
        () = stalls => {}
        () = converges => {}
    }
    server.signal("etcd", "CONT");
    assert_one_at_a_time(&[&operator]);
    let done = done(data.path(), &place.namespace);
    let repeated = repeated(&done);
    assert!(repeated.is_empty(), "{repeated:?} of {done:#?}");
}

/// While an operator stood still, what it has not seen yet was compacted away.
async fn it_has_forgotten_what_changed(server: &Server) {
    let mut place = place_at(server.directory(), "forgotten").await;
    let user = place.restricted().await;
    place.create(MINIMAL).await;
    let arguments = ["--placement", "Embedded", "--lease", "headwater"];
    let operator = place.operator("examples/minimal", &arguments);
    place.until_ready(Kind::Package, "welcome").await;
    let broken = MINIMAL.rsplit("---").next().unwrap().replace("welcome", "broken");
    place.create(&broken.replace("ONE00001", "ONE00002").replace("- content", "- nowhere")).await;
    let invalid = |why: &'static str| {
        move |it: &headwater::operator::ResourceStatus| {
            it.conditions.iter().any(|it| it.reason == why)
        }
    };
    place.until((Kind::Site, "one"), invalid("OthersInvalid")).await;
    operator.signal("STOP");
    let lists = || place.requests(&user).iter().filter(|it| it.0 == "list").count();
    let before = lists();
    // What happens from here on is told by no connection that is still open.
    server.down("kube-apiserver");
    server.up();
    // Without noticing that this one is gone, nothing would ever be done again.
    place.delete(Kind::Package, "broken").await;
    place.until_gone(Kind::Package, "broken").await;
    place.merge(Kind::Package, "welcome", json!({"spec": {"sourceVersion": 2}})).await;
    server.forget().await;
    operator.signal("CONT");
    place.until_ready(Kind::Package, "welcome").await;
    place.until_ready(Kind::Site, "one").await;
    assert!(lists() > before, "it was told what it had missed: {}", operator.log());
}
