//! One command brings the whole example up, and it is what it says it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Instant,
};

use headwater::wire::export_file::ExportFile;
use rusqlite::Connection;

use super::{
    library::held as held_by,
    world::{Converged, EXPORT, World, digest, revisions, root, walk},
};

/// Site systems with an update point.
pub(crate) const UPDATE_POINTS: [&str; 5] =
    ["cen-wsus", "cen-inet", "ams-srv", "sea-wsus", "lis-srv"];
/// Site systems with a site database.
pub(crate) const SITE_SERVERS: [&str; 4] = ["cen-srv", "ams-srv", "sea-srv", "lis-srv"];
/// Site systems with a distribution point; all of them hold both packages.
pub(crate) const DISTRIBUTION_POINTS: [&str; 4] = ["ams-dp1", "ams-dp2", "ams-dp3", "lis-dp"];

/// The packages, with the directories they come from.
pub(crate) const PACKAGES: [(&str, &str); 2] = [
    ("CEN00001", "examples/wsus-export"),
    ("AMS00001", "examples/contoso/content/printer-definitions"),
];

/// Digests of the documents, by identity.
type Documents = BTreeMap<(String, i32), String>;

/// What the export holds.
pub(crate) fn exported() -> Documents {
    let export = ExportFile::parse(&fs::read(root().join(EXPORT)).unwrap()).unwrap();
    let documents = export.documents().map(|(identity, text)| {
        let key = (identity.update_id.simple().to_string(), identity.revision);
        (key, digest(text.as_bytes()))
    });
    documents.collect()
}

/// What a catalog holds; the digest that it keeps of each document has to be the right one.
pub(crate) fn held(catalog: &Connection) -> Documents {
    let dictionary = fs::read(root().join("src/store/catalog/documents.dictionary")).unwrap();
    let mut rows = catalog
        .prepare(
            "SELECT lower(hex(update_id)), revision, packed, lower(hex(sha256)), length
             FROM revision JOIN document USING (change) JOIN identifier ON number = identifier
             WHERE dictionary = 1",
        )
        .unwrap();
    let rows = rows.query_map([], |row| {
        let mut text = Vec::with_capacity(row.get::<_, u32>(4)? as usize);
        zstd_safe::DCtx::create()
            .decompress_using_dict(&mut text, &row.get::<_, Vec<u8>>(2)?, &dictionary)
            .unwrap();
        let computed = digest(&text);
        assert_eq!(row.get::<_, String>(3)?, computed);
        Ok(((row.get(0)?, row.get(1)?), computed))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Digests of the files of a package's source, by path.
pub(crate) fn source(directory: &str) -> BTreeMap<String, String> {
    let directory = root().join(directory);
    let mut files = BTreeMap::new();
    walk(&directory, &mut |path| {
        let name = path.strip_prefix(&directory).unwrap().to_str().unwrap();
        files.insert(name.to_owned(), digest(&fs::read(path).unwrap()));
    });
    files
}

/// Every file of the two packages is in the library of a distribution point, with the right bytes,
/// and nothing else.
pub(crate) fn assert_content(world: &World, site_system: &str) {
    let library = world.library(site_system);
    let mut wanted = BTreeSet::new();
    for (package, directory) in PACKAGES {
        let record = fs::read(library.join(format!("packages/{package}.json"))).unwrap();
        let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
        let listed: BTreeMap<String, String> = record["files"]["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| {
                let text = |field: &str| file[field].as_str().unwrap();
                let digest = text("digest").strip_prefix("sha256:").unwrap();
                (text("path").to_owned(), digest.to_owned())
            })
            .collect();
        let files = source(directory);
        assert_eq!(listed, files, "{package} on {site_system}");
        wanted.extend(files.into_values());
    }
    let mut found = BTreeSet::new();
    for file in held_by(&library) {
        assert!(file.is_right(), "{site_system}: {}", file.name);
        found.insert(file.name);
    }
    assert_eq!(found, wanted, "{site_system}");
}

/// The example as it has to be in the end.
pub(crate) fn assert_contoso(world: &World) {
    let exported = exported();
    assert_eq!(exported.len(), 4125);
    for system in UPDATE_POINTS {
        assert!(held(&world.catalog(system)) == exported, "the catalog of {system}");
    }
    for system in SITE_SERVERS {
        assert_eq!(revisions(&world.site_database(system)), 4125, "{system}");
    }
    for system in DISTRIBUTION_POINTS {
        assert_content(world, system);
    }
    let plan = world.plan();
    assert_eq!(plan["actions"].as_array().unwrap().len(), 0, "{plan}");
}

#[test]
fn up_once_converges() {
    let ended = Converged::of("contoso").ended().expect(0);
    assert!(
        ended.stdout.ends_with("54 actions done. The hierarchy is as the manifests say.\n"),
        "{}",
        ended.stdout
    );
    assert!(ended.stderr.lines().all(|line| !line.contains("WARN")), "{}", ended.stderr);
    let world = World::converged("contoso");
    assert_contoso(&world);
    let plan = world.plan();
    assert_eq!((&plan["formatVersion"], &plan["complete"]), (&"1.0".into(), &true.into()));
    let begun = Instant::now();
    let again = world.with_manifests("up --once").expect(0);
    assert!(
        again.stdout.ends_with("Nothing to do: the hierarchy is as the manifests say.\n"),
        "{}",
        again.stdout
    );
    assert!(!again.stderr.contains("done "), "{}", again.stderr);
    // Not a measurement: anything that is done once more takes longer than this.
    println!("the second run took {:?}", begun.elapsed());
}

#[test]
fn synchronization_is_told_in_its_order() {
    let world = World::converged("contoso");
    let of = |server: &str| -> Vec<(u16, String)> {
        let all = world.messages(server);
        all.into_iter().filter(|(number, _)| (6701..=6706).contains(number)).collect()
    };
    let told = |subject: &str, numbers: &[u16]| -> Vec<(u16, String)> {
        numbers.iter().map(|number| (*number, subject.to_owned())).collect()
    };
    let mut central = told("cen-active", &[6701, 6704, 6705, 6702]);
    central.extend(told("cen-internet", &[6706, 6702]));
    assert_eq!(of("cen-srv"), central);
    for (server, point) in
        [("ams-srv", "ams-active"), ("sea-srv", "sea-active"), ("lis-srv", "lis-active")]
    {
        assert_eq!(of(server), told(point, &[6701, 6704, 6702]), "{server}");
    }
    // A child starts only when its parent has finished (SYNC-2).
    let at = |server: &str, point: &str, number: u16| -> i64 {
        let sql = "SELECT at FROM status_message WHERE number = ?1 AND subject = ?2";
        let database = world.site_database(server);
        database.query_row(sql, rusqlite::params![number, point], |row| row.get(0)).unwrap()
    };
    let finished = at("cen-srv", "cen-active", 6702);
    for (server, point) in [("ams-srv", "ams-active"), ("sea-srv", "sea-active")] {
        assert!(at(server, point, 6701) >= finished);
    }
    assert!(at("lis-srv", "lis-active", 6701) >= at("ams-srv", "ams-active", 6702));
}
