use uuid::Uuid;

use super::*;
use crate::{
    model::UpdateIdentity,
    wire::{
        update_document::{UpdateDocument, UpdateFragments},
        xml::{Tag, XmlReader},
    },
};

macro_rules! document {
    ($name:literal) => {
        include_str!(concat!("../../../tests/data/updates/", $name, ".xml"))
    };
}

/// A company, a family, a product, and a bundle with three of its children, one of which is a bundle
/// itself.
const DOCUMENTS: [&str; 8] = [
    document!("56309036-4c77-4dd9-951a-99ee9c246a94-r101"),
    document!("6964aab4-c5b5-43bd-a17d-ffb4346a8e1d-r100"),
    document!("dd78b8a1-0b20-45c1-add6-4da72e9364cf-r202"),
    document!("266f6222-c89d-43f2-9f8a-69340271e677-r200"),
    document!("ff36f0b5-dded-4780-8664-cd78af8b62c1-r200"),
    document!("1f9bd9bb-7390-4aa3-bbdb-ded99fac2583-r200"),
    document!("ccb78947-6453-4ecc-9de8-bc0305c98f2d-r200"),
    document!("a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe-r200"),
];

/// An update for a product of that catalog, which supersedes the bundle in it.
fn superseding() -> String {
    "<Update xmlns=\"http://schemas.microsoft.com/msus/2002/12/Update\"><UpdateIdentity \
     UpdateID=\"00000000-0000-0000-0000-000000000009\" RevisionNumber=\"3\"/><Properties \
     UpdateType=\"Software\" DefaultPropertiesLanguage=\"de\"><Language>de</Language></Properties>\
     <Relationships><Prerequisites><AtLeastOne IsCategory=\"true\"><UpdateIdentity \
     UpdateID=\"DD78B8A1-0b20-45c1-add6-4da72e9364cf\"/></AtLeastOne><AtLeastOne><UpdateIdentity \
     UpdateID=\"00000000-0000-0000-0000-000000000001\"/><UpdateIdentity \
     UpdateID=\"00000000-0000-0000-0000-000000000002\"/></AtLeastOne></Prerequisites><SupersededUpdates>\
     <UpdateIdentity UpdateID=\"a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe\"/><UpdateIdentity \
     UpdateID=\"00000000-0000-0000-0000-000000000003\"/></SupersededUpdates></Relationships></Update>"
        .to_owned()
}

/// The list of a catalog with these documents, in this order.
fn package(documents: &[&str]) -> String {
    let identities: Vec<_> =
        documents.iter().map(|it| UpdateDocument::identity(it).unwrap()).collect();
    let mut links = OfflineLinks::new(&identities);
    let mut updates = Vec::new();
    for document in documents {
        let index = UpdateDocument::index(document).unwrap();
        let fragments = UpdateDocument::fragments(document).unwrap();
        links.add(&index);
        let number = links.revision_id(index.identity.update_id).unwrap();
        updates.push(OfflineUpdate::of(number, &index, &fragments));
    }
    links.complete();
    let head = OfflineHead {
        package_id: Uuid::from_u128(1),
        source_id: Uuid::from_u128(2),
        created: "2026-10-04T12:00:58.9Z".parse().unwrap(),
    };
    let mut text = Vec::new();
    let mut writer = OfflinePackageWriter::begin(&mut text, &head).unwrap();
    for update in &updates {
        writer.update(update, &links).unwrap();
    }
    writer.locations().unwrap();
    writer.location("h/W9=", "http://download.example/a?b=1&c=2").unwrap();
    writer.end().unwrap();
    String::from_utf8(text).unwrap()
}

/// Each update in the list, as it stands there.
fn updates(package: &str) -> Vec<&str> {
    let (_, updates) = package.split_once("<Updates>").unwrap();
    let (updates, _) = updates.split_once("</Updates>").unwrap();
    updates.split_inclusive("</Update>").collect()
}

#[test]
fn updates_are_written_as_programs_read_them() {
    let own = superseding();
    let package = package(&[&DOCUMENTS[..], &[&own]].concat());
    let updates = updates(&package);
    assert_eq!(updates.len(), 9);
    // A company: nothing below it is a leaf but products that no update names.
    assert_eq!(
        updates[0],
        "<Update CreationDate=\"2005-09-22T00:05:11Z\" DefaultLanguage=\"en\" \
         UpdateId=\"56309036-4c77-4dd9-951a-99ee9c246a94\" RevisionNumber=\"101\" RevisionId=\"1\" \
         IsSoftware=\"false\" DeploymentAction=\"Evaluate\"></Update>"
    );
    let family =
        "<Prerequisites><UpdateId Id=\"56309036-4c77-4dd9-951a-99ee9c246a94\" /></Prerequisites>";
    assert!(updates[1].contains(family) && !updates[1].contains("IsLeaf"), "{}", updates[1]);
    assert_eq!(
        updates[3],
        "<Update CreationDate=\"2026-10-04T12:00:58Z\" DefaultLanguage=\"en\" \
         UpdateId=\"266f6222-c89d-43f2-9f8a-69340271e677\" RevisionNumber=\"200\" RevisionId=\"4\" \
         IsLeaf=\"true\" DeploymentAction=\"Bundle\"><PayloadFiles><File \
         Id=\"h/W9BGlYUAaqXTp30cZi/SiV3c0=\" /></PayloadFiles><Prerequisites><UpdateId \
         Id=\"be4048db-157c-4532-9582-7f05099590c9\" /><UpdateId \
         Id=\"59653007-e2e9-4f71-8525-2ff588527978\" /><UpdateId \
         Id=\"0aac58ee-82a0-4452-a7fa-19f68398f1fa\" /><UpdateId \
         Id=\"8c3fcc84-7410-4a95-8b89-a166a0190486\" /></Prerequisites><BundledBy><Revision Id=\"8\" />\
         </BundledBy></Update>"
    );
    let inner = "IsBundle=\"true\" DeploymentAction=\"Bundle\">";
    assert!(updates[5].contains(inner), "{}", updates[5]);
    assert!(updates[4].contains("<BundledBy><Revision Id=\"6\" /></BundledBy>"), "{}", updates[4]);
    let bundle = updates[7];
    assert!(bundle.contains("IsLeaf=\"true\" IsBundle=\"true\"><Prerequisites>"), "{bundle}");
    // Its classification and product are not in this catalog, so nobody knows what they are.
    assert!(bundle.ends_with("<SupersededBy><Revision Id=\"9\" /></SupersededBy></Update>"));
    assert_eq!(
        updates[8],
        "<Update DefaultLanguage=\"de\" UpdateId=\"00000000-0000-0000-0000-000000000009\" \
         RevisionNumber=\"3\" RevisionId=\"9\" IsLeaf=\"true\"><Languages><Language Name=\"de\" />\
         </Languages><Prerequisites><UpdateId Id=\"dd78b8a1-0b20-45c1-add6-4da72e9364cf\" /><Or><UpdateId \
         Id=\"00000000-0000-0000-0000-000000000001\" /><UpdateId \
         Id=\"00000000-0000-0000-0000-000000000002\" /></Or></Prerequisites><Categories><Category \
         Type=\"Company\" Id=\"56309036-4c77-4dd9-951a-99ee9c246a94\" /><Category Type=\"ProductFamily\" \
         Id=\"6964aab4-c5b5-43bd-a17d-ffb4346a8e1d\" /><Category Type=\"Product\" \
         Id=\"dd78b8a1-0b20-45c1-add6-4da72e9364cf\" /></Categories></Update>"
    );
}

#[test]
fn the_list_says_what_it_is_and_where_files_are() {
    let package = package(&DOCUMENTS[..1]);
    let mut xml = XmlReader::new(&package, 1 << 20).unwrap();
    let root = xml.root().unwrap();
    assert_eq!(xml.namespace_name(&root), "http://schemas.microsoft.com/msus/2004/02/OfflineSync");
    let value = |tag: &Tag<'_>, name: &str| tag.attribute(name).unwrap().unwrap();
    assert_eq!(root.local_name(), "OfflineSyncPackage");
    assert_eq!(value(&root, "CreationDate"), "2026-10-04T12:00:58Z");
    assert_eq!(value(&root, "PackageVersion"), "1.1");
    assert_eq!(value(&root, "PackageId"), Uuid::from_u128(1).to_string());
    assert_eq!(value(&root, "SourceId"), Uuid::from_u128(2).to_string());
    xml.next_child().unwrap();
    xml.skip().unwrap();
    assert_eq!(xml.next_child().unwrap().unwrap().local_name(), "FileLocations");
    let location = xml.next_child().unwrap().unwrap();
    assert_eq!(value(&location, "Url"), "http://download.example/a?b=1&c=2");
    xml.skip().unwrap();
    assert!(xml.next_child().unwrap().is_none() && xml.next_child().unwrap().is_none());
    xml.finish().unwrap();
}

#[test]
fn the_first_cabinet_of_fragments_answers_for_all_below_the_second() {
    assert_eq!(
        index_xml(&[7, 605, 44_562_114]).unwrap(),
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><INDEX VERSION=\"1\"><CABLIST XOR=\"0\">\
         <CAB NAME=\"package.cab\" /><CAB NAME=\"package2.cab\" RANGESTART=\"0\" />\
         <CAB NAME=\"package3.cab\" RANGESTART=\"605\" />\
         <CAB NAME=\"package4.cab\" RANGESTART=\"44562114\" /></CABLIST></INDEX>"
    );
}

#[test]
fn fragments_lie_in_directories_and_no_language_leads_out_of_them() {
    let mut fragments = UpdateDocument::fragments(DOCUMENTS[3]).unwrap();
    let mut names = |languages: &[&str]| {
        let template = fragments.localized[0].clone();
        fragments.localized.clear();
        for language in languages {
            let mut localized = template.clone();
            (*language).clone_into(&mut localized.language);
            fragments.localized.push(localized);
        }
        part_files(9, &fragments).map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names(&["en", "zh-TW"]), ["c\\9", "x\\9", "l\\en\\9", "l\\zh-TW\\9"]);
    assert_eq!(names(&["", "..", "a\\b", "a/b", "\u{E9}", &"x".repeat(33)]), ["c\\9", "x\\9"]);
    assert_eq!(part_files(1, &UpdateFragments::default()).count(), 0);
}

#[test]
fn of_each_update_the_latest_revision_is_taken_in_the_order_of_the_list() {
    let identity = |id, revision| UpdateIdentity { update_id: Uuid::from_u128(id), revision };
    let all = [identity(2, 5), identity(1, 1), identity(2, 9), identity(3, 1), identity(2, 7)];
    assert_eq!(latest_revisions(&all), [identity(1, 1), identity(2, 9), identity(3, 1)]);
    assert_eq!(latest_revisions(&[]), []);
}

#[test]
fn categories_in_a_circle_end() {
    let category = |id: u128, above: u128| {
        format!(
            "<Update xmlns=\"http://schemas.microsoft.com/msus/2002/12/Update\" \
             xmlns:c=\"http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/Category\"><UpdateIdentity \
             UpdateID=\"{}\" RevisionNumber=\"1\"/><Properties UpdateType=\"Category\"/><Relationships>\
             <Prerequisites><AtLeastOne IsCategory=\"true\"><UpdateIdentity UpdateID=\"{}\"/></AtLeastOne>\
             </Prerequisites></Relationships><HandlerSpecificData><c:CategoryInformation \
             CategoryType=\"Product\"/></HandlerSpecificData></Update>",
            Uuid::from_u128(id),
            Uuid::from_u128(above)
        )
    };
    let [one, two] = [category(1, 2), category(2, 1)];
    let indexes = [&one, &two].map(|it| UpdateDocument::index(it).unwrap());
    let mut links = OfflineLinks::new(&indexes.each_ref().map(|it| it.identity));
    for index in &indexes {
        links.add(index);
    }
    assert_eq!(links.with_those_above(&[Uuid::from_u128(1)]).len(), 2);
}
