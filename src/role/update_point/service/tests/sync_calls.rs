//! The calls that only some downstream servers make.

use uuid::Uuid;

use super::{Caller, parameter};
use crate::{
    clock,
    role::update_point::fixture::{identity, software},
    store::catalog::NewRevision,
    wire::{
        dss_auth,
        monitoring::{Ping, PingRequest},
        reporting,
        server_sync::{
            self, Cookie, Deployment, DeploymentAction, DeploymentResult, DownloadFiles,
            DownloadFilesRequest, DriverFilter, FileDecryption, Filter, GetConfigData,
            GetConfigDataRequest, GetDeployments, GetDeploymentsRequest, GetDriverIdList,
            GetDriverIdListRequest, GetDriverSetData, GetDriverSetDataRequest,
            GetRelatedRevisionsForUpdates, GetRelatedRevisionsForUpdatesRequest, GetRevisionIdList,
            GetRevisionIdListRequest, GetUpdateData, GetUpdateDataRequest, GetUpdateDecryptionData,
            GetUpdateDecryptionDataRequest, IdAndDelta, TargetGroup,
        },
        soap::{ErrorCode, Fault, Operation},
    },
};

/// An update that has these files.
fn with_files(number: u128, digests: &[u8]) -> NewRevision {
    let file_digests = digests.iter().map(|it| vec![*it; 20]).collect();
    NewRevision { file_digests, ..software(number, &[]) }
}

fn deployment(number: u128, update: u128, group: Uuid) -> Deployment {
    Deployment {
        id: Uuid::from_u128(number),
        identity: identity(update),
        action: DeploymentAction::Install,
        admin_name: "admin".to_owned(),
        deadline: None,
        is_assigned: true,
        go_live: "2026-10-04T20:33:26Z".parse().unwrap(),
        group,
        download_priority: 1,
    }
}

impl Caller {
    /// What has changed for a replica that has come so far.
    async fn deployments(
        &self,
        cookie: &Cookie,
        after: Option<String>,
    ) -> Result<DeploymentResult, Fault> {
        let request =
            GetRevisionIdListRequest { cookie: cookie.clone(), filter: Filter::default() };
        let list = self.call::<GetRevisionIdList>(&request).await.unwrap();
        let request = GetDeploymentsRequest {
            cookie: cookie.clone(),
            deployment_anchor: after,
            sync_anchor: list.anchor,
        };
        self.call::<GetDeployments>(&request).await
    }
}

#[tokio::test]
async fn replicas_are_told_what_has_changed_between_two_anchors() {
    let caller = Caller::new(3).await;
    let cookie = caller.session().await;
    let catalog = caller.place.point.catalog();
    let ids = |result: &DeploymentResult| -> Vec<u128> {
        result.deployments.iter().map(|it| it.id.as_u128()).collect()
    };
    let first = caller.deployments(&cookie, None).await.unwrap();
    assert_eq!(first.groups, TargetGroup::built_in());
    assert_eq!((ids(&first).len(), first.dead_deployments.len()), (0, 0));
    let servers = TargetGroup {
        id: Uuid::from_u128(77),
        parent: Some(TargetGroup::ALL_COMPUTERS),
        name: "Servers".to_owned(),
        built_in: false,
    };
    catalog.set_target_groups(std::slice::from_ref(&servers), clock::now()).unwrap();
    let all = TargetGroup::ALL_COMPUTERS;
    // The fourth is of a revision that is not here yet.
    let made = [
        deployment(1, 1, all),
        deployment(2, 2, servers.id),
        deployment(3, 3, all),
        deployment(4, 4, all),
    ];
    catalog.put_deployments(&made, clock::now()).unwrap();
    catalog.set_hidden_updates(&[Uuid::from_u128(3)]).unwrap();
    catalog.set_accepted_eulas(&[Uuid::from_u128(8)]).unwrap();
    let second = caller.deployments(&cookie, first.anchor.clone()).await.unwrap();
    assert_eq!(ids(&second), [1, 2, 3]);
    assert_eq!(second.groups.len(), 3);
    assert_eq!(second.hidden_updates, [Uuid::from_u128(3)]);
    assert_eq!(second.accepted_eulas, [Uuid::from_u128(8)]);
    // Nothing has changed, and what is the same is no change.
    catalog.put_deployments(&made, clock::now()).unwrap();
    let same = caller.deployments(&cookie, second.anchor.clone()).await.unwrap();
    assert_eq!((ids(&same).len(), same.dead_deployments.len()), (0, 0));
    assert_eq!(same.hidden_updates.len(), 1, "always all of them");
    // One ends, one goes with its group, one changes, and the revision comes of the fourth.
    catalog.remove_deployments(&[Uuid::from_u128(1)], clock::now()).unwrap();
    catalog.set_target_groups(&[], clock::now()).unwrap();
    let changed = Deployment { action: DeploymentAction::Block, ..deployment(3, 3, all) };
    catalog.put_deployments(std::slice::from_ref(&changed), clock::now()).unwrap();
    catalog.store_batch(&[software(4, &[])], &[], clock::now()).unwrap();
    let third = caller.deployments(&cookie, same.anchor.clone()).await.unwrap();
    assert_eq!(ids(&third), [3, 4]);
    assert_eq!(third.deployments[0], changed);
    assert_eq!(third.dead_deployments, [1, 2].map(Uuid::from_u128));
    // Whoever begins is told what there is.
    let whole = caller.deployments(&cookie, None).await.unwrap();
    assert_eq!((ids(&whole), whole.dead_deployments.len()), (vec![3, 4], 0));

    let ask = async |after: Option<&str>, sync: Option<&str>| {
        let request = GetDeploymentsRequest {
            cookie: cookie.clone(),
            deployment_anchor: after.map(str::to_owned),
            sync_anchor: sync.map(str::to_owned),
        };
        caller.call::<GetDeployments>(&request).await.unwrap_err()
    };
    let anchor = whole.anchor.as_deref();
    assert_eq!(parameter(&ask(None, None).await), "syncAnchor");
    assert_eq!(parameter(&ask(None, Some("garbage")).await), "syncAnchor");
    assert_eq!(parameter(&ask(Some("garbage"), anchor).await), "deploymentAnchor");
    let of_another = ask(Some("1,2001-01-01 00:00:00.000"), anchor).await;
    assert_eq!(of_another.code, ErrorCode::ServerChanged);
}

#[tokio::test]
async fn files_are_wanted_and_have_keys() {
    let caller = Caller::new(0).await;
    let cookie = caller.session().await;
    let catalog = caller.place.point.catalog();
    catalog.store_batch(&[with_files(1, &[1, 2]), with_files(2, &[])], &[], clock::now()).unwrap();
    let download = async |digests: Vec<Vec<u8>>| {
        let request = DownloadFilesRequest { cookie: cookie.clone(), file_digests: digests };
        caller.call::<DownloadFiles>(&request).await
    };
    download(vec![vec![2; 20]]).await.unwrap();
    assert_eq!(catalog.wanted_files().unwrap(), [vec![2; 20]]);
    let fault = download(vec![vec![1; 20], vec![9; 20], vec![8; 20]]).await.unwrap_err();
    assert_eq!(fault.code, ErrorCode::FileDigestsMissing);
    assert_eq!(fault.message, "CAgICAgICAgICAgICAgICAgICAg=|CQkJCQkJCQkJCQkJCQkJCQkJCQk=");
    assert_eq!(catalog.wanted_files().unwrap().len(), 1, "all or nothing");
    assert_eq!(parameter(&download(Vec::new()).await.unwrap_err()), "fileDigestList");
    let many = download(vec![vec![1; 20]; 101]).await.unwrap_err();
    assert_eq!(parameter(&many), "fileDigestList");

    let key = FileDecryption { file_digest: vec![2; 20], decryption_key: Some(vec![5; 32]) };
    catalog.store_file_keys(std::slice::from_ref(&key)).unwrap();
    let keys = async |ids: Vec<u128>| {
        let update_ids = ids.into_iter().map(identity).collect();
        let request = GetUpdateDecryptionDataRequest { cookie: cookie.clone(), update_ids };
        caller.call::<GetUpdateDecryptionData>(&request).await
    };
    let given = keys(vec![2, 1]).await.unwrap();
    assert_eq!((given[0].identity, given[0].files.len()), (identity(2), 0));
    assert_eq!(given[1].files, [key]);
    assert_eq!(keys(vec![3]).await.unwrap_err().code, ErrorCode::InternalServerError);
    assert_eq!(parameter(&keys(Vec::new()).await.unwrap_err()), "updateIds");
    assert_eq!(parameter(&keys(vec![1; 101]).await.unwrap_err()), "updateIds");
}

#[tokio::test]
async fn drivers_are_not_listed_by_hardware() {
    let caller = Caller::new(1).await;
    let cookie = caller.session().await;
    let ask = async |filter: DriverFilter| {
        let request = GetDriverIdListRequest { cookie: cookie.clone(), filter };
        caller.call::<GetDriverIdList>(&request).await
    };
    let item = IdAndDelta { id: Uuid::from_u128(1), delta: true };
    let none = ask(DriverFilter { categories: vec![item], ..DriverFilter::default() }).await;
    let none = none.unwrap();
    assert!(none.anchor.is_some() && none.new_revisions.is_empty());
    let of_computers = DriverFilter { computer_ids: vec![item], ..DriverFilter::default() };
    assert_eq!(parameter(&ask(of_computers).await.unwrap_err()), "filter");
    let sets = async |driver_sets: Vec<Uuid>| {
        let request = GetDriverSetDataRequest { cookie: cookie.clone(), driver_sets };
        caller.call::<GetDriverSetData>(&request).await
    };
    assert!(sets(Vec::new()).await.unwrap().is_empty());
    assert_eq!(sets(vec![item.id]).await.unwrap_err().code, ErrorCode::TooManyIds);
    let related = GetRelatedRevisionsForUpdatesRequest { cookie, update_ids: vec![item.id] };
    assert!(caller.call::<GetRelatedRevisionsForUpdates>(&related).await.unwrap().is_empty());
}

#[tokio::test]
async fn no_call_is_answered_without_a_session_that_needs_one() {
    let caller = Caller::new(1).await;
    let cookie = Cookie::default();
    let one = vec![identity(1)];
    let refused = [
        caller.call::<GetConfigData>(&GetConfigDataRequest::default()).await.err(),
        caller.call::<GetRevisionIdList>(&GetRevisionIdListRequest::default()).await.err(),
        caller
            .call::<GetUpdateData>(&GetUpdateDataRequest {
                cookie: cookie.clone(),
                update_ids: one.clone(),
            })
            .await
            .err(),
        caller
            .call::<GetUpdateDecryptionData>(&GetUpdateDecryptionDataRequest {
                cookie: cookie.clone(),
                update_ids: one,
            })
            .await
            .err(),
        caller.call::<GetDeployments>(&GetDeploymentsRequest::default()).await.err(),
        caller.call::<GetDriverIdList>(&GetDriverIdListRequest::default()).await.err(),
        caller.call::<GetDriverSetData>(&GetDriverSetDataRequest::default()).await.err(),
        caller
            .call::<GetRelatedRevisionsForUpdates>(&GetRelatedRevisionsForUpdatesRequest::default())
            .await
            .err(),
        caller
            .call::<DownloadFiles>(&DownloadFilesRequest { cookie, file_digests: vec![vec![1]] })
            .await
            .err(),
    ];
    for (number, fault) in refused.into_iter().enumerate() {
        assert_eq!(fault.unwrap().code, ErrorCode::InvalidCookie, "call {number}");
    }
}

#[tokio::test]
async fn each_service_says_that_it_is_well() {
    let caller = Caller::new(2).await;
    let body = Ping::encode_request(&PingRequest { level: 0 }).unwrap();
    for path in [dss_auth::PATH, server_sync::PATH, reporting::PATH] {
        let response = caller.post(path, "text/xml", body.clone()).await;
        let health = Ping::decode_response(&response.bytes().await.unwrap()).unwrap();
        assert!(health.success && path.starts_with(&format!("/{}/", health.name)), "{health:?}");
        assert_eq!(health.database, "SQLite, 2 revisions");
    }
}
