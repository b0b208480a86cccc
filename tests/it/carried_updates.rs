//! Updates that leave a catalog as a file, and come into another one (SYNC-7).

use std::{fs, path::Path};

use headwater::wire::cabinet::{CabinetLimits, read};

use super::world::{EXPORT, World, root};

/// The files of a cabinet.
fn files(cabinet: &Path) -> Vec<(String, Vec<u8>)> {
    read(&fs::read(cabinet).unwrap(), CabinetLimits::EXPORT).unwrap()
}

/// `metadata.txt` of a cabinet.
fn metadata(cabinet: &Path) -> Vec<u8> {
    files(cabinet).into_iter().find(|(name, _)| name == "metadata.txt").unwrap().1
}

#[test]
fn what_was_imported_at_the_top_leaves_the_last_tier_byte_for_byte() {
    let world = World::converged("contoso");
    let file = world.path("updates.cab");
    let path = file.to_str().unwrap();
    for point in ["lis-active", "cen-active"] {
        let written = world.run(&["export", point, path, "--output", "json"]).expect(0).json();
        assert_eq!(written["revisions"], 4125);
        assert_eq!(written["bytes"], fs::metadata(&file).unwrap().len());
        assert!(metadata(&file) == metadata(&root().join(EXPORT)), "metadata.txt of {point}");
        // The list differs from the real one by who exported, and when.
        let list = |cabinet: &Path| {
            let list = String::from_utf8(files(cabinet)[0].1.clone()).unwrap();
            list.split_once("FormatVersion=").unwrap().1.to_owned()
        };
        assert!(list(&file) == list(&root().join(EXPORT)), "package.xml of {point}");
    }
    let exchange = world.site_system("lis-srv").join("update-services/exchange");
    assert_eq!(fs::read_dir(exchange).map_or(0, Iterator::count), 0);
    assert!(!world.path("updates.cab.new").exists());
}

/// A site with an update point on its site server.
fn site(name: &str, kind: &str, parent: &str) -> String {
    let code = name.to_uppercase();
    let document = |kind: &str, spec: &str| {
        format!(
            "---\napiVersion: headwater.dev/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}-srv\n\
             spec:\n{spec}"
        )
    };
    let site = format!(
        "  siteCode: {code}\n  type: {kind}\n  parent: {parent}\n  mode: Mixed\n  \
         version: \"2403\"\n  siteServer: {name}-srv\n"
    );
    let system = format!(
        "  site: {name}\n  address: {name}-srv.contoso.example\n  software:\n    wsus: \"10.0\"\n"
    );
    let point = format!("  site: {name}\n  siteSystem: {name}-srv\n  role: Active\n");
    let site = document("Site", &site);
    let site = site.replacen(&format!("  name: {name}-srv"), &format!("  name: {name}"), 1);
    [site, document("SiteSystem", &system), document("SoftwareUpdatePoint", &point)].concat()
}

#[test]
fn what_was_imported_leaves_the_fourth_tier_byte_for_byte() {
    let world = World::converged("contoso");
    let below = site("sub", "Primary", "ams") + &site("end", "Secondary", "sub");
    fs::write(world.manifests().join("sites/below.yaml"), below).unwrap();
    world.with_manifests("up --once").expect(0);
    let status = world.status();
    let points = status["updatePoints"].as_array().unwrap();
    let version = |name: &str| {
        let point = points.iter().find(|point| point["name"] == name).unwrap();
        (point["updates"].as_u64().unwrap(), point["catalogVersion"].to_string())
    };
    let top = version("cen-active");
    assert_eq!(top.0, 4125);
    for below in ["ams-active", "sub-srv", "end-srv"] {
        assert_eq!(version(below), top, "{below}");
    }
    let file = world.path("updates.cab");
    world.run(&["export", "end-srv", file.to_str().unwrap()]).expect(0);
    assert!(metadata(&file) == metadata(&root().join(EXPORT)), "metadata.txt");
    assert_eq!(world.plan()["actions"].as_array().unwrap().len(), 0);
}

#[test]
fn what_cannot_be_exported_is_refused_and_leaves_no_file() {
    let world = World::converged("minimal");
    let file = world.path("updates.cab");
    let told = world.run(&["export", "nowhere", file.to_str().unwrap()]).expect(1).stderr;
    assert!(told.contains("there is no software update point `nowhere`"), "{told}");
    for (name, why) in
        [("updates.xml.gz", "not documented"), ("updates.zip", "end in .cab or .headwater")]
    {
        let path = world.path(name);
        let told = world.run(&["export", "updates", path.to_str().unwrap()]).expect(2).stderr;
        assert!(told.contains(why), "{told}");
        assert!(!path.exists());
    }
    let nowhere = world.path("none").join("updates.cab");
    world.run(&["export", "updates", nowhere.to_str().unwrap()]).expect(2);
    assert!(!file.exists());
}

#[test]
fn an_offline_catalog_is_a_cabinet_of_what_is_in_force_and_nothing_imports_it() {
    let world = World::converged("minimal");
    let path = |name: &str| world.path(name).to_str().unwrap().to_owned();
    let (cabinet, other) = (path("offline.cab"), path("offline.headwater"));
    let export = |arguments: &[&str]| {
        world.run(&[&["export", "updates", "--offline-catalog"], arguments].concat())
    };
    for (arguments, why) in [
        (&[&*other][..], "its name has to end in .cab"),
        (&[&*cabinet, "--with-content"], "name ends in .headwater"),
        (&[&*cabinet, "--with-approvals"], "name ends in .headwater"),
        (&[&*cabinet, "--sign-key", &keys(&world, "one")[0]], "carries no signature"),
    ] {
        let told = export(arguments).expect(2).stderr;
        assert!(told.contains(why), "{told}");
    }
    assert!(!world.path("offline.cab").exists());
    let written = export(&[&cabinet, "--output", "json"]).expect(0).json();
    // Without 38 earlier revisions and six updates that have expired.
    assert_eq!(written["revisions"], 4081);
    let outer = files(&world.path("offline.cab"));
    let names: Vec<_> = outer.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["index.xml", "package.cab", "package2.cab"]);
    // The same catalog is the same file, whenever it is asked for.
    let again = path("again.cab");
    let told = export(&[&again]).expect(0).stdout;
    assert!(told.starts_with("4081 updates of `updates` written to "), "{told}");
    assert!(fs::read(&cabinet).unwrap() == fs::read(&again).unwrap());
    let told = world.run(&["import", "updates", &cabinet]).expect(1).stderr;
    assert!(told.contains("not an export") && told.contains("no `package.xml`"), "{told}");
    assert_eq!(world.plan()["actions"].as_array().unwrap().len(), 0);
}

#[test]
fn a_file_is_imported_whole_or_not_at_all_and_the_plan_takes_it_on() {
    let world = World::of("minimal");
    let manifest = "headwater.yaml";
    let export = root().join(EXPORT);
    let source = fs::read_to_string(world.manifests().join(manifest)).unwrap();
    let from = source.find("  source:\n    type: Import").unwrap();
    let line = source[from..].lines().take(3).collect::<Vec<_>>().join("\n");
    world.edit(manifest, &line, "  source:\n    type: None");
    world.with_manifests("up --once").expect(0);
    let import = |path: &Path| world.run(&["import", "updates", path.to_str().unwrap()]);
    let empty = world.run(&["export", "updates", world.path("a.cab").to_str().unwrap()]).expect(1);
    assert!(empty.stderr.contains("the catalog is empty"), "{}", empty.stderr);
    assert!(!world.path("a.cab").exists());

    let whole = fs::read(&export).unwrap();
    let broken = world.path("broken.cab");
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 4;
    let gzip = b"\x1f\x8b and more".to_vec();
    for (bytes, why) in [
        (flipped, "is damaged: checksum"),
        (whole[..whole.len() - 1].to_vec(), "cut off"),
        (gzip, "packed with gzip"),
        (Vec::new(), "not a cabinet"),
    ] {
        fs::write(&broken, bytes).unwrap();
        let told = import(&broken).expect(1).stderr;
        assert!(told.contains(why) && told.contains("broken.cab"), "{told}");
        assert_eq!(world.status()["updatePoints"][0]["updates"], 0);
    }
    let told = world.run(&["import", "updates", "nowhere.cab"]).expect(2).stderr;
    assert!(told.contains("cannot read nowhere.cab"), "{told}");

    let told = import(&export).expect(0).stdout;
    assert!(told.starts_with("4125 of 4125 updates in "), "{told}");
    assert!(import(&export).expect(0).stdout.starts_with("0 of 4125 updates in "));
    let plan = world.plan();
    let actions = plan["actions"].as_array().unwrap();
    let kinds: Vec<_> = actions.iter().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Synchronize:SoftwareUpdatePoint/updates", "PublishClientPolicy:Site/one"]);
    world.with_manifests("up --once").expect(0);
    assert_eq!(world.plan()["actions"].as_array().unwrap().len(), 0);
    let exchange = world.site_system("server").join("update-services/exchange");
    assert_eq!(fs::read_dir(exchange).map_or(0, Iterator::count), 0);
}

#[test]
fn a_point_below_another_one_is_filled_only_by_force_and_nothing_is_lost() {
    let world = World::converged("contoso");
    let file = world.path("updates.cab");
    let path = file.to_str().unwrap();
    world.run(&["export", "lis-active", path]).expect(0);
    let told = world.run(&["import", "lis-active", path]).expect(3).stderr;
    assert!(told.contains("--force"), "{told}");
    let imported = world.run(&["import", "lis-active", path, "--force", "--output", "json"]);
    let imported = imported.expect(0).json();
    assert_eq!((&imported["revisions"], &imported["newRevisions"]), (&4125.into(), &0.into()));
    // What came beside the file that the manifests name does not take its place.
    world.run(&["import", "cen-active", path]).expect(0);
    assert_eq!(world.plan()["actions"].as_array().unwrap().len(), 0);
}

/// Runs `openssl`, which everybody has.
#[track_caller]
fn openssl(arguments: &[&str]) {
    let ended = std::process::Command::new("openssl").args(arguments).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// A private key and its public one, made by `openssl` as the README says.
fn keys(world: &World, name: &str) -> [String; 2] {
    let file = |end: &str| world.path(&format!("{name}-{end}.pem")).to_str().unwrap().to_owned();
    let (private, public) = (file("sign"), file("verify"));
    openssl(&["genpkey", "-algorithm", "ed25519", "-out", &private]);
    openssl(&["pkey", "-in", &private, "-pubout", "-out", &public]);
    [private, public]
}

#[test]
fn our_own_form_carries_the_same_and_says_who_signed_it() {
    let world = World::converged("contoso");
    let empty = World::of("minimal");
    let file = world.path("updates.headwater");
    let path = file.to_str().unwrap();
    let [[private, public], [_, other]] = [keys(&world, "one"), keys(&world, "two")];
    let exported = ["export", "lis-active", path, "--sign-key", &private, "--output", "json"];
    let exported = world.run(&exported).expect(0).json();
    assert_eq!(exported["revisions"], 4125);
    assert_eq!(
        exported["digest"],
        format!("sha256:{}", super::world::digest(&fs::read(&file).unwrap()))
    );
    let key = exported["signature"]["key"].as_str().unwrap().to_owned();

    // A manifest names it as it names a cabinet.
    let manifest = fs::read_to_string(empty.manifests().join("headwater.yaml")).unwrap();
    let named = manifest.lines().find(|it| it.ends_with("WSUS-2024-06-19.cab")).unwrap();
    empty.edit("headwater.yaml", named, &format!("    file: {path}"));
    empty.with_manifests("up --once").expect(0);
    assert_eq!(empty.status()["updatePoints"][0]["updates"], 4125);
    let again = empty.path("again.cab");
    empty.run(&["export", "updates", again.to_str().unwrap()]).expect(0);
    assert!(metadata(&again) == metadata(&root().join(EXPORT)));

    let import = |arguments: &[&str]| {
        empty.run(&[&["import", "updates", path, "--output", "json"], arguments].concat())
    };
    let verified = import(&["--verify-key", &public]).expect(0).json();
    assert_eq!(verified["signature"]["verified"], true);
    assert_eq!((&verified["newRevisions"], &verified["revisions"]), (&0.into(), &4125.into()));
    let unlooked = import(&[]).expect(0);
    assert!(
        unlooked.stderr.contains(&format!("signed with {key}; the signature was not looked at"))
    );
    assert_eq!(unlooked.json()["signature"]["verified"], false);
    let refused = import(&["--verify-key", &other]).expect(1).stderr;
    assert!(refused.contains(&format!("says that it was with {key}")), "{refused}");
    let wrong = import(&["--verify-key", &private]).expect(2).stderr;
    assert!(wrong.contains("never leaves its owner"), "{wrong}");
    assert_eq!(empty.plan()["actions"].as_array().unwrap().len(), 0);

    // Neither what is not signed nor what cannot be.
    world.run(&["export", "lis-active", path]).expect(0);
    let unsigned = import(&["--verify-key", &public]).expect(1).stderr;
    assert!(unsigned.contains("it is not signed"), "{unsigned}");
    let cabinet = ["import", "updates", again.to_str().unwrap(), "--verify-key", &public];
    let refused = empty.run(&cabinet).expect(1).stderr;
    assert!(refused.contains("carries no signature"), "{refused}");
    let cabinet = again.to_str().unwrap();
    world.run(&["export", "lis-active", cabinet, "--sign-key", &private]).expect(2);
    world.run(&["export", "lis-active", path, "--sign-key", &public]).expect(2);
    let cut = fs::read(&file).unwrap();
    fs::write(&file, &cut[..cut.len() - 1]).unwrap();
    assert!(import(&[]).expect(1).stderr.contains("it is cut off"));
}
