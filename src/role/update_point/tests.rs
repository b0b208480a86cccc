use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::json;
use uuid::Uuid;

use super::fixture::*;
use crate::{
    clock,
    error_text::with_causes,
    model::{Digest, Listener},
    role::Reporter,
    wire::{
        export_file::ExportFile,
        server_sync::{
            Deployment, DeploymentAction, FileDecryption, Filter, RevisionIdList, TargetGroup,
        },
    },
};

#[tokio::test]
async fn import_takes_every_document_byte_for_byte() {
    let place = Place::imported().await;
    let bytes = fs::read(EXPORT).unwrap();
    let export = ExportFile::parse(&bytes).unwrap();
    for (identity, text) in export.documents() {
        let stored = place.point.catalog().documents(&[identity]).unwrap();
        assert!(stored[0].text == text, "{identity}");
    }
    let state = place.point.state().await.unwrap().unwrap();
    assert_eq!(state.revisions, EXPORTED);
    let facts = state.import_file.unwrap();
    assert_eq!(facts.digest, Digest::of(&bytes));
    assert_eq!(state.last_synchronization.unwrap().imported, Some(facts.digest));
    let again = place.point.import(&Reporter::silent()).await.unwrap();
    assert_eq!(new_revisions(&again), 0);
}

#[tokio::test]
async fn a_damaged_export_changes_nothing() {
    let place = Place::new(json!({"type": "None"})).await;
    let version = place.point.catalog().version().unwrap();
    let whole = fs::read(EXPORT).unwrap();
    let file = place.directory.path().join("export.cab");
    place.configure(json!({"type": "Import", "file": file})).await.unwrap();
    let error = place.point.import(&Reporter::silent()).await.unwrap_err();
    assert!(with_causes(&error).contains("export.cab is not there"), "{error}");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 0x10;
    let longer = [whole.as_slice(), b"more"].concat();
    for damaged in [&flipped[..], &whole[..whole.len() - 1], &whole[..40], &longer, b""] {
        fs::write(&file, damaged).unwrap();
        let error = place.point.import(&Reporter::silent()).await.unwrap_err();
        assert!(error.to_string().contains("export.cab"), "{error}");
        assert_eq!(place.count(), 0);
        assert_eq!(place.point.catalog().version().unwrap(), version);
        assert_eq!(place.point.catalog().last_synchronization().unwrap(), None);
    }
    fs::write(&file, whole).unwrap();
    let healed = place.point.import(&Reporter::silent()).await.unwrap();
    assert_eq!(new_revisions(&healed), EXPORTED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_points_ends_up_the_same() {
    let top = Place::imported().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let (_proxy, url) = proxy(top.url(), move |call, _| {
        counted.fetch_add(usize::from(call == "GetUpdateData"), Ordering::Relaxed);
        Verdict::Pass
    })
    .await;
    let middle = Place::below(&url).await;
    assert_eq!(new_revisions(&middle.synchronize().await.unwrap()), EXPORTED);
    assert_eq!(asked.swap(0, Ordering::Relaxed), 42);
    let bottom = Place::below(&middle.url()).await;
    assert_eq!(new_revisions(&bottom.synchronize().await.unwrap()), EXPORTED);
    let versions = [&top, &middle, &bottom].map(|it| it.point.catalog().version().unwrap());
    assert!(versions[0].is_some());
    assert_eq!(versions, [versions[0]; 3]);
    let catalogs = [&top, &middle, &bottom].map(|it| it.point.catalog());
    let order = |it: usize| -> RevisionIdList {
        let list = catalogs[it].revision_list(&Filter { get_config: true, ..Filter::default() });
        RevisionIdList { anchor: None, new_revisions: list.unwrap().revisions }
    };
    assert_eq!(order(0), order(2), "prerequisites come first all the way down");
    for batch in order(0).new_revisions.chunks(100) {
        let documents = catalogs.map(|it| it.documents(batch).unwrap());
        assert!(documents[0] == documents[2]);
    }
    let languages = catalogs.map(|it| it.languages(None).unwrap().0);
    assert!(!languages[0].is_empty());
    assert_eq!(languages[0], languages[2]);
    // Nothing changed: nothing is listed, and nothing is fetched.
    assert_eq!(new_revisions(&middle.synchronize().await.unwrap()), 0);
    assert_eq!(asked.load(Ordering::Relaxed), 0);
    let state = bottom.point.state().await.unwrap().unwrap();
    assert_eq!(state.last_synchronization.unwrap().from, middle.url());
}

#[tokio::test]
async fn settings_and_port_come_back_after_a_restart() {
    let place = Place::new(json!({"type": "None"})).await;
    let before = place.point.state().await.unwrap();
    place.point.close().await;
    let closed = place.point.state().await.unwrap().unwrap();
    assert!(matches!(closed.listener, Listener::Closed(_)));
    let again = open(place.directory.path().to_owned()).await;
    assert_eq!(again.state().await.unwrap(), before);
    again.remove().await.unwrap();
    assert_eq!(again.state().await.unwrap(), None);
    let again = open(place.directory.path().to_owned()).await;
    assert_eq!(again.state().await.unwrap(), None);
}

#[tokio::test]
async fn a_port_in_use_is_said_and_the_old_one_keeps_serving() {
    let place = Place::new(json!({"type": "None"})).await;
    let taken = std::net::TcpListener::bind((ip(), 0)).unwrap();
    let number = taken.local_addr().unwrap().port();
    let before = place.point.state().await.unwrap();
    let name: crate::model::Name = "cen-sup".parse().unwrap();
    let wanted = settings(number, &json!({"type": "None"}));
    let error = place.point.configure(name.clone(), wanted.clone()).await.unwrap_err();
    assert!(error.to_string().contains(&format!("{}:{number} is in use", ip())), "{error}");
    assert_eq!(place.point.state().await.unwrap(), before);
    assert!(std::net::TcpStream::connect((ip(), place.port)).is_ok());
    drop(taken);
    place.point.configure(name, wanted).await.unwrap();
    assert!(std::net::TcpStream::connect((ip(), number)).is_ok());
    assert!(std::net::TcpStream::connect((ip(), place.port)).is_err(), "the old port is closed");
}

#[tokio::test]
async fn a_port_in_use_at_start_is_opened_when_configured_again() {
    let place = Place::new(json!({"type": "None"})).await;
    place.point.close().await;
    let taken = std::net::TcpListener::bind((ip(), place.port)).unwrap();
    let again = open(place.directory.path().to_owned()).await;
    let state = again.state().await.unwrap().unwrap();
    let Listener::Closed(why) = &state.listener else { panic!("{:?}", state.listener) };
    assert!(why.contains("in use"), "{why}");
    drop(taken);
    again.configure(state.name, state.settings).await.unwrap();
    let state = again.state().await.unwrap().unwrap();
    assert_eq!(state.listener, Listener::Open(format!("{}:{}", ip(), place.port)));
}

fn deployment(number: u128, update: u128, group: Uuid) -> Deployment {
    Deployment {
        id: Uuid::from_u128(number),
        identity: identity(update),
        action: DeploymentAction::Install,
        admin_name: "admin".to_owned(),
        deadline: Some("2026-12-01T00:00:00Z".parse().unwrap()),
        is_assigned: true,
        go_live: "2026-10-04T20:33:26.1234567Z".parse().unwrap(),
        group,
        download_priority: 3,
    }
}

impl Place {
    /// Makes it a replica of the server at this address, or not.
    async fn replicates(&self, url: &str, replica: bool) {
        let mut settings = settings(self.port, &json!({"type": "ParentSite", "url": url}));
        settings.replica = replica;
        self.point.configure("sec-sup".parse().unwrap(), settings).await.unwrap();
        self.synchronize().await.unwrap();
    }
}

#[tokio::test]
async fn a_replica_takes_over_groups_and_approvals_and_what_becomes_of_them() {
    let top = Place::with_updates(4).await;
    let replica = Place::new(json!({"type": "None"})).await;
    let (of_top, of_replica) = (top.point.catalog(), replica.point.catalog());
    let servers = TargetGroup {
        id: Uuid::from_u128(77),
        parent: Some(TargetGroup::ALL_COMPUTERS),
        name: "Servers".to_owned(),
        built_in: false,
    };
    of_top.set_target_groups(std::slice::from_ref(&servers), clock::now()).unwrap();
    let all = TargetGroup::ALL_COMPUTERS;
    let made = [deployment(1, 1, all), deployment(2, 2, servers.id), deployment(3, 3, all)];
    of_top.put_deployments(&made, clock::now()).unwrap();
    of_top.set_hidden_updates(&[Uuid::from_u128(4)]).unwrap();
    of_top.set_accepted_eulas(&[Uuid::from_u128(9)]).unwrap();
    // What was approved here before goes: a replica approves nothing.
    of_replica.put_deployments(&[deployment(50, 1, all)], clock::now()).unwrap();
    replica.replicates(&top.url(), true).await;
    assert_eq!(of_replica.approvals().unwrap(), of_top.approvals().unwrap());
    // What has changed comes with the next synchronization, and so does what is no more.
    of_top.set_target_groups(&[], clock::now()).unwrap();
    of_top.remove_deployments(&[Uuid::from_u128(1)], clock::now()).unwrap();
    of_top.put_deployments(&[deployment(4, 4, all)], clock::now()).unwrap();
    replica.synchronize().await.unwrap();
    let approvals = of_replica.approvals().unwrap();
    assert_eq!(approvals, of_top.approvals().unwrap());
    assert_eq!(approvals.deployments.len(), 2);
    // A replica of the replica is told the same.
    let second = Place::new(json!({"type": "None"})).await;
    second.replicates(&replica.url(), true).await;
    assert_eq!(second.point.catalog().approvals().unwrap(), approvals);
    // Other servers have approvals of their own, and once one is a replica again they go.
    replica.replicates(&top.url(), false).await;
    of_replica.put_deployments(&[deployment(60, 1, all)], clock::now()).unwrap();
    of_top.put_deployments(&[deployment(5, 1, all)], clock::now()).unwrap();
    replica.synchronize().await.unwrap();
    assert_eq!(of_replica.approvals().unwrap().deployments.len(), 3);
    replica.replicates(&top.url(), true).await;
    assert_eq!(of_replica.approvals().unwrap(), of_top.approvals().unwrap());
}

#[tokio::test]
async fn upstream_servers_are_told_who_is_below_them() {
    let top = Place::with_updates(2).await;
    let middle = Place::below(&top.url()).await;
    middle.synchronize().await.unwrap();
    let bottom = Place::new(json!({"type": "None"})).await;
    bottom.replicates(&middle.url(), true).await;
    let of = async |place: &Place| -> Vec<(String, bool)> {
        let state = place.point.state().await.unwrap().unwrap();
        state.downstream_servers.into_iter().map(|it| (it.name, it.replica)).collect()
    };
    assert_eq!(of(&middle).await, [("sec-sup".to_owned(), true)]);
    assert_eq!(of(&top).await, [("cen-sup".to_owned(), false)]);
    // The next time it tells of the one below it, too.
    middle.synchronize().await.unwrap();
    let names = [("cen-sup".to_owned(), false), ("sec-sup".to_owned(), true)];
    assert_eq!(of(&top).await, names);
    let servers = top.point.catalog().downstream_servers().unwrap();
    assert_eq!(servers[1].parent, Some(servers[0].id));
    assert_eq!(servers[0].summary.updates, 2);
    assert!(servers[0].last_rollup.is_some() && servers[0].last_synchronization.is_some());
}

#[tokio::test]
async fn a_server_that_does_not_want_to_be_told_is_synchronized_with_all_the_same() {
    let top = Place::with_updates(2).await;
    let (_proxy, url) = proxy(top.url(), |call, _| match call {
        "GetRollupConfiguration" => Verdict::Answer(404, Vec::new()),
        _ => Verdict::Pass,
    })
    .await;
    let child = Place::below(&url).await;
    assert_eq!(new_revisions(&child.synchronize().await.unwrap()), 2);
    assert!(top.point.catalog().downstream_servers().unwrap().is_empty());
}

#[tokio::test]
async fn keys_of_encrypted_files_come_with_their_updates() {
    let top = Place::with_updates(1).await;
    let mut secured =
        changed(2, |text| text.replace("\"en\"/>", "\"en\"><u:SecuredFragment/></u:Properties>"));
    secured.file_digests = vec![vec![2; 20]];
    assert!(secured.index.secured_fragment);
    let catalog = top.point.catalog();
    catalog.store_batch(&[secured], &[], clock::now()).unwrap();
    let key = FileDecryption { file_digest: vec![2; 20], decryption_key: Some(vec![5; 32]) };
    catalog.store_file_keys(std::slice::from_ref(&key)).unwrap();
    let (_proxy, url) = proxy(top.url(), |call, _| match call {
        "GetUpdateDecryptionData" => Verdict::Answer(404, Vec::new()),
        _ => Verdict::Pass,
    })
    .await;
    let without = Place::below(&url).await;
    assert_eq!(new_revisions(&without.synchronize().await.unwrap()), 2);
    let child = Place::below(&top.url()).await;
    child.synchronize().await.unwrap();
    let keys = |place: &Place| place.point.catalog().file_keys(&[identity(2)]).unwrap();
    assert!(keys(&without)[0].files.is_empty());
    assert_eq!(keys(&child)[0].files, [key]);
}
