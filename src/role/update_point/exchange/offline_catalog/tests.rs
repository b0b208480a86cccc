use std::{collections::BTreeMap, io::Read};

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::{
    model::Digest,
    role::{
        Reporter,
        update_point::{
            exchange::{ExportFailed, Way},
            fixture::{Place, changed, identity, software, update_with_file},
        },
    },
    store::catalog::{Catalog, FileLocation, NewRevision, PackedDocument},
    wire::{
        agent::AgentOutcome,
        cabinet::{CabinetLimits, read},
        exchange::{ExportForm, ExportedParts, ExportedUpdates},
        offline_catalog::PartLimits,
        update_document::UpdateDocument,
        xml::{Tag, XmlReader},
    },
};

macro_rules! document {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/updates/", $name, ".xml"))
    };
}

/// The software among the genuine documents: a bundle, with a bundle in it.
const SOFTWARE: [&str; 6] = [
    document!("266f6222-c89d-43f2-9f8a-69340271e677-r200"),
    document!("ff36f0b5-dded-4780-8664-cd78af8b62c1-r200"),
    document!("1f9bd9bb-7390-4aa3-bbdb-ded99fac2583-r200"),
    document!("ccb78947-6453-4ecc-9de8-bc0305c98f2d-r200"),
    document!("7366a74a-ef29-44e1-b738-570b516aca1f-r200"),
    document!("a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe-r200"),
];

fn stored(catalog: &Catalog, revisions: &[NewRevision], locations: &[FileLocation]) {
    catalog.store_batch(revisions, locations, crate::clock::now()).unwrap();
}

fn genuine(document: &str) -> NewRevision {
    let index = UpdateDocument::index(document).unwrap();
    let file_digests = index.files.iter().map(|it| it.digest_sha1.clone()).collect();
    NewRevision { index, document: PackedDocument::pack(document), file_digests }
}

/// The files of a cabinet.
fn files(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let limits = CabinetLimits { max_files: 65_535, ..CabinetLimits::EXPORT };
    read(bytes, limits).unwrap().into_iter().collect()
}

async fn exported(place: &Place) -> (ExportedUpdates, Vec<u8>) {
    let (form, with) = (ExportForm::OfflineCatalog, ExportedParts::default());
    let outcome = place.point.export(form, with, &Reporter::silent()).await.unwrap();
    let AgentOutcome::Exported(exported) = outcome else { panic!("{outcome:?}") };
    let mut file = place.point.files().take(Way::Exported, exported.digest).unwrap().unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    assert_eq!(Digest::of(&bytes), exported.digest);
    (exported, bytes)
}

/// `package.xml` of an offline catalog.
fn package(files: &BTreeMap<String, Vec<u8>>) -> String {
    let inside = self::files(&files["package.cab"]);
    String::from_utf8(inside["package.xml"].clone()).unwrap()
}

/// An update of `package.xml`, as this test reads it: attributes, and what each list holds.
#[derive(Debug, Default, Clone, PartialEq)]
struct Listed {
    attributes: BTreeMap<String, String>,
    lists: BTreeMap<String, Vec<String>>,
}

impl Listed {
    fn id(&self) -> &str {
        &self.attributes["UpdateId"]
    }

    fn number(&self) -> u32 {
        self.attributes["RevisionId"].parse().unwrap()
    }

    fn is(&self, attribute: &str) -> bool {
        self.attributes.get(attribute).is_some_and(|it| it == "true")
    }

    fn list(&self, name: &str) -> &[String] {
        self.lists.get(name).map_or(&[], Vec::as_slice)
    }
}

fn value(tag: &Tag<'_>, name: &str) -> String {
    tag.attribute(name).unwrap().unwrap()
}

/// The updates of a list, and where files are.
fn listed(package: &str) -> (Vec<Listed>, BTreeMap<String, String>) {
    let mut xml = XmlReader::new(package, 1 << 30).unwrap();
    xml.root().unwrap();
    xml.next_child().unwrap();
    let mut updates = Vec::new();
    while let Some(tag) = xml.next_child().unwrap() {
        let mut update = Listed::default();
        for attribute in tag.attributes() {
            let (name, value) = attribute.unwrap();
            update.attributes.insert(name.to_owned(), value.into_owned());
        }
        while let Some(list) = xml.next_child().unwrap() {
            let mut items = Vec::new();
            while let Some(item) = xml.next_child().unwrap() {
                match item.local_name() {
                    "Or" => {
                        while let Some(item) = xml.next_child().unwrap() {
                            items.push(value(&item, "Id"));
                            xml.skip().unwrap();
                        }
                    }
                    "Language" => {
                        items.push(value(&item, "Name"));
                        xml.skip().unwrap();
                    }
                    _ => {
                        items.push(value(&item, "Id"));
                        xml.skip().unwrap();
                    }
                }
            }
            update.lists.insert(list.local_name().to_owned(), items);
        }
        updates.push(update);
    }
    xml.next_child().unwrap();
    let mut locations = BTreeMap::new();
    while let Some(tag) = xml.next_child().unwrap() {
        locations.insert(value(&tag, "Id"), value(&tag, "Url"));
        xml.skip().unwrap();
    }
    xml.next_child().unwrap();
    xml.finish().unwrap();
    (updates, locations)
}

/// Name and smallest number of each cabinet of fragments.
fn ranges(index: &[u8]) -> Vec<(String, u32)> {
    let mut xml = XmlReader::new(std::str::from_utf8(index).unwrap(), 1 << 20).unwrap();
    xml.root().unwrap();
    xml.next_child().unwrap();
    let mut ranges = Vec::new();
    while let Some(tag) = xml.next_child().unwrap() {
        let start = tag.attribute("RANGESTART").unwrap();
        ranges.extend(start.map(|it| (value(&tag, "NAME"), it.parse().unwrap())));
        xml.skip().unwrap();
    }
    ranges
}

#[tokio::test]
async fn a_genuine_catalog_is_written_as_an_offline_catalog_and_the_same_twice() {
    let place = Place::imported().await;
    let software = SOFTWARE.map(genuine);
    let digest = software[0].file_digests[0].clone();
    let publisher_url = "http://publisher.example/am_delta.exe".to_owned();
    stored(place.point.catalog(), &software, &[FileLocation { digest, publisher_url }]);
    let (outcome, bytes) = exported(&place).await;
    let outer = files(&bytes);
    assert_eq!(outer.keys().collect::<Vec<_>>(), ["index.xml", "package.cab", "package2.cab"]);
    let (updates, locations) = listed(&package(&outer));
    assert_eq!(outcome.revisions, updates.len() as u64);
    let superseded = updates.iter().filter(|it| !it.list("SupersededBy").is_empty()).count();
    let url = "http://publisher.example/am_delta.exe".to_owned();
    assert_eq!(locations, BTreeMap::from([("h/W9BGlYUAaqXTp30cZi/SiV3c0=".to_owned(), url)]));

    // The 4,125 documents are of 4,087 updates, of which six have expired; six updates are added.
    assert_eq!((outcome.revisions, superseded), (4_087, 106));
    let by_id: BTreeMap<_, _> = updates.iter().map(|it| (it.id(), it)).collect();
    assert_eq!(by_id.len(), updates.len());
    let of = |id: &str| by_id[id];
    let bundle = of("a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe");
    assert!(bundle.is("IsBundle") && bundle.is("IsLeaf"), "{bundle:?}");
    assert_eq!(
        bundle.list("Categories"),
        [
            "56309036-4c77-4dd9-951a-99ee9c246a94",
            "6964aab4-c5b5-43bd-a17d-ffb4346a8e1d",
            "8c3fcc84-7410-4a95-8b89-a166a0190486",
            "e0789628-ce08-4437-be74-2495b842f43b"
        ]
    );
    let inner = of("1f9bd9bb-7390-4aa3-bbdb-ded99fac2583");
    let number = |of: &Listed| of.number().to_string();
    assert_eq!(inner.list("BundledBy"), [number(bundle)]);
    let payload = of("ff36f0b5-dded-4780-8664-cd78af8b62c1");
    assert_eq!(payload.list("BundledBy"), [number(inner)]);
    assert_eq!(payload.list("PayloadFiles"), ["vXidQqLgJwCO4+fE++5nIN1txMk="]);
    assert!(!of("8c3fcc84-7410-4a95-8b89-a166a0190486").is("IsLeaf"));

    // Every update has its fragments, and they are those of its document.
    assert_eq!(ranges(&outer["index.xml"]), [("package2.cab".to_owned(), 0)]);
    let again = exported(&place).await;
    assert_eq!((outcome.digest, bytes.len()), (again.0.digest, again.1.len()));
}

/// Which catalogs need it: small enough for the reader, which unpacks all in front of each file.
fn small(place: &Place) {
    let catalog = place.point.catalog();
    stored(catalog, &SOFTWARE.map(genuine), &[]);
}

#[tokio::test]
async fn fragments_are_where_the_list_of_cabinets_says() {
    let place = Place::new(json!({"type": "None"})).await;
    small(&place);
    let catalog = place.point.catalog();
    let shelf = place.point.files();
    let report = Reporter::silent();
    for limits in
        [PartLimits { bytes: 1 << 14, files: 1_000 }, PartLimits { bytes: 1 << 30, files: 3 }]
    {
        let (mut file, _temporary) = shelf.begin().unwrap();
        let from = OfflineCatalog { catalog, shelf: &shelf, report: &report, limits };
        assert_eq!(from.write(&file, &catalog.export_order().unwrap()).unwrap(), 6);
        let mut bytes = Vec::new();
        std::io::Seek::rewind(&mut file).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        let outer = files(&bytes);
        let ranges = ranges(&outer["index.xml"]);
        assert!(ranges.len() > 1 && ranges[0].1 == 0, "{ranges:?}");
        let (updates, _) = listed(&package(&outer));
        let mut found = 0;
        for update in &updates {
            let number = update.number();
            let (name, _) = ranges.iter().rfind(|(_, start)| *start <= number).unwrap();
            let part = files(&outer[name]);
            let is_its =
                |it: &&&str| genuine(it).index.identity.update_id.to_string() == update.id();
            let document = SOFTWARE.iter().find(is_its).unwrap();
            let fragments = UpdateDocument::fragments(document).unwrap();
            assert_eq!(part[&format!("c\\{number}")], fragments.core.as_bytes());
            assert_eq!(part[&format!("x\\{number}")], fragments.extended.as_bytes());
            for localized in &fragments.localized {
                let path = format!("l\\{}\\{number}", localized.language);
                assert_eq!(part[&path], localized.text.as_bytes());
            }
            found += 2 + fragments.localized.len();
        }
        let all = ranges.iter().map(|(name, _)| files(&outer[name]).len()).sum::<usize>();
        assert_eq!(all, found);
    }
    // Nothing is left behind but what is on the shelf.
    let left = std::fs::read_dir(place.directory.path().join("exchange")).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_has_expired_or_is_declined_or_revised_is_left_out() {
    let place = Place::new(json!({"type": "None"})).await;
    let catalog = place.point.catalog();
    let expired =
        changed(1, |it| it.replace(" DefaultProp", " PublicationState=\"Expired\" DefaultProp"));
    let revised = changed(3, |it| it.replace("RevisionNumber=\"1\"", "RevisionNumber=\"2\""));
    let superseding = changed(4, |it| {
        let named = format!("<u:UpdateIdentity UpdateID=\"{}\"/>", identity(3).update_id);
        let superseded = format!(
            "<u:Relationships><u:SupersededUpdates>{named}</u:SupersededUpdates></u:Relationships></u:Update>"
        );
        it.replace("</u:Update>", &superseded)
    });
    stored(catalog, &[expired, software(2, &[]), software(3, &[]), revised, superseding], &[]);
    catalog.set_hidden_updates(&[identity(2).update_id]).unwrap();
    let (outcome, bytes) = exported(&place).await;
    let (updates, _) = listed(&package(&files(&bytes)));
    assert_eq!(outcome.revisions, 2);
    let [three, four] = &updates[..] else { panic!("{updates:?}") };
    assert_eq!(
        (three.id(), three.attributes["RevisionNumber"].as_str()),
        (&*identity(3).update_id.to_string(), "2")
    );
    assert_eq!(three.list("SupersededBy"), [four.number().to_string()]);
    // What changes the content changes the identifier, and nothing else does.
    let identifier = |bytes: &[u8]| {
        let package = package(&files(bytes));
        package.split_once("PackageId=\"").unwrap().1[..36].to_owned()
    };
    let before = identifier(&bytes);
    assert_eq!(identifier(&exported(&place).await.1), before);
    stored(catalog, &[software(5, &[])], &[]);
    assert_ne!(identifier(&exported(&place).await.1), before);
}

#[tokio::test]
async fn an_empty_catalog_and_what_a_cabinet_cannot_carry_are_refused() {
    let place = Place::new(json!({"type": "None"})).await;
    let silent = Reporter::silent();
    let export = |with| place.point.export(ExportForm::OfflineCatalog, with, &silent);
    let told = export(ExportedParts::default()).await.unwrap_err().to_string();
    assert!(told.contains("the catalog is empty"), "{told}");
    stored(place.point.catalog(), &[update_with_file(1, b"file")], &[]);
    let with = ExportedParts { content: true, approvals: false };
    let told = export(with).await.unwrap_err().to_string();
    assert!(told.contains(".headwater"), "{told}");
    assert!(ExportFailed::OfflineTooLarge.to_string().contains("fewer products"));
    let dated = exported(&place).await;
    assert_eq!(dated.0.revisions, 1);
    assert!(package(&files(&dated.1)).contains(&format!(
        "CreationDate=\"{}\"",
        Timestamp::UNIX_EPOCH.strftime("%Y-%m-%dT%H:%M:%SZ")
    )));
}
