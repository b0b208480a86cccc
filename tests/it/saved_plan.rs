//! A saved plan is carried out exactly, or refused with everything that has moved, and then nothing
//! is touched.

use std::{collections::BTreeMap, fs, path::Path};

use rusqlite::{Connection, types::ValueRef};
use serde_json::{Value, json};

use super::world::{Ended, World, digest, walk};

/// Everything in the data directory: files by digest, databases by their rows (a database may be
/// divided otherwise between its files). The files by which processes find and exclude each other
/// are not what a hierarchy is.
fn untouched(world: &World) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    walk(&world.data(), &mut |path| {
        let name = path.strip_prefix(world.data()).unwrap().to_str().unwrap().to_owned();
        let found = matches!(name.as_str(), "host" | "host.lock" | "reconcile.lock");
        let content = match path.extension().and_then(|end| end.to_str()) {
            Some("db-wal" | "db-shm") => return,
            Some("db") => rows(path),
            _ if found => return,
            _ => fs::read(path).unwrap(),
        };
        files.insert(name, digest(&content));
    });
    files
}

/// All rows of all tables.
fn rows(path: &Path) -> Vec<u8> {
    let database = Connection::open(path).unwrap();
    let mut tables = database
        .prepare(
            "SELECT name FROM sqlite_schema
             WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name",
        )
        .unwrap();
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut bytes = Vec::new();
    for table in tables {
        let mut all = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = all.column_count();
        let mut rows = all.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                match row.get_ref(column).unwrap() {
                    ValueRef::Null => bytes.push(0),
                    ValueRef::Integer(number) => bytes.extend(number.to_le_bytes()),
                    ValueRef::Real(number) => bytes.extend(number.to_le_bytes()),
                    ValueRef::Text(content) | ValueRef::Blob(content) => bytes.extend(content),
                }
            }
        }
    }
    bytes
}

/// What was said, without what is another in each test.
fn said(world: &World, ended: &Ended) -> String {
    let directory = world.path("").to_str().unwrap().trim_end_matches('/').to_owned();
    ended.stderr.replace(&directory, "[world]")
}

fn save(world: &World) -> String {
    let file = world.path("plan.json").to_str().unwrap().to_owned();
    let ended = world.with_manifests(&format!("plan --out {file}")).expect(0);
    assert!(ended.stderr.contains("apply it with"), "{}", ended.stderr);
    // What is read only then is not part of what was saved.
    let reads = ended.stdout.contains("content library of site server");
    let told = "what packages and import files hold is read when it is applied";
    assert_eq!(ended.stderr.contains(told), reads, "{}", ended.stderr);
    file
}

fn edited(file: &str, edit: impl FnOnce(&mut Value)) {
    let mut plan: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    edit(&mut plan);
    fs::write(file, plan.to_string()).unwrap();
}

/// The smallest example, to be changed: another port, another version of its package.
fn changed() -> World {
    let world = World::converged("minimal");
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    world.edit("headwater.yaml", "ONE00001\n", "ONE00001\n  sourceVersion: 2\n");
    world
}

#[test]
fn a_saved_plan_is_carried_out_exactly_as_it_was_saved() {
    let world = changed();
    let file = save(&world);
    let saved: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let plan = world.with_manifests("plan --output json").json();
    for (field, value) in plan.as_object().unwrap() {
        assert_eq!(saved[field], *value, "a saved plan is a plan with its basis");
    }
    let shown = world.run(&["show", "--output", "json", &file]).expect(0).json();
    assert_eq!(shown["actions"], plan["actions"]);

    let ended = world.run(&["apply", "--output", "json", "--plan", &file]).expect(0);
    let kinds = ["ConfigureDistributionPoint", "UpdateContent", "UpdateContent"];
    let planned = plan["actions"].as_array().unwrap();
    assert_eq!(planned.iter().map(|it| it["kind"].as_str().unwrap()).collect::<Vec<_>>(), kinds);
    let told = json!({"carriedOut": true, "done": 3, "left": [], "next": []});
    assert_eq!(ended.json(), told);
    assert_eq!(world.plan()["actions"], json!([]));
}

#[test]
fn a_plan_without_actions_is_carried_out_too() {
    let world = World::converged("minimal");
    let file = save(&world);
    let ended = world.run(&["apply", "--plan", &file]).expect(0);
    assert_eq!(ended.stdout, "0 actions done, as planned. Nothing is left to do.\n");
}

#[test]
fn whatever_has_moved_is_named_and_nothing_is_touched() {
    let world = changed();
    let file = save(&world);
    let before = untouched(&world);
    world.edit("headwater.yaml", "http: 8090", "http: 8091");
    world.edit("headwater.yaml", "  role: Active\n", "  role: Active\n  languages: [en]\n");
    world.remove_document("headwater.yaml", "Package", "welcome");
    world.append(
        "headwater.yaml",
        "---\napiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata:\n  name: branch\n\
         spec:\n  site: one\n  address: branch.contoso.example\n",
    );
    let ended = world.run(&["apply", "--plan", &file]).expect(3);
    assert_eq!(ended.stdout, "");
    insta::assert_snapshot!(said(&world, &ended), @r#"
    moved: SiteSystem/branch is declared now ([world]/manifests/headwater.yaml:60)
    moved: PortSettings/content spec.http: 8090 -> 8091 ([world]/manifests/headwater.yaml:58)
    moved: SoftwareUpdatePoint/updates spec.languages: nothing -> ["en"] ([world]/manifests/headwater.yaml:37)
    moved: Package/welcome is not declared any more
    error: [world]/plan.json is refused: 4 things have moved since it was made: look at what did, and plan again with `headwater plan --out FILE PATH`
    "#);
    assert_eq!(untouched(&world), before);
    let ended = world.run(&["apply", "--output", "json", "--plan", &file]).expect(3);
    insta::assert_snapshot!(ended.stdout.replace(world.path("").to_str().unwrap(), "[world]/"), @r#"
    {
      "refused": "stale",
      "moved": [
        {
          "resource": "SiteSystem/branch",
          "path": "",
          "before": null,
          "after": "declared",
          "file": "[world]/manifests/headwater.yaml",
          "line": 60
        },
        {
          "resource": "PortSettings/content",
          "path": "spec.http",
          "before": 8090,
          "after": 8091,
          "file": "[world]/manifests/headwater.yaml",
          "line": 58
        },
        {
          "resource": "SoftwareUpdatePoint/updates",
          "path": "spec.languages",
          "before": null,
          "after": [
            "en"
          ],
          "file": "[world]/manifests/headwater.yaml",
          "line": 37
        },
        {
          "resource": "Package/welcome",
          "path": "",
          "before": "declared",
          "after": null
        }
      ]
    }
    "#);
    assert_eq!(untouched(&world), before);
}

#[test]
fn what_has_moved_on_the_site_systems_is_named_and_nothing_is_touched() {
    let world = changed();
    let file = save(&world);
    let manifests = fs::read(world.manifests().join("headwater.yaml")).unwrap();
    // Somebody else has applied something else.
    world.edit("headwater.yaml", "sourceVersion: 2", "sourceVersion: 3");
    world.edit("headwater.yaml", "http: 8090", "http: 8085");
    world.with_manifests("apply").expect(0);
    fs::write(world.manifests().join("headwater.yaml"), manifests).unwrap();
    let library = world.library("server");
    let record = library.join("packages/ONE00001.json");
    let before = untouched(&world);
    let ended = world.run(&["apply", "--plan", &file]).expect(3);
    assert!(record.exists());
    insta::with_settings!({filters => vec![("sha256:[0-9a-f]+", "sha256:[digest]")]}, {
        insta::assert_snapshot!(said(&world, &ended), @r#"
        moved: site system `server`, distributionPoint.settings.ports.http: 8080 -> 8085
        moved: site system `server`, distributionPoint.settings.ports.https: 8081 -> 8086
        moved: site system `server`, siteServer.packages.ONE00001.digest: sha256:[digest] -> sha256:[digest]
        moved: site system `server`, siteServer.packages.ONE00001.version: 1 -> 3
        moved: package ONE00001 on `server`: version 1 (sha256:[digest]) -> version 3 (sha256:[digest])
        error: [world]/plan.json is refused: 5 things have moved since it was made: look at what did, and plan again with `headwater plan --out FILE PATH`
        "#);
    });
    assert_eq!(untouched(&world), before);
}

#[test]
fn every_other_refusal_says_why_and_touches_nothing() {
    let world = changed();
    let file = save(&world);
    let whole = fs::read(&file).unwrap();
    let before = untouched(&world);
    let mut all = Vec::new();
    let mut refused = |what: &str, arguments: &[&str], code: i32| {
        let mut command = vec!["apply", "--plan", file.as_str()];
        command.extend(arguments);
        let ended = world.run(&command).expect(code);
        assert_eq!(untouched(&world), before, "{what}");
        all.push(format!("{what}:\n{}", said(&world, &ended)));
        fs::write(&file, &whole).unwrap();
    };
    fs::write(&file, &whole[..200]).unwrap();
    refused("cut off", &[], 3);
    edited(&file, |plan| {
        plan["actions"].as_array_mut().unwrap().remove(0);
    });
    refused("edited", &[], 3);
    edited(&file, |plan| plan["basis"]["paths"] = json!(["/elsewhere"]));
    refused("edited basis", &[], 3);
    edited(&file, |plan| drop(plan.as_object_mut().unwrap().remove("basis")));
    refused("only printed", &[], 3);
    edited(&file, |plan| plan["formatVersion"] = json!("1.1"));
    refused("of a newer version", &[], 3);
    refused("given paths that are not there", &["nowhere.yaml"], 2);
    let manifests = world.manifests();
    fs::rename(&manifests, world.path("moved")).unwrap();
    refused("without its manifests", &[], 3);
    fs::rename(world.path("moved"), &manifests).unwrap();
    let text = fs::read_to_string(manifests.join("headwater.yaml")).unwrap();
    world.edit("headwater.yaml", "role: Active", "role: Passive");
    refused("with broken manifests", &[], 3);
    fs::write(manifests.join("headwater.yaml"), &text).unwrap();
    fs::write(world.path("undo.json"), "precious").unwrap();
    let undo = world.path("undo.json").to_str().unwrap().to_owned();
    refused("with a file where the way back goes", &["--undo", &undo], 2);
    assert_eq!(fs::read(world.path("undo.json")).unwrap(), b"precious");
    insta::with_settings!({filters => vec![("sha256:[0-9a-f]+", "sha256:[digest]")]}, {
        insta::assert_snapshot!(all.concat(), @r#"
        cut off:
        error: [world]/plan.json is refused: it is not a plan, or not a whole one: EOF while parsing a string at line 4 column 77
        edited:
        error: [world]/plan.json is refused: it was damaged or edited: its digest is sha256:[digest], and sha256:[digest] was written
        edited basis:
        error: [world]/plan.json is refused: it was damaged or edited: its digest is sha256:[digest], and sha256:[digest] was written
        only printed:
        error: [world]/plan.json is refused: it is a plan, but not what it was made of: `headwater plan --out FILE` saves both
        of a newer version:
        error: [world]/plan.json is refused: it has format version 1.1, and this version of Headwater reads up to 1.0: use the version that wrote it, or a newer one
        given paths that are not there:
        error: cannot read nowhere.yaml: No such file or directory (os error 2)
        without its manifests:
        error: [world]/plan.json is refused: its manifests are gone: name where they are now as PATH: cannot read [world]/manifests: No such file or directory (os error 2)
        with broken manifests:
        error[SCHEMA]: `spec.role` cannot be `Passive`
          --> [world]/manifests/headwater.yaml:36:9
           |
        36 |   role: Passive
           |         ^^^^^^^
           |
           = help: write one of `Active`, `InternetBased`

        error: [world]/plan.json is refused: its manifests are not valid any more: 1 error
        with a file where the way back goes:
        error: [world]/undo.json is there already, and may be the way back from something else: name another file, or remove it
        "#);
    });
}

#[test]
fn removals_have_to_be_confirmed_for_saved_plans_too() {
    let world = World::converged("minimal");
    world.remove_document("headwater.yaml", "Package", "welcome");
    let file = save(&world);
    let before = untouched(&world);
    let ended = world.run(&["apply", "--plan", &file]).expect(3);
    assert!(ended.stderr.contains("confirm with --prune"), "{}", ended.stderr);
    assert_eq!(untouched(&world), before);
    world.run(&["apply", "--prune", "--plan", &file]).expect(0);
    assert!(!world.library("server").join("packages/ONE00001.json").exists());
}

#[test]
fn a_plan_of_standard_input_needs_its_manifests_again() {
    let world = changed();
    let manifest = world.manifests().join("headwater.yaml");
    // Relative paths start where the command runs: those of the example are absolute here.
    let text = fs::read_to_string(&manifest).unwrap();
    let file = world.path("plan.json").to_str().unwrap().to_owned();
    world.run_on(&["plan", "--out", &file, "-"], &text).expect(0);
    let ended = world.run(&["apply", "--plan", &file]).expect(3);
    assert!(ended.stderr.contains("came from standard input"), "{}", ended.stderr);
    world.run(&["apply", "--plan", &file, manifest.to_str().unwrap()]).expect(0);
    assert_eq!(world.plan()["actions"], json!([]));
}

#[test]
fn passwords_in_addresses_are_saved_but_not_shown() {
    let world = World::of("minimal");
    let manifest = world.manifests().join("headwater.yaml");
    let text = fs::read_to_string(&manifest).unwrap();
    let line = text.lines().find(|line| line.contains("content/welcome")).unwrap();
    let url = "    url: http://reader:sesame@files.contoso.example/welcome";
    let text = text.replace(line, url);
    fs::write(&manifest, &text).unwrap();
    let file = save(&world);
    assert_eq!(mode(&file), 0o600);
    assert!(fs::read_to_string(&file).unwrap().contains("sesame"));
    let ended = world.with_manifests(&format!("plan --out {file}")).expect(0);
    assert!(ended.stderr.contains("Package/welcome spec.source.url is in it"));
    fs::write(&manifest, text.replace("sesame", "open")).unwrap();
    let ended = world.run(&["apply", "--plan", &file]).expect(3);
    assert!(ended.stderr.contains("moved: Package/welcome spec.source.url"));
    for secret in ["sesame", "open@", "reader"] {
        assert!(!ended.stderr.contains(secret), "{}", ended.stderr);
    }
}

fn mode(file: impl AsRef<Path>) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}
