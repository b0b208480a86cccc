//! Files of updates and approvals that travel with a catalog, by hand.

use std::{fs::File, io::Write};

use serde_json::json;
use uuid::Uuid;

use super::{super::UpdatePointError, *};
use crate::{
    clock,
    error_text::with_causes,
    role::{
        Reporter,
        update_point::fixture::{Place, document_with_file, identity, settings, update_with_file},
    },
    wire::{
        agent::AgentOutcome,
        exchange::{ExportForm, ExportedParts, ImportedUpdates, ReceivedUpdates},
        server_sync::{Deployment, DeploymentAction, TargetGroup},
        update_content::UpdateContent,
        updates_file::{Carries, UpdatesFileWriter, UpdatesHead},
    },
};

const GROUP: Uuid = Uuid::from_u128(0xA);
const ALL: ExportedParts = ExportedParts { content: true, approvals: true };

fn deployment(number: u128) -> Deployment {
    Deployment {
        id: Uuid::from_u128(1_000 + number),
        identity: identity(number),
        action: DeploymentAction::Install,
        admin_name: "somebody".to_owned(),
        deadline: None,
        is_assigned: true,
        go_live: "2026-11-20T08:00:00Z".parse().unwrap(),
        group: GROUP,
        download_priority: 2,
    }
}

/// A point with two updates and their files, of which one is here, and an approval.
async fn full() -> (Place, UpdateContent) {
    let place = Place::new(json!({"type": "None"})).await;
    let updates = [update_with_file(1, b"one"), update_with_file(2, b"two")];
    let catalog = place.point.catalog();
    catalog.store_batch(&updates, &[], clock::now()).unwrap();
    let content = UpdateContent::of(&updates[0].index.files[0]).unwrap();
    place.point.update_files().put(&content, &b"one"[..]).unwrap();
    let name = "Pilots".to_owned();
    let group = TargetGroup { id: GROUP, parent: None, name, built_in: false };
    catalog.set_target_groups(&[group], clock::now()).unwrap();
    catalog.put_deployments(&[deployment(1)], clock::now()).unwrap();
    catalog.set_hidden_updates(&[Uuid::from_u128(2)]).unwrap();
    (place, content)
}

/// The bytes of an export.
async fn exported(place: &Place, with: ExportedParts) -> Vec<u8> {
    let form = ExportForm::Headwater;
    let exported = place.point.export(form, with, &Reporter::silent()).await.unwrap();
    let AgentOutcome::Exported(exported) = exported else { panic!("{exported:?}") };
    let told = (exported.revisions, exported.files, exported.approvals);
    assert_eq!(told, (2, u64::from(with.content), u64::from(with.approvals)));
    let mut from = place.point.files().take(Way::Exported, exported.digest).unwrap().unwrap();
    let mut bytes = Vec::new();
    std::io::copy(&mut from, &mut bytes).unwrap();
    bytes
}

async fn import(
    place: &Place,
    bytes: &[u8],
    approvals: bool,
) -> Result<ImportedUpdates, UpdatePointError> {
    let digest = crate::model::Digest::of(bytes);
    let (mut file, temporary) = place.point.files().begin().unwrap();
    file.write_all(bytes).unwrap();
    place.point.files().put(&temporary, Way::Received, digest).unwrap();
    let (name, verify_key) = ("updates.headwater".to_owned(), None);
    let received = ReceivedUpdates { digest, name, verify_key, force: true, approvals };
    let imported = place.point.import_received(received, &Reporter::silent()).await?;
    let AgentOutcome::Imported(imported) = imported else { panic!("{imported:?}") };
    Ok(imported)
}

#[tokio::test]
async fn files_and_approvals_travel_with_the_catalog() {
    let (from, content) = full().await;
    let bytes = exported(&from, ALL).await;
    let to = Place::new(json!({"type": "None"})).await;
    let imported = import(&to, &bytes, true).await.unwrap();
    assert_eq!((imported.new_revisions, imported.files, imported.approvals), (2, 1, 1));
    let path = to.point.update_files().path(content.name.sha1()).unwrap();
    assert_eq!(std::fs::read(path).unwrap(), b"one");
    let [of_from, of_to] = [&from, &to].map(|place| place.point.catalog().approvals().unwrap());
    assert_eq!(of_from.groups, of_to.groups);
    assert_eq!(of_from.deployments, of_to.deployments);
    assert_eq!(of_from.hidden_updates, of_to.hidden_updates);
    // Imported again, it is the same.
    let again = import(&to, &bytes, true).await.unwrap();
    assert_eq!((again.new_revisions, again.files), (0, 1));
}

#[tokio::test]
async fn approvals_are_taken_only_where_that_is_asked_for_and_possible() {
    let (from, _) = full().await;
    let bytes = exported(&from, ALL).await;
    let to = Place::new(json!({"type": "None"})).await;
    let imported = import(&to, &bytes, false).await.unwrap();
    assert_eq!((imported.approvals, imported.approvals_taken), (1, false));
    assert!(to.point.catalog().approvals().unwrap().deployments.is_empty());
    let error = import(&to, &exported(&from, ExportedParts::default()).await, true).await;
    let told = with_causes(&error.unwrap_err());
    assert!(told.contains("has no approvals: export it with --with-approvals"), "{told}");
    let source = json!({"type": "ParentSite", "url": from.url()});
    let replica = Place::new(source.clone()).await;
    let mut settings = settings(replica.port, &source);
    settings.replica = true;
    replica.configure_as(settings).await.unwrap();
    let told = with_causes(&import(&replica, &bytes, true).await.unwrap_err());
    assert!(told.contains("is a replica"), "{told}");
    assert_eq!(replica.count(), 0);
}

#[tokio::test]
async fn a_file_of_no_update_is_refused_before_anything_changes() {
    let head = UpdatesHead {
        update_point: "cen-active".parse().unwrap(),
        server_id: Uuid::from_u128(1),
        created: jiff::Timestamp::UNIX_EPOCH,
        program: "0.1.0".to_owned(),
        revisions: 1,
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("updates");
    let [update, other] = [update_with_file(1, b"one"), update_with_file(2, b"two")];
    let write = |contents: &[(&UpdateContent, &[u8])]| {
        let file = File::create(&path).unwrap();
        let mut writer = UpdatesFileWriter::begin(file, &head, &[], Carries::More).unwrap();
        writer.document(identity(1), &document_with_file(1, b"one")).unwrap();
        writer.contents(contents.iter().map(|(it, _)| (*it).clone()).collect()).unwrap();
        for (_, bytes) in contents {
            writer.content(*bytes).unwrap();
        }
        writer.end().unwrap();
        std::fs::read(&path).unwrap()
    };
    let [one, two] = [&update, &other].map(|it| UpdateContent::of(&it.index.files[0]).unwrap());
    let to = Place::new(json!({"type": "None"})).await;
    let stray = write(&[(&one, b"one"), (&two, b"two")]);
    let told = with_causes(&import(&to, &stray, false).await.unwrap_err());
    assert!(
        told.contains("belongs to no update") && told.contains(&two.name.to_string()),
        "{told}"
    );
    let wrong = write(&[(&one, b"two")]);
    let told = with_causes(&import(&to, &wrong, false).await.unwrap_err());
    assert!(told.contains("are those of another one"), "{told}");
    assert_eq!((to.count(), to.point.update_files().total()), (0, (0, 0)));
    let right = write(&[(&one, b"one")]);
    assert_eq!(import(&to, &right, false).await.unwrap().files, 1);
}
