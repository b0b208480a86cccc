use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::wire::xml::XmlError;

macro_rules! document {
    ($name:literal) => {
        include_str!(concat!("../../../tests/data/updates/", $name, ".xml"))
    };
}

const BUNDLE: &str = document!("a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe-r200");
const WITH_FILE: &str = document!("266f6222-c89d-43f2-9f8a-69340271e677-r200");

fn wrapped(inside: &str) -> String {
    format!(
        "<Update xmlns=\"http://schemas.microsoft.com/msus/2002/12/Update\" \
         xmlns:c=\"http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/Category\">\
         <UpdateIdentity UpdateID=\"56309036-4C77-4DD9-951A-99EE9C246A94\" RevisionNumber=\"7\"/>\
         {inside}</Update>"
    )
}

#[test]
fn visible_software_is_indexed() {
    let index = UpdateDocument::index(BUNDLE).unwrap();
    assert_eq!(index.identity.to_string(), "a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe.200");
    assert_eq!(index.update_type, UpdateType::Software);
    assert_eq!(index.publication_state, PublicationState::Published);
    assert_eq!(index.creation_date, "2026-10-04T12:00:58.381Z");
    assert!(index.title.starts_with("Security Intelligence Update for "), "{}", index.title);
    assert_eq!(index.kb_articles, ["2267602"]);
    let categories: Vec<_> = index.prerequisites.iter().filter(|it| it.is_category).collect();
    assert!(!categories.is_empty());
    assert!(!index.bundled.is_empty() && index.bundled.iter().all(|group| !group.is_empty()));
    assert!(index.files.is_empty() && index.category_type.is_none() && !index.secured_fragment);
}

#[test]
fn files_are_indexed_with_both_digests() {
    let index = UpdateDocument::index(WITH_FILE).unwrap();
    assert_eq!(index.files.len(), 1);
    let file = &index.files[0];
    assert_eq!(hex::encode(&file.digest_sha1), "87f5bd0469585006aa5d3a77d1c662fd2895ddcd");
    assert_eq!(file.digest_sha256.as_ref().map(Vec::len), Some(32));
    assert!(file.size > 0 && file.name == "AM_Delta.exe", "{file:?}");
}

#[test]
fn every_captured_document_is_indexed() {
    let all = [
        (document!("1f9bd9bb-7390-4aa3-bbdb-ded99fac2583-r200"), UpdateType::Software, None),
        (WITH_FILE, UpdateType::Software, None),
        (
            document!("56309036-4c77-4dd9-951a-99ee9c246a94-r101"),
            UpdateType::Category,
            Some(CategoryType::Company),
        ),
        (
            document!("6964aab4-c5b5-43bd-a17d-ffb4346a8e1d-r100"),
            UpdateType::Category,
            Some(CategoryType::ProductFamily),
        ),
        (document!("7366a74a-ef29-44e1-b738-570b516aca1f-r200"), UpdateType::Software, None),
        (BUNDLE, UpdateType::Software, None),
        (document!("ccb78947-6453-4ecc-9de8-bc0305c98f2d-r200"), UpdateType::Software, None),
        (
            document!("dd78b8a1-0b20-45c1-add6-4da72e9364cf-r202"),
            UpdateType::Category,
            Some(CategoryType::Product),
        ),
        (document!("ff36f0b5-dded-4780-8664-cd78af8b62c1-r200"), UpdateType::Software, None),
    ];
    for (text, update_type, category_type) in all {
        let index = UpdateDocument::index(text).unwrap();
        assert_eq!((index.update_type, index.category_type), (update_type, category_type));
        assert_eq!(UpdateDocument::identity(text).unwrap(), index.identity);
        assert!(!index.title.is_empty());
    }
}

#[test]
fn prefixes_do_not_matter_and_namespaces_do() {
    let text = wrapped(
        "<Properties UpdateType=\"Category\" PublicationState=\"Expired\" EulaID=\"e\" \
         MsrcSeverity=\"Low\" DefaultPropertiesLanguage=\"de\"><SecuredFragment/>\
         <SecurityBulletinID>MS08-067</SecurityBulletinID></Properties>\
         <HandlerSpecificData><CategoryInformation CategoryType=\"Company\"/>\
         <c:CategoryInformation CategoryType=\"Product\"/></HandlerSpecificData>",
    );
    let index = UpdateDocument::index(&text).unwrap();
    assert_eq!(index.category_type, Some(CategoryType::Product));
    assert_eq!(index.publication_state, PublicationState::Expired);
    assert_eq!(index.eula_id.as_deref(), Some("e"));
    assert_eq!(index.msrc_severity.as_deref(), Some("Low"));
    assert_eq!(index.security_bulletins, ["MS08-067"]);
    assert!(index.secured_fragment);
    assert_eq!(index.title, "");
    let foreign = text.replace("msus/2002/12/Update\"", "other\"");
    assert!(matches!(UpdateDocument::index(&foreign), Err(DocumentError::NotAnUpdate { .. })));
}

#[test]
fn title_prefers_english_then_the_default_language() {
    let title = |titles: &[(&str, &str)]| {
        let titles: Vec<_> = titles
            .iter()
            .map(|(language, title)| {
                format!(
                    "<LocalizedProperties><Language>{language}</Language>\
                     <Title>{title}</Title></LocalizedProperties>"
                )
            })
            .collect();
        let titles = titles.concat();
        let text = wrapped(&format!(
            "<Properties UpdateType=\"Software\" DefaultPropertiesLanguage=\"de\"/>\
             <LocalizedPropertiesCollection>{titles}</LocalizedPropertiesCollection>"
        ));
        UpdateDocument::index(&text).unwrap().title
    };
    assert_eq!(title(&[("fr", "c"), ("de", "b"), ("en", "a &amp;\r\n&#xD;b")]), "a &\n\rb");
    assert_eq!(title(&[("fr", "c"), ("de", "b")]), "b");
    assert_eq!(title(&[("fr", "c"), ("ja", "d")]), "c");
}

#[test]
fn relationships_keep_their_groups() {
    let [a, b, c] = [1, 2, 3].map(Uuid::from_u128);
    let text = wrapped(&format!(
        "<Properties UpdateType=\"Driver\"/><Relationships><Prerequisites>\
         <UpdateIdentity UpdateID=\"{a}\"/><AtLeastOne IsCategory=\"true\">\
         <UpdateIdentity UpdateID=\"{b}\"/><UpdateIdentity UpdateID=\"{c}\"/></AtLeastOne>\
         </Prerequisites><SupersededUpdates><UpdateIdentity UpdateID=\"{c}\"/></SupersededUpdates>\
         <BundledUpdates><UpdateIdentity UpdateID=\"{a}\" RevisionNumber=\"5\"/></BundledUpdates>\
         </Relationships>"
    ));
    let index = UpdateDocument::index(&text).unwrap();
    let expected = [
        PrerequisiteGroup { is_category: false, any_of: vec![a] },
        PrerequisiteGroup { is_category: true, any_of: vec![b, c] },
    ];
    assert_eq!(index.prerequisites, expected);
    assert_eq!(index.superseded, [c]);
    assert_eq!((index.bundled.len(), index.bundled[0][0].revision), (1, 5));
}

#[test]
fn what_cannot_be_understood_is_refused() {
    let missing = wrapped("");
    assert!(matches!(UpdateDocument::index(&missing), Err(DocumentError::Missing { .. })));
    let strange = wrapped("<Properties UpdateType=\"Other\"/>");
    assert!(matches!(UpdateDocument::index(&strange), Err(DocumentError::Invalid { .. })));
    let digest =
        wrapped("<Properties UpdateType=\"Driver\"/><Files><File Digest=\"AAAA\"/></Files>");
    assert!(matches!(UpdateDocument::index(&digest), Err(DocumentError::Invalid { .. })));
    let negative = missing.replace("\"7\"", "\"-7\"");
    assert!(matches!(UpdateDocument::identity(&negative), Err(DocumentError::Invalid { .. })));
    let control = wrapped("<Properties UpdateType=\"Driver\"/><!-- \u{1} -->");
    assert!(matches!(UpdateDocument::index(&control), Err(DocumentError::Forbidden(_))));
    let deep = wrapped(&format!("{}{}", "<a>".repeat(300), "</a>".repeat(300)));
    let error = UpdateDocument::index(&deep).unwrap_err();
    assert!(matches!(error, DocumentError::Xml(XmlError::TooDeep { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damaged_documents_never_panic(
        flips in proptest::collection::vec((0_usize..14_000, 0_u8..128), 1..4),
        cut in 0_usize..14_000,
    ) {
        let mut bytes = WITH_FILE.as_bytes().to_vec();
        for (at, with) in flips {
            let at = at % bytes.len();
            bytes[at] = with;
        }
        bytes.truncate(bytes.len() - cut % 500);
        let text = String::from_utf8(bytes).unwrap();
        let _ = UpdateDocument::index(&text);
    }
}
