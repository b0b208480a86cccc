//! `headwater updates`: the catalog of an update point through the front door.

use serde_json::Value;

use super::{
    content_schemas::assert_valid,
    world::{Ended, World},
};

fn updates(world: &World, arguments: &[&str]) -> Ended {
    world.run(&[&["updates"], arguments].concat())
}

fn listed(world: &World, arguments: &[&str]) -> Value {
    let report = updates(world, &[arguments, &["--output", "json"]].concat()).expect(0).json();
    assert_valid("updates.json", &report);
    report
}

fn titles(report: &Value) -> Vec<String> {
    let updates = report["updates"].as_array().unwrap().iter();
    updates.map(|update| update["title"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn updates_are_found_by_words_and_by_what_they_are() {
    let world = World::converged("contoso");
    let report = listed(&world, &["search", "windows", "server", "2019", "--type", "category"]);
    assert_eq!(report["updatePoint"], "cen-active");
    let found = titles(&report);
    assert!(found.contains(&"Windows Server 2019".to_owned()), "{found:?}");
    assert!(found.iter().all(|title| title.contains("2019")), "{found:?}");

    let all = listed(&world, &["list", "--type", "category", "--limit", "2000"]);
    assert_eq!((titles(&all).len(), &all["more"]), (451, &Value::Bool(false)));
    let first = listed(&world, &["list", "--limit", "7"]);
    assert_eq!((titles(&first).len(), &first["more"]), (7, &Value::Bool(true)));
    let of_lisbon = listed(&world, &["list", "--point", "lis-active", "--since", "2024-06-01"]);
    let days = of_lisbon["updates"].as_array().unwrap().iter();
    assert!(days.map(|it| it["createdAt"].as_str().unwrap()).all(|it| it > "2024-06-01"));

    let text = updates(&world, &["search", "windows", "server", "2019"]).expect(0).stdout;
    assert!(text.contains("Windows Server 2019") && text.contains(" updates"), "{text}");
    let none = updates(&world, &["search", "no such words"]).expect(1).stdout;
    assert!(none.contains("No update of `cen-active` is like that"), "{none}");
}

#[test]
fn titles_that_mean_nothing_or_too_much_are_refused() {
    let world = World::converged("contoso");
    let refused = |title: &str| updates(&world, &["list", "--product", title]).expect(1).stderr;
    let near = refused("Windows Server 2091");
    assert!(near.contains("did you mean `Windows Server 2019`?"), "{near}");
    let twice = refused("Windows 10, version 1903 and later");
    let both = ["b3c75dc1-155f-4be4-b015-3f1a91758e52", "8a3cbc4a-5334-40d4-a06e-6da96022ae3b"];
    assert!(both.iter().all(|id| twice.contains(id)), "{twice}");
    let nobody = updates(&world, &["list", "--point", "nobody"]).expect(1).stderr;
    assert!(nobody.contains("no software update point `nobody`"), "{nobody}");
}

#[test]
fn an_update_is_shown_whole() {
    let world = World::converged("contoso");
    let id = "f702a48c-919b-45d6-9aef-ca4248d50397";
    let report = updates(&world, &["show", id, "--output", "json"]).expect(0).json();
    assert_valid("update.json", &report);
    let update = &report["update"];
    assert_eq!(update["title"], "Windows Server 2019");
    assert_eq!(update["prerequisites"][0][0]["title"], "Windows");
    assert_eq!(update["titles"][0]["language"], "en");
    let text = updates(&world, &["show", id]).expect(0).stdout;
    assert!(text.contains("6964aab4-c5b5-43bd-a17d-ffb4346a8e1d (Windows)"), "{text}");
    let gone = updates(&world, &["show", &format!("{id}.9999")]).expect(1).stderr;
    assert!(gone.contains("has no update"), "{gone}");
}

#[test]
fn titles_are_searched_and_shown_in_the_languages_of_the_point() {
    let world = World::converged("contoso");
    let search = ["search", "sicherheitsupdates", "--point", "ams-active"];
    updates(&world, &search).expect(1);
    let role = "  siteSystem: ams-srv\n  role: Active\n";
    world.edit("sites/ams.yaml", role, &format!("{role}  languages: [de, pt-br]\n"));
    world.with_manifests("up --once").expect(0);
    let report = listed(&world, &search);
    assert!(titles(&report).iter().all(|title| title == "Security Updates"));
    let localized = &report["updates"][0]["localizedTitles"];
    assert_eq!(localized[0]["language"], "de");
    assert_eq!(localized[0]["title"], "Sicherheitsupdates");
    let text = updates(&world, &search).expect(0).stdout;
    assert!(text.contains("de: Sicherheitsupdates"), "{text}");
    let id = report["updates"][0]["updateId"].as_str().unwrap();
    let shown = updates(&world, &["show", id, "--point", "ams-active"]).expect(0).stdout;
    assert!(shown.contains("Title (de)      Sicherheitsupdates\n"), "{shown}");
    // The others are as they were.
    let others = updates(&world, &["search", "sicherheitsupdates", "--point", "lis-active"]);
    others.expect(1);
    assert_eq!(world.plan()["actions"].as_array().unwrap().len(), 0);
}

/// Below the top it is fetched from the parent, at the top taken out of the export.
#[test]
fn damaged_documents_are_found_named_and_fetched_again() {
    let world = World::converged("contoso");
    for (system, point) in [("lis-srv", "lis-active"), ("cen-wsus", "cen-active")] {
        let check = |more: &[&str], code| {
            let arguments = [&["check", "--point", point, "--output", "json"], more].concat();
            let report = updates(&world, &arguments).expect(code).json();
            assert_valid("catalog-check.json", &report);
            report["findings"].clone()
        };
        assert_eq!(check(&[], 0)["documents"], 4125);
        let damaged: i64 = {
            let catalog = world.catalog(system);
            catalog
                .execute(
                    "UPDATE document SET packed = zeroblob(length(packed))
                     WHERE change IN (SELECT change FROM document ORDER BY change LIMIT 3)",
                    [],
                )
                .unwrap();
            catalog
                .execute(
                    "DELETE FROM document WHERE change = (SELECT max(change) FROM document)",
                    [],
                )
                .unwrap();
            catalog.query_row("SELECT count(*) FROM document", [], |row| row.get(0)).unwrap()
        };
        assert_eq!(damaged, 4124);
        let found = check(&[], 1);
        assert_eq!(found["damaged"].as_array().unwrap().len(), 4, "{found}");
        let text = updates(&world, &["check", "--point", point]).expect(1).stdout;
        assert!(text.contains("damaged, never served") && text.contains("--repair"), "{text}");
        let repaired = check(&["--repair"], 0);
        assert_eq!(repaired["damaged"], repaired["repaired"], "{repaired}");
        assert_eq!(check(&[], 0)["damaged"].as_array().unwrap().len(), 0);
    }
}
