//! The order of an export, and what its list says.

use uuid::Uuid;

use super::{
    tests::{catalog, identity, now, revision, software},
    *,
};
use crate::{
    model::UpdateIdentity,
    store::StoreProblem,
    wire::update_document::{CategoryType, UpdateType},
};

fn category(number: u128, category_type: CategoryType) -> NewRevision {
    let mut new = revision(number, UpdateType::Category);
    new.index.category_type = Some(category_type);
    new.file_digests.clear();
    new
}

/// In this order, each in a batch of its own.
fn stored(catalog: &Catalog, revisions: impl IntoIterator<Item = NewRevision>) {
    for revision in revisions {
        catalog.store_batch(&[revision], &[], now()).unwrap();
    }
}

fn order(catalog: &Catalog) -> Vec<u128> {
    let order = catalog.export_order().unwrap();
    order.iter().map(|it| it.update_id.as_u128()).collect()
}

#[test]
fn an_order_that_does_it_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    assert_eq!(order(&catalog), []);
    // What is not there cannot come before anything.
    let updates = [(9, vec![]), (4, vec![9]), (7, vec![4, 9, 100]), (1, vec![9]), (8, vec![7, 1])];
    stored(&catalog, updates.iter().map(|(number, before)| software(*number, before)));
    assert_eq!(order(&catalog), [9, 4, 7, 1, 8]);
}

#[test]
fn what_is_named_comes_first_and_circles_end() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    let updates =
        [(1, vec![2, 3]), (2, vec![4]), (3, vec![]), (4, vec![]), (5, vec![6]), (6, vec![5])];
    stored(&catalog, updates.iter().map(|(number, before)| software(*number, before)));
    assert_eq!(order(&catalog), [4, 2, 3, 1, 6, 5]);
}

#[test]
fn of_a_prerequisite_with_several_revisions_the_first_one_does() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    let mut later = software(1, &[]);
    later.index.identity.revision = 2;
    stored(&catalog, [software(1, &[]), software(2, &[1]), later]);
    let order = catalog.export_order().unwrap();
    let revised = UpdateIdentity { revision: 2, ..identity(1) };
    assert_eq!(order, [identity(1), identity(2), revised]);
}

#[test]
fn a_long_chain_is_followed_to_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    let chain: Vec<_> = (1..=20_000).map(|number| software(number, &[number + 1])).collect();
    catalog.store_batch(&chain, &[], now()).unwrap();
    assert!(order(&catalog).into_iter().eq((1..=20_000).rev()));
}

#[test]
fn the_list_tells_products_classifications_and_files_of_updates() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    let mut product = category(1, CategoryType::Product);
    product.index.prerequisites = software(0, &[3]).index.prerequisites;
    let classification = category(2, CategoryType::UpdateClassification);
    let company = category(3, CategoryType::Company);
    stored(&catalog, [company, product, classification, software(4, &[2, 1, 3, 99])]);
    let entries = catalog.export_entries(&[identity(4), identity(1)]).unwrap();
    let ids = |numbers: &[u128]| numbers.iter().map(|it| Uuid::from_u128(*it)).collect::<Vec<_>>();
    assert_eq!(entries[0].categories, ids(&[1]));
    assert_eq!(entries[0].classifications, ids(&[2]));
    assert_eq!(entries[0].file_digests, [vec![7; 20]]);
    assert_eq!((&entries[1].categories, &entries[1].file_digests), (&Vec::new(), &Vec::new()));
    let error = catalog.export_entries(&[identity(5)]).unwrap_err();
    assert!(matches!(error.problem, StoreProblem::NotFound(it) if it == identity(5)));
}
