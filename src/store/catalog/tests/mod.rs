//! A catalog, called as its point calls it.

mod content;
mod downstream;
mod search;

use std::path::Path;

use jiff::Timestamp;
use rusqlite::params;
use uuid::Uuid;

use super::*;
use crate::{
    model::{CatalogVersion, Digest, SynchronizationRecord, UpdateIdentity, UpdateSelection},
    store::{Database, Schema, StoreProblem},
    wire::{
        agent::RevisionPage,
        server_sync::{Filter, IdAndDelta, LanguageData},
        update_document::{
            CategoryType, PatchingType, PrerequisiteGroup, PublicationState, UpdateDocument,
            UpdateFile, UpdateIndex, UpdateType,
        },
        updates::FoundUpdate,
    },
};

pub(super) fn identity(number: u128) -> UpdateIdentity {
    UpdateIdentity { update_id: Uuid::from_u128(number), revision: 1 }
}

pub(super) fn revision(number: u128, update_type: UpdateType) -> NewRevision {
    let index = UpdateIndex {
        identity: identity(number),
        update_type,
        publication_state: PublicationState::Published,
        creation_date: String::new(),
        title: format!("Update {number}"),
        titles: Vec::new(),
        category_type: None,
        prerequisites: Vec::new(),
        superseded: Vec::new(),
        bundled: Vec::new(),
        files: Vec::new(),
        kb_articles: Vec::new(),
        security_bulletins: Vec::new(),
        msrc_severity: None,
        secured_fragment: false,
        eula_id: None,
    };
    let document = format!("<Update>\r\n{number}</Update>");
    let document = PackedDocument::pack(&document);
    NewRevision { index, document, file_digests: vec![vec![7; 20]] }
}

pub(super) fn software(number: u128, categories: &[u128]) -> NewRevision {
    let mut new = revision(number, UpdateType::Software);
    new.index.prerequisites = categories
        .iter()
        .map(|it| PrerequisiteGroup { is_category: true, any_of: vec![Uuid::from_u128(*it)] })
        .collect();
    new
}

pub(super) fn now() -> Timestamp {
    "2026-11-20T08:00:00.123Z".parse().unwrap()
}

pub(super) fn catalog(directory: &Path) -> Catalog {
    Catalog::open(&directory.join("catalog.db"), now()).unwrap()
}

fn listed(catalog: &Catalog, get_config: bool, anchor: Option<&RevisionList>) -> RevisionList {
    let anchor = anchor.map(|it| it.anchor.to_string());
    catalog.revision_list(&Filter { anchor, get_config, ..Filter::default() }).unwrap()
}

fn wanted(items: &[(u128, bool)]) -> Vec<IdAndDelta> {
    items.iter().map(|(id, delta)| IdAndDelta { id: Uuid::from_u128(*id), delta: *delta }).collect()
}

#[test]
fn a_revision_is_stored_once_and_reads_back() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    assert_eq!(catalog.version().unwrap(), None);
    let new = [revision(1, UpdateType::Detectoid), revision(2, UpdateType::Category)];
    assert_eq!(catalog.store_batch(&new, &[], now()).unwrap(), 2);
    let mut other = revision(1, UpdateType::Detectoid);
    other.document = PackedDocument::pack("changed");
    assert_eq!(catalog.store_batch(&[other], &[], now()).unwrap(), 0);
    let stored = catalog.documents(&[identity(2), identity(1), identity(2)]).unwrap();
    let texts: Vec<_> = stored.iter().map(|it| it.text.as_str()).collect();
    let (one, two) = ("<Update>\r\n1</Update>", "<Update>\r\n2</Update>");
    assert_eq!(texts, [two, one, two]);
    assert_eq!(stored[0].file_digests, [vec![7; 20]]);
    assert_eq!(catalog.count().unwrap(), 2);
    assert_eq!(catalog.known(&[identity(3), identity(1)]).unwrap(), [false, true]);
    let version = CatalogVersion::of([identity(1), identity(2)]);
    assert_eq!(catalog.version().unwrap(), Some(version));
    drop(catalog);
    let catalog = self::catalog(directory.path());
    assert_eq!(catalog.version().unwrap(), Some(version));
}

#[test]
fn a_file_whose_address_came_first_is_described_by_its_update() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    let publisher_url = "http://update.example/one.cab".to_owned();
    let location = FileLocation { digest: vec![7; 20], publisher_url: publisher_url.clone() };
    catalog.store_batch(&[], &[location], now()).unwrap();
    let mut new = revision(1, UpdateType::Software);
    new.index.files = vec![UpdateFile {
        digest_sha1: vec![7; 20],
        digest_sha256: Some(vec![8; 32]),
        name: "one.cab".to_owned(),
        size: 9,
        modified: None,
        patching_type: PatchingType::SelfContained,
    }];
    let again = NewRevision {
        index: UpdateIndex { identity: identity(2), ..new.index.clone() },
        ..new.clone()
    };
    catalog.store_batch(&[new, again], &[], now()).unwrap();
    let files = catalog.database.read(|it| {
        let mut all = it.prepare("SELECT name, size, sha256, publisher_url FROM file")?;
        let rows =
            all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        Ok(rows.collect::<Result<Vec<(String, i64, Vec<u8>, String)>, _>>()?)
    });
    assert_eq!(files.unwrap(), [("one.cab".to_owned(), 9, vec![8; 32], publisher_url)]);
}

#[test]
fn a_document_that_is_not_there_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    let error = catalog.documents(&[identity(9)]).unwrap_err();
    assert!(matches!(error.problem, StoreProblem::NotFound(it) if it == identity(9)));
}

#[test]
fn a_damaged_document_is_never_served() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    catalog.store_batch(&[revision(1, UpdateType::Detectoid)], &[], now()).unwrap();
    catalog.database.write(|it| Ok(it.execute("UPDATE document SET packed = x'41'", [])?)).unwrap();
    let error = catalog.documents(&[identity(1)]).unwrap_err();
    assert!(matches!(error.problem, StoreProblem::DamagedDocument(it) if it == identity(1)));
}

#[test]
fn changes_of_the_same_millisecond_are_listed_once() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    let mut last = listed(&catalog, true, None);
    assert!(last.revisions.is_empty());
    for number in 1..=5 {
        catalog.store_batch(&[revision(number, UpdateType::Category)], &[], now()).unwrap();
        let next = listed(&catalog, true, Some(&last));
        assert_eq!(next.revisions, [identity(number)]);
        assert!(next.anchor > last.anchor);
        last = next;
    }
    assert!(listed(&catalog, true, Some(&last)).revisions.is_empty());
    assert!(listed(&catalog, false, None).revisions.is_empty());
    assert_eq!(listed(&catalog, true, None).revisions.len(), 5);
    // The clock goes back: nothing is lost all the same.
    let before = now() - jiff::SignedDuration::from_hours(1);
    catalog.store_batch(&[revision(6, UpdateType::Detectoid)], &[], before).unwrap();
    assert_eq!(listed(&catalog, true, Some(&last)).revisions, [identity(6)]);
}

#[test]
fn anchors_of_other_catalogs_are_told_from_garbage() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    let ask = |anchor: &str| {
        catalog.revision_list(&Filter { anchor: Some(anchor.to_owned()), ..Filter::default() })
    };
    assert!(matches!(ask("garbage"), Err(ListError::Anchor(_))));
    assert!(matches!(ask("1,2026-11-20 08:00:00.124"), Err(ListError::ServerChanged(_))));
    assert!(matches!(ask("1,2026-11-20 08:00:00.122"), Err(ListError::ServerChanged(_))));
    assert!(ask("99,2026-11-20 08:00:00.123").is_ok());
}

#[test]
fn filters_join_categories_and_classifications() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    let new = [software(1, &[100, 200]), software(2, &[101, 200]), software(3, &[100])];
    catalog.store_batch(&new, &[], now()).unwrap();
    let ask = |categories: Option<&[_]>, classifications: Option<&[_]>, anchor: Option<&str>| {
        let filter = Filter {
            anchor: anchor.map(str::to_owned),
            categories: categories.map(wanted),
            classifications: classifications.map(wanted),
            ..Filter::default()
        };
        catalog.revision_list(&filter).unwrap()
    };
    let check = |it: &rusqlite::Transaction<'_>| {
        Ok(it.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0))?)
    };
    assert_eq!(catalog.database.read(check).unwrap(), "ok");
    let both = ask(Some(&[(101, true), (100, true)]), Some(&[(200, true)]), None);
    assert_eq!(both.revisions, [identity(1), identity(2)]);
    let one = ask(Some(&[(100, true)]), Some(&[(200, true)]), None);
    assert_eq!(one.revisions, [identity(1)]);
    assert!(ask(Some(&[(100, true)]), None, None).revisions.is_empty());
    assert!(ask(Some(&[]), Some(&[(200, true)]), None).revisions.is_empty());
    assert_eq!(ask(None, None, None).revisions.len(), 3);
    // A product that was just added is asked for from the beginning.
    let anchor = both.anchor.to_string();
    let added =
        ask(Some(&[(100, true), (101, false)]), Some(&[(200, true)]), Some(anchor.as_str()));
    assert_eq!(added.revisions, [identity(2)]);
}

#[test]
fn pages_follow_the_order_of_changes() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    let many: Vec<_> = (1..=RevisionPage::LIMIT as u128 + 1).map(|it| software(it, &[7])).collect();
    catalog.store_batch(&many, &[], now()).unwrap();
    let first = catalog.page(0).unwrap();
    assert!(first.more);
    assert_eq!(first.revisions.len(), RevisionPage::LIMIT);
    assert!(first.revisions.is_sorted_by(|a, b| a.change < b.change));
    assert_eq!(first.revisions[0].categories, [Uuid::from_u128(7)]);
    let last = catalog.page(first.revisions[RevisionPage::LIMIT - 1].change).unwrap();
    assert!(!last.more);
    assert_eq!(last.revisions[0].identity, identity(RevisionPage::LIMIT as u128 + 1));
    assert_eq!(last.catalog, first.catalog);
}

#[test]
fn only_languages_that_changed_are_listed_again() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    let language = |id, enabled| LanguageData {
        id,
        short_name: "en".to_owned(),
        long_name: "English".to_owned(),
        enabled,
    };
    let store = |languages: &[LanguageData]| catalog.store_languages(languages, now()).unwrap();
    store(&[language(1033, true), language(0, false)]);
    let (languages, anchor) = catalog.languages(None).unwrap();
    assert_eq!(languages, [language(0, false), language(1033, true)]);
    store(&[language(1033, true), language(0, true)]);
    let (languages, anchor) = catalog.languages(Some(&anchor.to_string())).unwrap();
    assert_eq!(languages, [language(0, true)]);
    store(&[language(1033, true)]);
    assert_eq!(catalog.languages(Some(&anchor.to_string())).unwrap(), (Vec::new(), anchor));
}

#[test]
fn progress_and_keys_outlive_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    let keep = jiff::SignedDuration::from_hours(144);
    let key = catalog.cookie_keys(keep, now()).unwrap();
    let account = catalog.account_guid().unwrap();
    let selected =
        Selected { categories: Some([Uuid::from_u128(1)].into()), classifications: None };
    let anchor = UpstreamAnchor { anchor: "opaque".to_owned(), selected };
    catalog.set_upstream_anchor("http://a", AnchorKind::Updates, &anchor).unwrap();
    let record = SynchronizationRecord {
        finished_at: now(),
        from: "http://a".to_owned(),
        imported: None,
        new_revisions: 3,
    };
    catalog.set_last_synchronization(&record).unwrap();
    drop(catalog);
    let catalog = self::catalog(directory.path());
    assert_eq!(catalog.cookie_keys(keep, now()).unwrap(), key);
    assert_eq!(catalog.account_guid().unwrap(), account);
    assert_eq!(catalog.last_synchronization().unwrap(), Some(record));
    let found = |upstream, kind| catalog.upstream_anchor(upstream, kind).unwrap();
    assert_eq!(found("http://a", AnchorKind::Updates), Some(anchor));
    assert_eq!(found("http://a", AnchorKind::Configuration), None);
    assert_eq!(found("http://b", AnchorKind::Updates), None);
    catalog.forget_upstream_anchors("http://a").unwrap();
    assert_eq!(found("http://a", AnchorKind::Updates), None);
}

#[test]
fn categories_are_found_by_their_type() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    let mut product = revision(1, UpdateType::Category);
    product.index.category_type = Some(CategoryType::Product);
    let mut company = revision(2, UpdateType::Category);
    company.index.category_type = Some(CategoryType::Company);
    catalog.store_batch(&[product, company], &[], now()).unwrap();
    let products = catalog.categories(CategoryType::Product).unwrap();
    let title = CategoryTitle { id: Uuid::from_u128(1), title: "Update 1".to_owned(), of: None };
    assert_eq!(products, [title]);
}

#[test]
fn a_catalog_of_the_first_version_is_taken_over() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    let schema = Schema {
        what: "the catalog of an update point",
        application_id: 0x4857_6374,
        migrations: &[include_str!("../migrations/0001_catalog.sql")],
    };
    let old = Database::open(&path, &schema).unwrap();
    let text = include_str!(
        "../../../../tests/data/updates/ff36f0b5-dded-4780-8664-cd78af8b62c1-r200.xml"
    );
    let index = UpdateDocument::index(text).unwrap();
    old.write(|it| {
        it.execute_batch(
            "INSERT INTO catalog VALUES (1, zeroblob(16), 5, 70, 9, zeroblob(32), zeroblob(16), NULL)",
        )?;
        it.execute(
            "INSERT INTO revision VALUES (3, ?1, ?2, 'Software', NULL, 0, 0, 'a title', 70, 9)",
            params![index.identity.update_id.as_bytes(), index.identity.revision],
        )?;
        it.execute(
            "INSERT INTO document VALUES (3, ?1, ?2)",
            params![Digest::of(text.as_bytes()).as_bytes(), text.as_bytes()],
        )?;
        it.execute_batch(
            "INSERT INTO file_digest VALUES (3, 0, x'07');
             INSERT INTO file_location VALUES (x'07', 'http://example.com/file')",
        )?;
        Ok(())
    })
    .unwrap();
    drop(old);

    let catalog = self::catalog(directory.path());
    let stored = catalog.documents(&[index.identity]).unwrap();
    assert_eq!((stored[0].text.as_str(), &stored[0].file_digests), (text, &vec![vec![7]]));
    assert_eq!(catalog.version().unwrap(), Some(CatalogVersion::of([index.identity])));
    assert_eq!(catalog.locations(&[vec![7]]).unwrap()[0].publisher_url, "http://example.com/file");
    // Who has read it before reads on after the same change and with the same anchor.
    let page = catalog.page(0).unwrap();
    assert_eq!((page.catalog, page.revisions[0].change), (Uuid::nil(), 70));
    let anchored = |anchor: &str| {
        let filter = Filter { anchor: Some(anchor.to_owned()), ..Filter::default() };
        catalog.revision_list(&filter).unwrap().revisions.len()
    };
    assert_eq!(anchored("1,1970-01-01 00:00:00.008"), 1);
    assert_eq!(anchored("1,1970-01-01 00:00:00.009"), 0);
    drop(catalog);
    assert_eq!(self::catalog(directory.path()).count().unwrap(), 1);
}

#[test]
fn a_category_that_comes_after_those_who_name_it_is_found_as_theirs() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    catalog.store_batch(&[software(1, &[10, 20])], &[], now()).unwrap();
    let late = [revision(10, UpdateType::Category), revision(20, UpdateType::Category)];
    catalog.store_batch(&late, &[], now()).unwrap();
    let filter = Filter {
        categories: Some(wanted(&[(10, false)])),
        classifications: Some(wanted(&[(20, false)])),
        ..Filter::default()
    };
    assert_eq!(catalog.revision_list(&filter).unwrap().revisions, [identity(1)]);
}

#[test]
fn what_a_batch_that_failed_had_numbered_is_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    catalog
        .database
        .write(|it| {
            Ok(it.execute_batch(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON document BEGIN SELECT RAISE(ABORT, 'no'); END",
    )?)
        })
        .unwrap();
    catalog.store_batch(&[software(1, &[10])], &[], now()).unwrap_err();
    catalog.database.write(|it| Ok(it.execute_batch("DROP TRIGGER full")?)).unwrap();
    let new =
        [revision(7, UpdateType::Category), software(1, &[10]), revision(10, UpdateType::Category)];
    assert_eq!(catalog.store_batch(&new, &[], now()).unwrap(), 3);
    let categories = catalog.page(0).unwrap().revisions[1].categories.clone();
    assert_eq!(categories, [Uuid::from_u128(10)]);
}
