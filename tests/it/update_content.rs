//! Files of updates through the front door: out of a file that is carried by hand, down to another site,
//! to whoever asks for them, and into a file again.

use std::{
    fs::{self, File},
    path::Path,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use headwater::{
    model::UpdateIdentity,
    wire::{
        update_content::{HashingContent, UpdateContent},
        update_document::UpdateDocument,
        updates_file::{Carries, UpdatesFileWriter, UpdatesHead},
    },
};
use serde_json::Value;

use super::{
    http::get,
    world::{PATIENCE, World},
};

const BYTES: &[u8] = b"what an update installs";
const ID: &str = "00000000-0000-0000-0000-000000000001";

/// Writes an export with one update and its file.
fn export(path: &Path) -> UpdateContent {
    let (sha1, sha256) = HashingContent::of(BYTES);
    let (sha1, sha256) = (STANDARD.encode(sha1.as_bytes()), STANDARD.encode(sha256.as_bytes()));
    let size = BYTES.len();
    let document = format!(
        "<u:Update xmlns:u=\"http://schemas.microsoft.com/msus/2002/12/Update\"><u:UpdateIdentity \
         UpdateID=\"{ID}\" RevisionNumber=\"1\"/><u:Properties UpdateType=\"Software\" \
         DefaultPropertiesLanguage=\"en\"><u:KBArticleID>5031364</u:KBArticleID></u:Properties>\
         <u:LocalizedPropertiesCollection><u:LocalizedProperties><u:Language>en</u:Language>\
         <u:Title>An update</u:Title></u:LocalizedProperties></u:LocalizedPropertiesCollection>\
         <u:Files><u:File Digest=\"{sha1}\" DigestAlgorithm=\"SHA1\" FileName=\"Update.EXE\" \
         Size=\"{size}\"><u:AdditionalDigest Algorithm=\"SHA256\">{sha256}</u:AdditionalDigest>\
         </u:File></u:Files></u:Update>"
    );
    let content = UpdateContent::of(&UpdateDocument::index(&document).unwrap().files[0]).unwrap();
    let head = UpdatesHead {
        update_point: "elsewhere".parse().unwrap(),
        server_id: ID.parse().unwrap(),
        created: jiff::Timestamp::UNIX_EPOCH,
        program: "0.1.0".to_owned(),
        revisions: 1,
    };
    let file = File::create(path).unwrap();
    let mut writer = UpdatesFileWriter::begin(file, &head, &[], Carries::More).unwrap();
    let identity = UpdateIdentity { update_id: ID.parse().unwrap(), revision: 1 };
    writer.document(identity, &document).unwrap();
    writer.contents(vec![content.clone()]).unwrap();
    writer.content(BYTES).unwrap();
    writer.end().unwrap();
    content
}

/// A second site below the first one, whose point stores files.
const BELOW: &str = "---
apiVersion: headwater.dev/v1alpha1
kind: Site
metadata:
  name: two
spec: {siteCode: TWO, type: Primary, parent: one, mode: Mixed, version: \"2403\", siteServer: two-srv}
---
apiVersion: headwater.dev/v1alpha1
kind: SiteSystem
metadata:
  name: two-srv
spec: {site: two, address: two-srv.contoso.example, software: {wsus: \"10.0\"}}
---
apiVersion: headwater.dev/v1alpha1
kind: SoftwareUpdatePoint
metadata:
  name: below
spec:
  site: two
  siteSystem: two-srv
  role: Active
  content:
    store: Selected
    updates: {kb: [KB5031364]}
";

fn content_of(world: &World, point: &str) -> Value {
    let status = world.status();
    let points = status["updatePoints"].as_array().unwrap();
    points.iter().find(|it| it["name"] == point).map_or(Value::Null, |it| it["content"].clone())
}

#[test]
fn files_of_updates_go_down_with_them_and_out_by_hand() {
    let world = World::of("minimal");
    let carried = world.path("carried.headwater");
    let content = export(&carried);
    let path = world.manifests().join("headwater.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let file = text.lines().find(|line| line.trim().starts_with("file: ")).unwrap();
    let ours = format!("    file: {}\n  content: {{store: Approved}}", carried.display());
    fs::write(&path, text.replace(file, &ours)).unwrap();
    world.append("headwater.yaml", BELOW);

    let manifests = world.manifests();
    let mut up = world.start(&["up", "--every", "1h", manifests.to_str().unwrap()], "warn");
    let is_done = |line: &str| line.ends_with("The hierarchy is as the manifests say.");
    assert!(up.until(is_done), "{:?}", up.said);
    // The file comes by itself, after the update.
    let begun = Instant::now();
    while content_of(&world, "below")["held"] != 1 {
        assert!(begun.elapsed() < PATIENCE, "{}", content_of(&world, "below"));
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(content_of(&world, "updates")["held"], 1);
    let answer = get(&world.listener("below"), &content.name.path(), &[]);
    assert_eq!((answer.status, answer.body.as_slice()), (200, BYTES));
    let shown = world.run(&["status"]).expect(0).stdout;
    assert!(shown.contains("UPDATE FILES") && shown.contains("all there"), "{shown}");

    let out = world.path("out.headwater");
    let out = out.to_str().unwrap();
    let cabinet = world.path("out.cab");
    let refused = world.run(&["export", "below", cabinet.to_str().unwrap(), "--with-content"]);
    assert!(refused.expect(2).stderr.contains("a cabinet holds the catalog alone"));
    let options = ["--with-content", "--with-approvals", "--output", "json"];
    let written =
        world.run(&[&["export", "below", out][..], &options[..]].concat()).expect(0).json();
    assert_eq!((&written["revisions"], &written["files"]), (&1.into(), &1.into()));
    let taken = world.run(&["import", "updates", out, "--with-approvals"]).expect(0).stdout;
    assert!(taken.contains("0 of 1 updates") && taken.contains("1 files of updates"), "{taken}");
    up.kill();
}
