//! What local publishers' documents say, as the reader of genuine ones reads them.

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    CategoryType, LocalPublication, PatchingType, PublicationState, PublishedFile, UpdateDocument,
    UpdateType, local_company, local_product, local_update,
};
use crate::model::{LocalUpdate, company_id, product_id};

const SECURITY_UPDATES: Uuid = Uuid::from_u128(0x0fa1_201d_4330_4fa8_8ae9_b877_473b_6441);

fn declared() -> LocalUpdate {
    let spec = serde_json::json!({
        "updateId": "0c4e4f4e-6d0f-4d3b-9a55-5a1a7b6f2c10",
        "title": "Fabrikam Reader 4.2.1 <for \"everybody\"> & more",
        "description": "Two holes.\nClosed.",
        "publisher": "Fabrikam",
        "product": "Fabrikam Reader",
        "classification": "Security Updates",
        "files": [{"path": "/updates/reader-4.2.1.exe"}],
        "prerequisites": ["59653007-e2e9-4f71-8525-2ff588527978"],
        "supersedes": ["5d7f1c7e-58d5-4c0a-8a43-6f1f6a3f8c55"],
        "applicability": {
            "isInstalled": "<bar:RegKeyExists Key=\"HKEY_LOCAL_MACHINE\" Subkey=\"a\" />\n",
            "isInstallable": "<lar:Not>\n  <!-- never --><lar:False />\n</lar:Not>",
            "isSuperseded": "<lar:False />",
        },
        "install": {
            "program": "reader-4.2.1.exe",
            "arguments": "/quiet \"/log=a b\"",
            "rebootBehavior": "NeverReboots",
            "restartCodes": [3010],
        },
        "knowledgeBaseArticle": "KB9004210",
        "securityBulletin": "FAB26-017",
        "severity": "Important",
        "supportUrl": "https://support.fabrikam.example/?a=1&b=2",
    });
    LocalUpdate {
        name: "fabrikam-reader".parse().unwrap(),
        spec: serde_json::from_value(spec).unwrap(),
        keep: false,
    }
}

fn publication() -> LocalPublication {
    let at: Timestamp = "2026-11-29T10:11:12.3456Z".parse().unwrap();
    LocalPublication {
        declared: declared(),
        classification: SECURITY_UPDATES,
        revision: 3,
        expired: false,
        published_at: at,
        files: vec![PublishedFile {
            name: "reader-4.2.1.exe".to_owned(),
            size: 5_000_000_000,
            sha1: "a2".repeat(20),
            sha256: "0b".repeat(32),
            modified: at,
        }],
    }
}

#[test]
fn what_was_published_is_read_back() {
    let text = local_update(&publication()).unwrap();
    let index = UpdateDocument::index(&text).unwrap();
    let spec = declared().spec;
    assert_eq!((index.identity.update_id, index.identity.revision), (spec.update_id, 3));
    assert_eq!(index.update_type, UpdateType::Software);
    assert_eq!(index.publication_state, PublicationState::Published);
    assert_eq!(index.creation_date, "2026-11-29T10:11:12.345Z");
    assert_eq!(index.title, spec.title);
    assert_eq!(index.superseded, spec.supersedes);
    let product = product_id("Fabrikam", "Fabrikam Reader");
    let groups: Vec<_> =
        index.prerequisites.iter().map(|it| (it.is_category, it.any_of.as_slice())).collect();
    let expected =
        [(false, spec.prerequisites.as_slice()), (true, &[SECURITY_UPDATES]), (true, &[product])];
    assert_eq!(groups, expected);
    let file = &index.files[0];
    assert_eq!((file.name.as_str(), file.size), ("reader-4.2.1.exe", 5_000_000_000));
    assert_eq!(file.digest_sha1, [0xa2; 20]);
    assert_eq!(file.digest_sha256.as_deref(), Some(&[0x0b; 32][..]));
    assert_eq!(file.patching_type, PatchingType::SelfContained);
    assert_eq!(index.kb_articles, ["9004210"]);
    assert_eq!(index.security_bulletins, ["FAB26-017"]);
    assert_eq!(index.msrc_severity.as_deref(), Some("Important"));
    assert!(!index.secured_fragment && index.eula_id.is_none() && index.bundled.is_empty());
}

#[test]
fn the_same_publication_is_the_same_document() {
    let text = local_update(&publication()).unwrap();
    assert_eq!(text, local_update(&publication()).unwrap());
    insta::assert_snapshot!("local-update", text);
    insta::assert_snapshot!("local-company", local_company(" Fabrikam & Sons").unwrap());
    insta::assert_snapshot!("local-product", local_product("Fabrikam", "Reader").unwrap());
}

#[test]
fn an_expired_one_says_so() {
    let text = local_update(&LocalPublication { expired: true, ..publication() }).unwrap();
    let index = UpdateDocument::index(&text).unwrap();
    assert_eq!(index.publication_state, PublicationState::Expired);
}

#[test]
fn categories_are_a_tree() {
    let company = UpdateDocument::index(&local_company("Fabrikam").unwrap()).unwrap();
    assert_eq!(company.identity.update_id, company_id("Fabrikam"));
    assert_eq!(company.category_type, Some(CategoryType::Company));
    assert_eq!(company.title, "Fabrikam");
    let product = UpdateDocument::index(&local_product("Fabrikam", "Reader").unwrap()).unwrap();
    assert_eq!(product.identity.update_id, product_id("Fabrikam", "Reader"));
    assert_eq!(product.category_type, Some(CategoryType::Product));
    assert_eq!(product.prerequisites[0].any_of, [company_id("Fabrikam")]);
    assert!(product.prerequisites[0].is_category);
}

#[test]
fn a_rule_cannot_end_what_is_around_it() {
    for text in [
        "<lar:True /></upd:IsInstalled><upd:IsInstalled><lar:True />",
        "</upd:IsInstalled>",
        "<lar:True />x",
        "<lar:And>",
        "",
        "<!DOCTYPE a><lar:True />",
    ] {
        let mut hostile = publication();
        text.clone_into(&mut hostile.declared.spec.applicability.is_installed);
        assert!(local_update(&hostile).is_err(), "{text}");
    }
    let mut hostile = publication();
    hostile.declared.spec.title = "\u{1}".to_owned();
    assert!(local_update(&hostile).is_err());
    hostile = publication();
    hostile.files[0].sha1 = "no".to_owned();
    assert!(local_update(&hostile).is_err());
}
