use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

use serde_json::json;
use uuid::Uuid;

use super::{super::UpdatePointError, cabinet, *};
use crate::{
    error_text::with_causes,
    model::{Digest, UpdateIdentity},
    role::{
        Reporter,
        update_point::fixture::{Place, identity, new_revisions, software, software_document},
    },
    store::catalog::{FileLocation, NewRevision, PackedDocument},
    wire::{
        agent::AgentOutcome,
        exchange::{ExportForm, ExportedParts, ReceivedUpdates},
        export_file::{ExportHead, ListedUpdate, PackageWriter, write_record},
        update_document::UpdateDocument,
        updates_file::{Carries, UpdatesFileWriter, UpdatesHead},
    },
};

/// A document, and whose it is said to be.
type Document<'a> = (UpdateIdentity, &'a str);

/// A cabinet with these documents, and bytes behind them.
fn cabinet_of(path: &Path, documents: &[Document<'_>], behind: &[u8]) {
    let file = File::create(path).unwrap();
    let mut package = |to: &mut cabinet::Part<'_>| {
        let created = jiff::Timestamp::UNIX_EPOCH;
        let head = ExportHead { server_id: Uuid::from_u128(1), created };
        let mut writer = PackageWriter::begin(to, &head, &[]).unwrap();
        writer.updates().unwrap();
        for (identity, _) in documents {
            let identity = *identity;
            let (file_digests, categories, classifications) = (&[][..], &[][..], &[][..]);
            let listed = ListedUpdate { identity, file_digests, categories, classifications };
            writer.update(&listed).unwrap();
        }
        writer.end().map_err(ExportFailed::Write)
    };
    let mut metadata = |to: &mut cabinet::Part<'_>| {
        let mut text = String::new();
        for (identity, document) in documents {
            write_record(&mut text, *identity, document)?;
        }
        to.write_all(text.as_bytes()).map_err(ExportFailed::Write)?;
        to.write_all(behind).map_err(ExportFailed::Write)
    };
    let mut parts: [(&str, &mut cabinet::Writes<'_>); 2] =
        [("package.xml", &mut package), ("metadata.txt", &mut metadata)];
    cabinet::write(&file, &mut parts).unwrap();
}

/// The same in our own form.
fn headwater_of(path: &Path, documents: &[Document<'_>]) {
    let head = UpdatesHead {
        update_point: "cen-active".parse().unwrap(),
        server_id: Uuid::from_u128(1),
        created: jiff::Timestamp::UNIX_EPOCH,
        program: "0.1.0".to_owned(),
        revisions: documents.len() as u64,
    };
    let mut writer =
        UpdatesFileWriter::begin(File::create(path).unwrap(), &head, &[], Carries::Catalog)
            .unwrap();
    for (identity, text) in documents {
        writer.document(*identity, text).unwrap();
    }
    writer.end().unwrap();
}

/// A point that imports a file of its directory.
async fn importing() -> (Place, PathBuf) {
    let place = Place::new(json!({"type": "None"})).await;
    let path = place.directory.path().join("updates");
    place.configure(json!({"type": "Import", "file": path})).await.unwrap();
    (place, path)
}

async fn refused(place: &Place) -> String {
    let before = (place.count(), place.point.catalog().version().unwrap());
    let error = place.point.import(&Reporter::silent()).await.unwrap_err();
    assert_eq!((place.count(), place.point.catalog().version().unwrap()), before);
    with_causes(&error)
}

#[tokio::test]
async fn prerequisites_have_to_be_there_before_what_names_them() {
    let (place, path) = importing().await;
    let texts = [&[][..], &[1], &[2, 9]];
    let texts: Vec<_> = (1..).zip(texts).map(|(it, of)| software_document(it, of)).collect();
    let [one, two, three] = [0, 1, 2].map(|it| (identity(it as u128 + 1), texts[it].as_str()));
    let write = |form: &str, documents: &[Document<'_>]| match form {
        "cabinet" => cabinet_of(&path, documents, b""),
        _ => headwater_of(&path, documents),
    };
    for form in ["cabinet", "headwater"] {
        write(form, &[two, one]);
        let told = refused(&place).await;
        assert!(told.contains("stands before its prerequisite 00000000-"), "{told}");
        write(form, &[one, two, three]);
        let told = refused(&place).await;
        assert!(
            told.contains("needs update 00000000-0000-0000-0000-000000000009, which is"),
            "{told}"
        );
        write(form, &[one, one]);
        assert!(refused(&place).await.contains("repeats") || form == "headwater");
        assert!(refused(&place).await.contains(&identity(1).to_string()));
        write(form, &[(identity(7), one.1)]);
        assert!(refused(&place).await.contains(&identity(1).to_string()));
    }
    // What the catalog has need not be in the file.
    place.point.catalog().store_batch(&[software(9, &[])], &[], crate::clock::now()).unwrap();
    for (form, new) in [("cabinet", 3), ("headwater", 0)] {
        write(form, &[one, two, three]);
        let outcome = place.point.import(&Reporter::silent()).await.unwrap();
        assert_eq!(new_revisions(&outcome), new, "{form}");
    }
}

#[tokio::test]
async fn documents_that_are_made_to_harm_are_refused() {
    let (place, path) = importing().await;
    let (identity, text) = (identity(1), &*software_document(1, &[]));
    let end = text.rfind("</").unwrap();
    let with = |inside: &str| [&text[..end], inside, &text[end..]].concat();
    let deep = with(&("<a>".repeat(100_000) + &"</a>".repeat(100_000)));
    let bomb =
        "<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>".to_owned() + text;
    let entity = with("&b;");
    let control = with("\u{1}");
    for harmful in [&deep, &bomb, &entity, &control, "", "not XML"] {
        for form in ["cabinet", "headwater"] {
            match form {
                "cabinet" => cabinet_of(&path, &[(identity, harmful)], b""),
                _ => headwater_of(&path, &[(identity, harmful)]),
            }
            let told = refused(&place).await;
            assert!(told.contains(&identity.to_string()), "{form}: {told}");
        }
    }
    for behind in [&b"\xFF\xFE"[..], b"\0", b"\r\n", b"00000000-0000-0000-0000-000000000001,"] {
        cabinet_of(&path, &[(identity, text)], behind);
        assert!(refused(&place).await.contains("record 1 at byte"));
    }
    cabinet_of(&path, &[(identity, text)], b"");
    let outcome = place.point.import(&Reporter::silent()).await.unwrap();
    assert_eq!(new_revisions(&outcome), 1);
}

#[tokio::test]
async fn addresses_of_files_are_carried_in_both_forms() {
    let (place, _) = importing().await;
    let digest = vec![7_u8; 20];
    let publisher_url = "http://publisher.example/a.cab?b&c".to_owned();
    let location = FileLocation { digest: digest.clone(), publisher_url };
    let mut document = software_document(1, &[]);
    let file = format!(
        "<u:Files><u:File Digest=\"{}\" DigestAlgorithm=\"SHA1\" FileName=\"a.cab\" Size=\"3\" \
         Modified=\"2024-01-01T00:00:00Z\"/></u:Files>",
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &digest)
    );
    let end = document.rfind("</").unwrap();
    document.insert_str(end, &file);
    let index = UpdateDocument::index(&document).unwrap();
    let document = PackedDocument::pack(&document);
    let update = NewRevision { index, document, file_digests: vec![digest.clone()] };
    let catalog = place.point.catalog();
    catalog.store_batch(&[update], std::slice::from_ref(&location), crate::clock::now()).unwrap();
    for form in [ExportForm::Cabinet, ExportForm::Headwater] {
        let exported =
            place.point.export(form, ExportedParts::default(), &Reporter::silent()).await.unwrap();
        let AgentOutcome::Exported(exported) = exported else { panic!("{exported:?}") };
        let to = Place::new(json!({"type": "None"})).await;
        let mut from = place.point.files().take(Way::Exported, exported.digest).unwrap().unwrap();
        let (mut file, temporary) = to.point.files().begin().unwrap();
        std::io::copy(&mut from, &mut file).unwrap();
        to.point.files().put(&temporary, Way::Received, exported.digest).unwrap();
        let received = |digest: Digest| ReceivedUpdates {
            digest,
            name: "updates".to_owned(),
            verify_key: None,
            force: false,
            approvals: false,
        };
        let imported =
            to.point.import_received(received(exported.digest), &Reporter::silent()).await;
        let AgentOutcome::Imported(imported) = imported.unwrap() else { panic!("{form:?}") };
        assert_eq!((imported.revisions, imported.new_revisions), (1, 1));
        let carried = to.point.catalog().locations(std::slice::from_ref(&digest)).unwrap();
        assert_eq!(carried, std::slice::from_ref(&location));
        // A file is imported once.
        let again = to.point.import_received(received(exported.digest), &Reporter::silent()).await;
        assert!(matches!(again, Err(UpdatePointError::Import(ImportError::Gone(_)))));
    }
}
