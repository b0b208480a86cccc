//! Which files are wanted, and what becomes of them.

use jiff::SignedDuration;

use super::*;
use crate::wire::{
    server_sync::{Deployment, DeploymentAction},
    update_content::{ListedContent, Sha1},
};

/// An update with a file of this number, and an expired one and so on where told.
fn with_file(number: u128, categories: &[u128], file: u8) -> NewRevision {
    let mut new = software(number, categories);
    new.file_digests = vec![vec![file; 20]];
    new.index.files = vec![UpdateFile {
        digest_sha1: vec![file; 20],
        digest_sha256: Some(vec![file; 32]),
        name: format!("update-{file}.cab"),
        size: u64::from(file) << 32,
        modified: None,
        patching_type: PatchingType::SelfContained,
    }];
    new
}

fn missing(catalog: &Catalog, at: Timestamp) -> Vec<u8> {
    let missing = catalog.missing_content(at, 100).unwrap();
    let mut files: Vec<_> = missing.iter().map(|it| it.content.name.sha1().as_bytes()[0]).collect();
    files.sort_unstable();
    files
}

fn chosen(catalog: &Catalog, updates: &ChosenUpdates) -> Vec<u8> {
    catalog.choose_content(Some(updates), now()).unwrap();
    missing(catalog, now())
}

/// Products 100 and 101, classification 200: updates 1 to 3 are plain, 4 supersedes 3, 5 is a bundle of
/// 6, 7 has expired, 8 has differences only.
fn full(directory: &Path) -> Catalog {
    let catalog = catalog(directory);
    let mut one = with_file(1, &[100, 200], 1);
    one.index.kb_articles = vec!["5031364".to_owned()];
    let mut two = with_file(2, &[101, 200], 2);
    two.index.creation_date = "2026-11-01T00:00:00Z".to_owned();
    let mut four = with_file(4, &[100], 4);
    four.index.superseded = vec![Uuid::from_u128(3)];
    let mut five = software(5, &[101]);
    five.file_digests = Vec::new();
    five.index.bundled = vec![vec![identity(6)]];
    let mut seven = with_file(7, &[100], 7);
    seven.index.publication_state = PublicationState::Expired;
    let mut eight = with_file(8, &[100], 8);
    eight.index.files[0].name = "express.PSF".to_owned();
    let of_six = with_file(6, &[100], 6);
    let mut all = vec![one, two, with_file(3, &[100], 3), four, of_six, five, seven, eight];
    for (number, kind) in [(100, CategoryType::Product), (101, CategoryType::Product)] {
        let mut category = revision(number, UpdateType::Category);
        category.index.category_type = Some(kind);
        category.file_digests = Vec::new();
        all.push(category);
    }
    catalog.store_batch(&all, &[], now()).unwrap();
    catalog
}

#[test]
fn files_are_chosen_by_what_their_updates_are_and_bundles_with_their_members() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = full(directory.path());
    let of = |change: &dyn Fn(&mut ChosenUpdates)| {
        let mut updates = ChosenUpdates::default();
        change(&mut updates);
        chosen(&catalog, &updates)
    };
    assert_eq!(of(&|_| {}), [1, 2, 4, 6]);
    let product = |number| Some(vec![Uuid::from_u128(number)]);
    assert_eq!(of(&|it| it.products = product(100)), [1, 4], "6 belongs to its bundle");
    assert_eq!(of(&|it| it.products = product(101)), [2, 6]);
    assert_eq!(of(&|it| it.classifications = product(200)), [1, 2]);
    assert_eq!(of(&|it| it.products = product(999)), Vec::<u8>::new(), "nothing is known of it");
    assert_eq!(of(&|it| it.articles = vec!["KB5031364".to_owned()]), [1]);
    assert_eq!(of(&|it| it.articles = vec!["KB503136".to_owned()]), Vec::<u8>::new());
    assert_eq!(of(&|it| it.created_since = Some(1_793_000_000)), [2]);
}

#[test]
fn approved_updates_are_those_that_are_installed_somewhere_and_not_declined() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = full(directory.path());
    let deployment = |number, action| Deployment {
        id: Uuid::from_u128(1_000 + number),
        identity: identity(number),
        action,
        admin_name: String::new(),
        deadline: None,
        is_assigned: true,
        go_live: now(),
        group: Uuid::from_u128(0xb73c_a6ed_5727_47f3_84de_015e_03f6_a88a),
        download_priority: 1,
    };
    let (install, scan) = (DeploymentAction::Install, DeploymentAction::Scan);
    let deployments = [
        deployment(1, scan),
        deployment(2, install),
        deployment(3, install),
        deployment(5, install),
    ];
    catalog.put_deployments(&deployments, now()).unwrap();
    catalog.set_hidden_updates(&[Uuid::from_u128(2)]).unwrap();
    let approved = ChosenUpdates { approved: true, ..ChosenUpdates::default() };
    assert_eq!(chosen(&catalog, &approved), [3, 6], "what is superseded may be approved");
}

#[test]
fn a_file_that_has_failed_waits_and_one_that_has_come_is_not_missing() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = full(directory.path());
    assert_eq!(chosen(&catalog, &ChosenUpdates::default()).len(), 4);
    let files = catalog.missing_content(now(), 100).unwrap();
    let later = now() + SignedDuration::from_mins(5);
    catalog.content_has_failed(files[0].number, "no answer", later).unwrap();
    catalog.content_has_come(files[1].number).unwrap();
    assert_eq!(missing(&catalog, now()).len(), 2);
    assert_eq!(missing(&catalog, later).len(), 3);
    let state = catalog.content_state(now()).unwrap();
    assert_eq!((state.missing, state.failed, state.failures.len()), (3, 1, 1));
    assert_eq!((state.failures[0].reason.as_str(), state.failures[0].tries), ("no answer", 1));
    assert!(state.missing_bytes > u64::from(u32::MAX), "{state:?}");
    // A clock that was put back does not make it wait for years.
    let far = now() + SignedDuration::from_hours(9_000);
    catalog.content_has_failed(files[0].number, "no answer", far).unwrap();
    assert_eq!(missing(&catalog, now()).len(), 3);
    // What is gone from the disk is missing again.
    catalog.reconcile_content(|_| false).unwrap();
    assert_eq!(missing(&catalog, now()).len(), 4);
}

#[test]
fn what_nothing_wants_any_more_is_kept_for_a_while_and_can_be_had_again() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = full(directory.path());
    let url = FileLocation {
        digest: vec![2; 20],
        publisher_url: "http://publisher.example/2.cab".to_owned(),
    };
    catalog.store_batch(&[], &[url], now()).unwrap();
    chosen(&catalog, &ChosenUpdates::default());
    catalog.reconcile_content(|_| true).unwrap();
    catalog.choose_content(None, now()).unwrap();
    catalog.want_files(&[vec![1; 20]], now() + SignedDuration::from_hours(1)).unwrap();
    let overdue = |days: i64, has_upstream| {
        let at = now() + SignedDuration::from_hours(24 * days) + SignedDuration::from_mins(1);
        let overdue = catalog.overdue_content(at, has_upstream).unwrap();
        let mut files: Vec<_> = overdue.iter().map(|(_, sha1)| sha1.as_bytes()[0]).collect();
        files.sort_unstable();
        files
    };
    assert_eq!(overdue(29, true), Vec::<u8>::new());
    assert_eq!(overdue(30, true), [2, 4, 6], "1 was asked for later");
    assert_eq!(overdue(31, true), [1, 2, 4, 6]);
    assert_eq!(overdue(31, false), [2], "nobody else has the others");
    let described = catalog.described_file(Sha1::from_slice(&[2; 20]).unwrap()).unwrap().unwrap();
    assert_eq!(described.name.extension(), Some("cab"));
}

#[test]
fn what_was_asked_for_before_files_were_fetched_is_remembered() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = full(directory.path());
    assert_eq!(catalog.want_files(&[vec![1; 20], vec![99; 20]], now()).unwrap(), [vec![99; 20]]);
    assert_eq!(missing(&catalog, now()), Vec::<u8>::new(), "all or nothing");
    assert!(catalog.want_files(&[vec![7; 20]], now()).unwrap().is_empty());
    assert_eq!(missing(&catalog, now()), [7], "whatever its update is");
    // Nobody has asked again for long.
    catalog.choose_content(None, now() + SignedDuration::from_hours(24 * 31)).unwrap();
    assert_eq!(catalog.wanted_files().unwrap(), Vec::<Vec<u8>>::new());
}

#[test]
fn files_of_packages_are_found_again_when_the_catalog_or_the_selection_changes() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = full(directory.path());
    let (package, other) = ("CEN00001".parse().unwrap(), "CEN00002".parse().unwrap());
    let selection = |product: &str| UpdateSelection {
        products: vec![product.to_owned()],
        ..UpdateSelection::default()
    };
    let of = |product: u128| {
        Ok(ChosenUpdates { products: Some(vec![Uuid::from_u128(product)]), ..Default::default() })
    };
    let state = || catalog.package_file_states().unwrap()[&package].clone();
    assert_eq!(catalog.package_files(&package).unwrap(), None);
    catalog.find_package_files(&package, &selection("one"), &of(101)).unwrap();
    catalog.find_package_files(&other, &selection("both"), &of(100)).unwrap();
    assert!(catalog.has_package_files(&package, &selection("one")).unwrap());
    assert!(!catalog.has_package_files(&package, &selection("two")).unwrap());
    let found = catalog.package_files(&package).unwrap().unwrap();
    let of_file = |it: &ListedContent| it.content().unwrap().name.sha1().as_bytes()[0];
    let files: Vec<_> = found.files.iter().map(of_file).collect();
    assert_eq!((files, found.missing, found.outdated), (vec![2, 6], 2, false));
    let first = state();
    assert_eq!((first.files, first.bytes, first.missing), (2, 8 << 32, 2));

    // They are fetched like what the settings choose, and are missed no more when they are here.
    catalog.choose_content(None, now()).unwrap();
    assert_eq!(missing(&catalog, now()), [1, 2, 4, 6]);
    catalog.reconcile_content(|it| it.name.sha1().as_bytes()[0] == 2).unwrap();
    assert_eq!((state().missing, state().digest), (1, first.digest));

    catalog.store_batch(&[with_file(9, &[101], 9)], &[], now()).unwrap();
    assert!(state().outdated && !catalog.has_package_files(&package, &selection("one")).unwrap());
    catalog.find_package_files(&package, &selection("one"), &of(101)).unwrap();
    assert_eq!((state().files, state().outdated), (3, false));
    assert_ne!(state().digest, first.digest);

    // A title that nothing has: what was found before stays, and it is looked for again.
    let hindrance = Err("no product is called `three`".to_owned());
    catalog.find_package_files(&package, &selection("three"), &hindrance).unwrap();
    assert_eq!((state().files, state().hindrance), (3, hindrance.err()));
    assert!(!catalog.has_package_files(&package, &selection("three")).unwrap());

    catalog.forget_other_packages([&package]).unwrap();
    assert_eq!(catalog.package_files(&other).unwrap(), None);
    catalog.choose_content(None, now()).unwrap();
    assert_eq!(missing(&catalog, now()), [6, 9], "2 is here, and 1 and 4 are nobody's");
}
