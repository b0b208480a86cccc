//! Updates of local publishers through the front door: published at the top, seen at the bottom
//! (SYNC-10).

use std::fs;

use serde_json::{Value, json};

use super::{content_schemas::assert_valid, world::World};

const READER: &str = "0c4e4f4e-6d0f-4d3b-9a55-5a1a7b6f2c10";

/// Four tiers, and no update in them but those of local publishers.
const SITES: [(&str, &str, &str); 4] = [
    ("cen", "Central", ""),
    ("eur", "Primary", "cen"),
    ("ams", "Primary", "eur"),
    ("lis", "Secondary", "ams"),
];

fn hierarchy() -> String {
    let documents = SITES.map(|(site, kind, parent)| {
        let code = site.to_uppercase();
        let (above, source) = match parent {
            "" => (String::new(), "  source: {type: None}\n"),
            parent => (format!("  parent: {parent}\n"), ""),
        };
        format!(
            "apiVersion: headwater.dev/v1alpha1\nkind: Site\nmetadata:\n  name: {site}\nspec:\n  \
             siteCode: {code}\n  type: {kind}\n{above}  mode: Mixed\n  version: \"2403\"\n  \
             siteServer: {site}-srv\n---\n\
             apiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata:\n  name: {site}-srv\n\
             spec:\n  site: {site}\n  address: {site}-srv.contoso.example\n  software: \
             {{wsus: \"10.0\"}}\n---\n\
             apiVersion: headwater.dev/v1alpha1\nkind: SoftwareUpdatePoint\nmetadata:\n  name: \
             {site}-sup\nspec:\n  site: {site}\n  siteSystem: {site}-srv\n  role: Active\n{source}"
        )
    });
    documents.join("---\n")
}

fn reader(title: &str) -> String {
    format!(
        "apiVersion: headwater.dev/v1alpha1\nkind: LocalUpdate\nmetadata:\n  name: reader\nspec:\n  \
         updateId: {READER}\n  title: {title}\n  description: Closes two holes.\n  publisher: \
         Fabrikam\n  product: Fabrikam Reader\n  classification: Security Updates\n  \
         knowledgeBaseArticle: KB9004210\n  severity: Important\n  applicability:\n    isInstalled: \
         |\n      <lar:And>\n        <bar:RegKeyExists Key=\"HKEY_LOCAL_MACHINE\" \
         Subkey=\"SOFTWARE\\Fabrikam\" />\n      </lar:And>\n    isInstallable: <lar:True />\n"
    )
}

fn world() -> World {
    let world = World::of("minimal");
    fs::write(world.manifests().join("headwater.yaml"), hierarchy()).unwrap();
    world
}

fn declare(world: &World, text: &str) {
    fs::write(world.manifests().join("updates.yaml"), text).unwrap();
}

fn shown(world: &World, update: &str, point: &str) -> Value {
    let report =
        world.run(&["updates", "show", update, "--point", point, "--output", "json"]).expect(0);
    assert_valid("update.json", &report.json());
    report.json()["update"].clone()
}

fn actions(world: &World) -> Vec<String> {
    let plan = world.plan();
    let actions = plan["actions"].as_array().unwrap().iter();
    actions.map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_published_at_the_top_is_seen_at_the_fourth_tier_revision_by_revision() {
    let world = world();
    declare(&world, &reader("Fabrikam Reader 4.2.1"));
    world.with_manifests("up --once").expect(0);
    let update = shown(&world, READER, "lis-sup");
    assert_eq!(update["title"], "Fabrikam Reader 4.2.1");
    assert_eq!((&update["revision"], &update["expired"]), (&json!(1), &json!(false)));
    // By its article, and with the product that was made for it.
    assert_eq!(shown(&world, "KB9004210", "lis-sup")["updateId"], READER);
    let products = update["products"].to_string();
    assert!(products.contains("Fabrikam Reader"), "{update:#}");
    assert_eq!(actions(&world), [""; 0]);
    world.with_manifests("up --once").expect(0);
    assert_eq!(shown(&world, READER, "cen-sup")["revision"], 1);

    declare(&world, &reader("Fabrikam Reader 4.2.1a"));
    let planned = actions(&world);
    assert_eq!(planned[0], "PublishLocalUpdate:LocalUpdate/reader");
    world.with_manifests("up --once").expect(0);
    let update = shown(&world, READER, "lis-sup");
    assert_eq!(
        (&update["revision"], &update["title"]),
        (&json!(2), &json!("Fabrikam Reader 4.2.1a"))
    );
    let first = shown(&world, &format!("{READER}.1"), "lis-sup");
    assert_eq!(first["title"], "Fabrikam Reader 4.2.1");
    assert_eq!(actions(&world), [""; 0]);

    declare(&world, "");
    let refused = world.with_manifests("apply").expect(3).stderr;
    assert!(refused.contains("ExpireLocalUpdate:LocalUpdate/reader"), "{refused}");
    world.with_manifests("up --once").expect(1);
    assert_eq!(shown(&world, READER, "lis-sup")["expired"], false);
    world.with_manifests("up --once --prune").expect(0);
    let update = shown(&world, READER, "lis-sup");
    assert_eq!((&update["revision"], &update["expired"]), (&json!(3), &json!(true)));
    assert_eq!(actions(&world), [""; 0]);
    let status = world.status();
    let points = status["updatePoints"].as_array().unwrap().iter();
    let databases: Vec<Value> = points.map(|point| point["siteDatabaseVersion"].clone()).collect();
    assert_eq!(databases.len(), 4);
    assert!(databases.iter().all(|it| *it == databases[0] && !it.is_null()), "{databases:?}");
}

#[test]
fn what_was_published_is_described_and_taken_back() {
    let world = world();
    world.with_manifests("up --once").expect(0);
    declare(&world, &reader("Fabrikam Reader 4.2.1"));
    let undo = world.path("undo.json");
    let undo = undo.to_str().unwrap();
    world.with_manifests(&format!("apply --undo {undo}")).expect(0);
    let described = world.path("described");
    world.run(&["import-state", "--embedded", "--out", described.to_str().unwrap()]).expect(0);
    let plan = world.run(&["plan", "--output", "json", described.to_str().unwrap()]).expect(0);
    assert_eq!(plan.json()["actions"], json!([]), "{}", plan.stdout);
    world.run(&["apply", "--prune", "--plan", undo]).expect(0);
    assert_eq!(shown(&world, READER, "cen-sup")["expired"], true);
}

#[test]
fn an_update_of_somebody_else_is_left_alone() {
    let world = World::converged("minimal");
    let product = "f702a48c-919b-45d6-9aef-ca4248d50397";
    declare(&world, &reader("Fabrikam Reader").replace(READER, product));
    let told = world.with_manifests("apply").expect(1).stdout;
    assert!(told.contains("no local publisher has made it"), "{told}");
    assert_eq!(shown(&world, product, "updates")["title"], "Windows Server 2019");
}
