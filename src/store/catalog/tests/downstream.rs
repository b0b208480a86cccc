//! What is kept for downstream servers and of them.

use uuid::Uuid;

use super::{super::*, catalog, now};
use crate::wire::{
    reporting::{ServerInfo, ServerSummary},
    server_sync::TargetGroup,
};

#[test]
fn a_catalog_of_an_earlier_version_keeps_its_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("catalog.db");
    let earlier = rusqlite::Connection::open(&path).unwrap();
    earlier.execute_batch(include_str!("../migrations/0001_catalog.sql")).unwrap();
    earlier
        .execute(
            "INSERT INTO catalog (id, uuid, created_at, last_change, last_changed_at, cookie_key,
                 account_guid) VALUES (1, randomblob(16), 0, 0, 0, ?1, randomblob(16))",
            [[7_u8; 32]],
        )
        .unwrap();
    earlier.pragma_update(None, "user_version", 1).unwrap();
    earlier.pragma_update(None, "application_id", 0x4857_6374).unwrap();
    drop(earlier);
    let now = crate::clock::now();
    let catalog = Catalog::open(&path, now).unwrap();
    let keys = catalog.cookie_keys(SEALS, now).unwrap();
    assert_eq!(keys.iter().map(|it| it.key).collect::<Vec<_>>(), [[7; 32]]);
    assert_eq!(catalog.approvals().unwrap().groups, TargetGroup::built_in());
}

#[test]
fn servers_are_forgotten_that_nobody_tells_of() {
    let directory = tempfile::tempdir().unwrap();
    let catalog = catalog(directory.path());
    let server = |number: u128| ServerInfo {
        id: Uuid::from_u128(number),
        name: "dss.example.org".to_owned(),
        last_synchronization: None,
        parent: None,
        version: "10.0".to_owned(),
        replica: false,
        last_rollup: None,
        summary: ServerSummary::default(),
        clients: Vec::new(),
    };
    let days = |days: i64| now() + jiff::SignedDuration::from_hours(24 * days);
    catalog.take_servers(&[server(1), server(2)], now()).unwrap();
    catalog.take_servers(&[server(2)], days(20)).unwrap();
    // Who says that it is this server is not listened to.
    let own = catalog.account_guid().unwrap();
    catalog.take_servers(&[ServerInfo { id: own, ..server(3) }], days(31)).unwrap();
    let known = catalog.downstream_servers().unwrap();
    assert_eq!(known.iter().map(|it| it.id).collect::<Vec<_>>(), [Uuid::from_u128(2)]);
    // Two that are each above the other belong to nobody.
    let circle =
        |id: u128, parent: u128| ServerInfo { parent: Some(Uuid::from_u128(parent)), ..server(id) };
    catalog.take_servers(&[circle(8, 9), circle(9, 8)], days(31)).unwrap();
    assert_eq!(catalog.downstream_servers().unwrap().len(), 1);
}
