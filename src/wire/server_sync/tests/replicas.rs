//! The calls that only some downstream servers make.

use uuid::Uuid;

use super::{super::*, cookie, identity, reads_back};
use crate::wire::soap::Operation;

#[test]
fn calls_of_replicas_read_back() {
    let [all, unassigned] = TargetGroup::built_in();
    let custom = TargetGroup {
        id: Uuid::from_u128(9),
        parent: Some(all.id),
        name: "Servers & co".to_owned(),
        built_in: false,
    };
    let deployment = Deployment {
        id: Uuid::from_u128(7),
        identity: identity(1),
        action: DeploymentAction::Install,
        admin_name: "EXAMPLE\\admin".to_owned(),
        deadline: None,
        is_assigned: true,
        go_live: "2026-10-04T20:33:26.1234567Z".parse().unwrap(),
        group: custom.id,
        download_priority: 2,
    };
    let until = Deployment {
        deadline: Some("2026-12-01T00:00:00Z".parse().unwrap()),
        action: DeploymentAction::Block,
        ..deployment.clone()
    };
    reads_back::<GetDeployments>(
        &GetDeploymentsRequest {
            cookie: cookie(),
            deployment_anchor: Some("1,a".to_owned()),
            sync_anchor: Some("1,b".to_owned()),
        },
        &DeploymentResult {
            anchor: Some("1,b".to_owned()),
            groups: vec![all, unassigned, custom],
            deployments: vec![deployment, until],
            dead_deployments: vec![Uuid::from_u128(1)],
            hidden_updates: vec![Uuid::from_u128(2), Uuid::from_u128(3)],
            accepted_eulas: vec![Uuid::from_u128(4)],
        },
    );
    reads_back::<DownloadFiles>(
        &DownloadFilesRequest { cookie: cookie(), file_digests: vec![vec![1; 20], vec![2; 20]] },
        &(),
    );
    let file = FileDecryption { file_digest: vec![1; 20], decryption_key: Some(vec![3; 32]) };
    let without = FileDecryption { file_digest: vec![2; 20], decryption_key: None };
    reads_back::<GetUpdateDecryptionData>(
        &GetUpdateDecryptionDataRequest { cookie: cookie(), update_ids: vec![identity(1)] },
        &vec![
            UpdateDecryption { identity: identity(1), files: vec![file.clone(), without] },
            UpdateDecryption { identity: identity(2), files: Vec::new() },
        ],
    );
    assert!(!format!("{file:?}").contains("3, 3"), "keys are not for logs");
    let item = IdAndDelta { id: Uuid::from_u128(5), delta: true };
    reads_back::<GetDriverIdList>(
        &GetDriverIdListRequest {
            cookie: cookie(),
            filter: DriverFilter {
                anchor: None,
                categories: vec![item],
                computer_ids: Vec::new(),
                hardware_ids: vec![("PCI\\VEN_8086&DEV_1".to_owned(), false)],
            },
        },
        &DriverList {
            anchor: Some("1,a".to_owned()),
            new_revisions: vec![identity(6)],
            new_driver_sets: vec![Uuid::from_u128(1)],
            removed_driver_sets: Vec::new(),
        },
    );
    reads_back::<GetDriverSetData>(
        &GetDriverSetDataRequest { cookie: cookie(), driver_sets: vec![Uuid::from_u128(1)] },
        &vec![DriverSet { id: Uuid::from_u128(1), document: "<set/>".to_owned() }],
    );
    reads_back::<GetRelatedRevisionsForUpdates>(
        &GetRelatedRevisionsForUpdatesRequest {
            cookie: cookie(),
            update_ids: vec![Uuid::from_u128(1)],
        },
        &vec![identity(3)],
    );
}

#[test]
fn deployments_of_the_specification_are_read() {
    let request = GetDeployments::decode_request(capture!("spec.GetDeployments.request.xml"));
    let request = request.unwrap();
    assert_eq!(request.sync_anchor.as_deref(), Some("4742,2006-05-26 18:59:26.192"));
    assert_eq!(request.deployment_anchor, None);
    let result = GetDeployments::decode_response(capture!("spec.GetDeployments.response.xml"));
    let result = result.unwrap();
    let groups: Vec<_> = result.groups.iter().map(|it| (it.id, it.built_in)).collect();
    let built_in = TargetGroup::built_in().map(|it| (it.id, true));
    assert_eq!(groups, built_in);
    assert_eq!(result.deployments.len(), 2);
    let deployment = &result.deployments[0];
    assert_eq!((deployment.action, deployment.deadline), (DeploymentAction::Install, None));
    assert_eq!(deployment.go_live.to_string(), "2006-05-24T15:37:08.887Z");
    assert_eq!((result.dead_deployments.len(), result.hidden_updates.len()), (0, 2));
}
