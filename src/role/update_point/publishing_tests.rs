//! Updates of local publishers in a catalog.

use tempfile::TempDir;
use uuid::Uuid;

use super::{
    publishing::{PublishError, expire, publish, repair, states},
    titles::Offered,
};
use crate::{
    clock,
    content::UpdateFiles,
    model::{LocalUpdate, UpdateIdentity, company_id, product_id},
    store::catalog::Catalog,
    wire::update_document::{LocalPublication, UpdateType},
};

const READER: Uuid = Uuid::from_u128(0x0c4e_4f4e_6d0f_4d3b_9a55_5a1a_7b6f_2c10);

struct Fixture {
    catalog: Catalog,
    files: UpdateFiles,
    directory: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let catalog = Catalog::open(&directory.path().join("catalog.db"), clock::now()).unwrap();
        let files = UpdateFiles::open(&directory.path().join("content")).unwrap();
        Self { catalog, files, directory }
    }

    fn publish(&self, update: LocalUpdate) -> Result<i32, PublishError> {
        publish(&self.catalog, &self.files, update)
    }

    fn revision(&self, revision: i32) -> bool {
        self.catalog.known(&[UpdateIdentity { update_id: READER, revision }]).unwrap()[0]
    }
}

fn reader(title: &str) -> LocalUpdate {
    let spec = serde_json::json!({
        "updateId": READER,
        "title": title,
        "publisher": "Fabrikam",
        "product": "Fabrikam Reader",
        "classification": "Security Updates",
        "applicability": {"isInstalled": "<lar:False />", "isInstallable": "<lar:True />"},
    });
    LocalUpdate {
        name: "reader".parse().unwrap(),
        spec: serde_json::from_value(spec).unwrap(),
        keep: false,
    }
}

#[test]
fn the_same_is_published_once_and_a_change_is_the_next_revision() {
    let it = Fixture::new();
    assert_eq!(it.publish(reader("one")).unwrap(), 1);
    let version = it.catalog.version().unwrap();
    assert_eq!(it.publish(reader("one")).unwrap(), 1);
    let renamed = LocalUpdate { name: "other".parse().unwrap(), keep: true, ..reader("one") };
    assert_eq!(it.publish(renamed.clone()).unwrap(), 1);
    assert_eq!(it.catalog.version().unwrap(), version);
    assert_eq!(states(&it.catalog).unwrap()[&READER].declared, renamed);

    assert_eq!(it.publish(reader("two")).unwrap(), 2);
    assert_eq!(expire(&it.catalog, READER).unwrap(), Some(3));
    assert_eq!(expire(&it.catalog, READER).unwrap(), Some(3));
    assert!(states(&it.catalog).unwrap()[&READER].expired);
    assert_eq!(it.publish(reader("two")).unwrap(), 4);
    // The update in four revisions, a company, a product.
    assert_eq!(it.catalog.count().unwrap(), 6);
    assert_eq!(expire(&it.catalog, Uuid::from_u128(1)).unwrap(), None);
}

#[test]
fn a_publication_that_was_cut_off_is_completed_as_the_same_revision() {
    let it = Fixture::new();
    it.publish(reader("one")).unwrap();
    let first = it.catalog.local_publication(READER).unwrap().unwrap();
    // The power went between what is remembered and what is stored.
    let second = LocalPublication { declared: reader("two"), revision: 2, ..first };
    it.catalog.remember_local_publication(&second).unwrap();
    assert!(states(&it.catalog).unwrap().is_empty(), "it is published again");
    assert!(!it.revision(2));
    assert_eq!(it.publish(reader("two")).unwrap(), 2);
    assert!(it.revision(2) && !it.revision(3));
    let details = it.catalog.details(READER, None).unwrap().unwrap();
    assert_eq!(details.update.title, "two");
}

#[test]
fn what_is_somebody_elses_or_wrong_changes_nothing() {
    let it = Fixture::new();
    it.publish(reader("one")).unwrap();
    let version = it.catalog.version().unwrap();
    let company = company_id("Fabrikam");
    let mut foreign = reader("two");
    foreign.spec.update_id = company;
    let refused = it.publish(foreign);
    assert!(matches!(refused, Err(PublishError::Foreign(id)) if id == company), "{refused:?}");
    let mut broken = reader("two");
    "<lar:Never />".clone_into(&mut broken.spec.applicability.is_installable);
    assert!(matches!(it.publish(broken), Err(PublishError::Rule { .. })));
    let mut unknown = reader("two");
    "Patches".clone_into(&mut unknown.spec.classification);
    assert!(matches!(it.publish(unknown), Err(PublishError::Classification(_))));
    let mut with_control = reader("two");
    "\u{1}".clone_into(&mut with_control.spec.title);
    assert!(matches!(it.publish(with_control), Err(PublishError::Document { .. })));
    assert_eq!(it.catalog.version().unwrap(), version);
    assert_eq!(states(&it.catalog).unwrap()[&READER].revision, 1);
}

#[test]
fn the_product_is_offered_and_asked_of_nobody() {
    let it = Fixture::new();
    it.publish(reader("one")).unwrap();
    let offered = Offered::by(&it.catalog).unwrap();
    let product = product_id("Fabrikam", "Fabrikam Reader");
    assert_eq!(offered.products(&["fabrikam reader".to_owned()]).unwrap(), [product].into());
    assert_eq!(offered.local, [product].into());
}

#[test]
fn damaged_documents_are_written_again() {
    let it = Fixture::new();
    it.publish(reader("one")).unwrap();
    it.publish(reader("two")).unwrap();
    let id = |update_id, revision| UpdateIdentity { update_id, revision };
    let product = product_id("Fabrikam", "Fabrikam Reader");
    let damaged = vec![id(READER, 1), id(READER, 2), id(product, 1)];
    let before = it.catalog.details(READER, Some(2)).unwrap().unwrap();
    // Of what was published before the last one nothing is remembered.
    assert_eq!(repair(&it.catalog, damaged).unwrap(), [id(READER, 1)]);
    let after = it.catalog.details(READER, Some(2)).unwrap().unwrap();
    assert_eq!(after.document_sha256, before.document_sha256);
    assert_eq!(after.update.update_type, UpdateType::Software);
}

#[test]
fn files_are_taken_in_with_both_digests_and_described() {
    let it = Fixture::new();
    let path = it.directory.path().join("reader.exe");
    std::fs::write(&path, b"four and two").unwrap();
    let with_file = |sha256: Option<&str>| {
        let mut update = reader("one");
        let path = path.to_str().unwrap();
        let file = serde_json::json!([{"path": path, "sha256": sha256}]);
        update.spec.files = serde_json::from_value(file).unwrap();
        let install = serde_json::json!({"program": "reader.exe"});
        update.spec.install = serde_json::from_value(install).unwrap();
        update
    };
    assert_eq!(it.publish(with_file(None)).unwrap(), 1);
    let publication = it.catalog.local_publication(READER).unwrap().unwrap();
    let content = publication.files[0].content().unwrap();
    assert!(it.files.has(&content));
    let held = it.files.path(content.name.sha1()).unwrap();
    assert_eq!(std::fs::read(held).unwrap(), b"four and two");
    let details = it.catalog.details(READER, None).unwrap().unwrap();
    assert_eq!((details.files[0].name.as_str(), details.files[0].size), ("reader.exe", 12));
    assert_eq!(details.files[0].sha256.as_ref(), Some(&publication.files[0].sha256));

    // Without a digest nobody looks again; what is kept need not be there any more.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(it.publish(with_file(None)).unwrap(), 1);
    // What has gone from the files comes again, if it is the same.
    it.files.remove(content.name.sha1()).unwrap();
    assert!(matches!(it.publish(with_file(None)), Err(PublishError::File { .. })));
    std::fs::write(&path, b"four and too").unwrap();
    assert!(matches!(it.publish(with_file(None)), Err(PublishError::File { .. })));
    assert!(matches!(
        it.publish(with_file(Some(&publication.files[0].sha256))),
        Err(PublishError::Unreadable(_))
    ));
    std::fs::write(&path, b"four and two").unwrap();
    assert_eq!(it.publish(with_file(Some(&publication.files[0].sha256))).unwrap(), 2);
    assert!(it.files.has(&content));
}
