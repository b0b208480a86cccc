use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    model::UpdateIdentity,
    wire::{
        cabinet::CabinetError,
        update_document::{CategoryType, UpdateDocument, UpdateType},
    },
};

const EXPORT: &[u8] = include_bytes!("../../../examples/wsus-export/WSUS-2024-06-19.cab");

/// The records of the whole text.
fn records(text: &str) -> Result<Vec<(UpdateIdentity, String)>, ExportError> {
    let mut records = Vec::new();
    each_record(text.as_bytes(), |identity, document| {
        records.push((identity, document.to_owned()));
        Ok::<_, ExportError>(())
    })?;
    Ok(records)
}

fn identity(number: u128) -> UpdateIdentity {
    UpdateIdentity { update_id: Uuid::from_u128(number), revision: 200 }
}

fn document(identity: UpdateIdentity) -> String {
    format!(
        "<u:Update xmlns:u=\"http://schemas.microsoft.com/msus/2002/12/Update\">\r\n\
         <u:UpdateIdentity UpdateID=\"{}\" RevisionNumber=\"{}\"/></u:Update>",
        identity.update_id.to_string().to_uppercase(),
        identity.revision
    )
}

fn package(identities: &[UpdateIdentity]) -> Vec<u8> {
    let updates: Vec<_> = identities
        .iter()
        .map(|it| {
            format!(
                "<Update UpdateId=\"{0}\" RevisionNumber=\"{1}\"><Categories>\
                 <Category Id=\"{0}\"/></Categories><Classifications /></Update>",
                it.update_id, it.revision
            )
        })
        .collect();
    format!(
        "\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?>\
         <ExportPackage ServerID=\"a86cecaa-02ab-44a1-a09d-cac309aa7a3e\" \
         CreationTime=\"2024-06-19T17:11:14Z\" FormatVersion=\"1.0\" ProtocolVersion=\"1.20\">\
         <Languages /><Files /><Updates>{}</Updates></ExportPackage>",
        updates.concat()
    )
    .into_bytes()
}

fn metadata(identities: &[UpdateIdentity]) -> String {
    let documents: Vec<_> = identities.iter().map(|it| (*it, document(*it))).collect();
    let documents = documents.iter().map(|(identity, text)| (*identity, text.as_str()));
    ExportFile::write_metadata(documents).unwrap()
}

#[test]
fn real_export_is_read_indexed_and_written_back() {
    let export = ExportFile::parse(EXPORT).unwrap();
    assert_eq!(export.len(), 4125);
    let package = export.package();
    assert_eq!(package.server_id.to_string(), "a86cecaa-02ab-44a1-a09d-cac309aa7a3e");
    assert_eq!(package.created, "2024-06-19T17:11:14Z");
    assert_eq!((package.languages.len(), package.protocol_version.as_str()), (39, "1.20"));
    assert_eq!(package.languages[20].short_name, "pt-br");
    assert!(package.languages[0].enabled && !package.languages[1].enabled);

    let (mut detectoids, mut categories) = (0, [0; 4]);
    for (identity, text) in export.documents() {
        let index = UpdateDocument::index(text).unwrap();
        assert_eq!(index.identity, identity);
        assert!(!index.title.is_empty(), "{identity}");
        match (index.update_type, index.category_type) {
            (UpdateType::Detectoid, None) => detectoids += 1,
            (UpdateType::Category, Some(CategoryType::Company)) => categories[0] += 1,
            (UpdateType::Category, Some(CategoryType::ProductFamily)) => categories[1] += 1,
            (UpdateType::Category, Some(CategoryType::Product)) => categories[2] += 1,
            (UpdateType::Category, Some(CategoryType::UpdateClassification)) => categories[3] += 1,
            other => panic!("{identity}: {other:?}"),
        }
    }
    assert_eq!((detectoids, categories), (3674, [3, 61, 367, 20]));

    let written = ExportFile::write_metadata(export.documents()).unwrap();
    assert!(written == export_metadata(), "metadata.txt differs");
}

fn export_metadata() -> String {
    let limits = crate::wire::cabinet::CabinetLimits::EXPORT;
    let files = crate::wire::cabinet::read(EXPORT, limits).unwrap();
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["package.xml", "metadata.txt"]);
    String::from_utf8(files.into_iter().nth(1).unwrap().1).unwrap()
}

/// `package.xml` of the real export.
fn export_package() -> String {
    let limits = crate::wire::cabinet::CabinetLimits::EXPORT;
    let files = crate::wire::cabinet::read(EXPORT, limits).unwrap();
    String::from_utf8(files.into_iter().next().unwrap().1).unwrap()
}

#[test]
fn the_real_list_is_written_back_byte_for_byte() {
    let export = ExportFile::parse(EXPORT).unwrap();
    let package = export.package();
    let created = package.created.parse().unwrap();
    let head = ExportHead { server_id: package.server_id, created };
    let mut written = Vec::new();
    let mut writer = PackageWriter::begin(&mut written, &head, &package.languages).unwrap();
    writer.updates().unwrap();
    for update in &package.updates {
        let (identity, categories) = (update.identity, &update.categories[..]);
        let classifications = &update.classifications[..];
        let listed = ListedUpdate { identity, file_digests: &[], categories, classifications };
        writer.update(&listed).unwrap();
    }
    writer.end().unwrap();
    assert!(String::from_utf8(written).unwrap() == export_package(), "package.xml differs");
}

#[test]
fn a_list_with_everything_in_it_is_read_again() {
    let head = ExportHead { server_id: Uuid::from_u128(7), created: jiff::Timestamp::UNIX_EPOCH };
    let name = "a \"name\" & more".to_owned();
    let file = ExportedFile {
        digest: "BwcH".to_owned(),
        publisher_url: "http://publisher.example/a?b&c".to_owned(),
        name,
    };
    let (a, b) = (identity(1), identity(2));
    let ids = [a.update_id, b.update_id];
    let mut written = Vec::new();
    let mut writer = PackageWriter::begin(&mut written, &head, &[]).unwrap();
    writer.file(&file).unwrap();
    writer.updates().unwrap();
    let digests = [vec![7, 7, 7]];
    let listed = ListedUpdate {
        identity: a,
        file_digests: &digests,
        categories: &ids,
        classifications: &ids[1..],
    };
    writer.update(&listed).unwrap();
    writer.end().unwrap();
    let package = ExportFile::from_parts(&written, metadata(&[a])).unwrap().package().clone();
    assert_eq!((package.server_id, package.files), (head.server_id, vec![file]));
    let ExportedUpdate { identity, categories, classifications } = &package.updates[0];
    assert_eq!((*identity, &categories[..], &classifications[..]), (a, &ids[..], &ids[1..]));
}

#[test]
fn cut_off_export_names_both_lengths() {
    let error = ExportFile::parse(&EXPORT[..EXPORT.len() - 1000]).unwrap_err();
    let ExportError::Cabinet(CabinetError::Length { declared, actual }) = error else {
        panic!("{error:?}");
    };
    assert_eq!((declared, actual), (676_573, 675_573));
}

#[test]
fn list_and_documents_must_agree() {
    let (a, b, c) = (identity(1), identity(2), identity(3));
    let export = ExportFile::from_parts(&package(&[a, b]), metadata(&[a, b])).unwrap();
    assert_eq!(export.package().updates[0].categories, [a.update_id]);
    assert!(export.documents().map(|(it, _)| it).eq([a, b]));

    let parts = |list: &[_], documents: &[_]| {
        ExportFile::from_parts(&package(list), metadata(documents)).unwrap_err()
    };
    assert!(matches!(parts(&[a, b], &[b, a]), ExportError::Order { record: 0, .. }));
    assert!(matches!(parts(&[a, b, c], &[a, b]), ExportError::Count { listed: 3, found: 2 }));
    assert!(matches!(parts(&[a], &[a, b]), ExportError::Count { listed: 1, found: 2 }));
    assert!(matches!(parts(&[a, a], &[a, a]), ExportError::Repeated { record: 1, .. }));
    let swapped = ExportFile::write_metadata([(a, document(b).as_str())]).unwrap();
    let error = ExportFile::from_parts(&package(&[a]), swapped).unwrap_err();
    assert!(matches!(error, ExportError::DocumentIdentity { record: 0, .. }));
}

#[test]
fn damaged_records_are_named() {
    let text = metadata(&[identity(1), identity(2)]);
    assert_eq!(records(&text).unwrap().len(), 2);
    let second = text.len() / 2;
    let all: &[(&str, String)] = &[
        ("head", text.replacen(",000000c8,", ",000000g8,", 1)),
        ("head", text.replacen(",000000c8,", ",+00000c8,", 1)),
        ("head", text.replacen(",000000c8,", ",f00000c8,", 1)),
        ("head", text.replacen(',', ";", 1)),
        ("head", text[..second + 20].to_owned()),
        ("length", text[..text.len() - 10].to_owned()),
        ("end", text[..text.len() - 1].to_owned()),
        ("end", text.replacen("<u:Update ", "<u:Update  ", 1)),
    ];
    for (what, damaged) in all {
        let found = match records(damaged).unwrap_err() {
            ExportError::RecordHead { .. } => "head",
            ExportError::RecordLength { .. } => "length",
            ExportError::RecordEnd { .. } => "end",
            other => panic!("{other:?}"),
        };
        assert_eq!(found, *what, "{damaged}");
    }
}

proptest! {
    #[test]
    fn lengths_count_utf_16_units(texts in proptest::collection::vec(".{0,40}[\r\n🙂é€]{0,9}", 0..8)) {
        let documents: Vec<_> =
            texts.iter().zip(0_u128..).map(|(text, number)| (identity(number), text.as_str())).collect();
        let written = ExportFile::write_metadata(documents.clone()).unwrap();
        let found = records(&written).unwrap();
        let found: Vec<_> = found.iter().map(|(it, text)| (*it, text.as_str())).collect();
        prop_assert_eq!(found, documents);
    }

    #[test]
    fn damaged_text_never_panics(
        at in 0_usize..400, with in any::<char>(), cut in 0_usize..400,
    ) {
        let mut characters: Vec<char> = metadata(&[identity(1), identity(2)]).chars().collect();
        let at = at % characters.len();
        characters[at] = with;
        characters.truncate(characters.len() - cut % 9);
        let text: String = characters.into_iter().collect();
        let _ = ExportFile::from_parts(&package(&[identity(1), identity(2)]), text);
    }
}
