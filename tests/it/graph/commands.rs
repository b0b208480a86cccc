//! `headwater graph` as people use it.

use std::{collections::BTreeSet, fs};

use serde_json::Value;

use super::super::world::{Ended, World, root};

#[track_caller]
fn graph(arguments: &str) -> Ended {
    let world = World::of("minimal");
    world.run(&arguments.split(' ').collect::<Vec<_>>()).expect(0)
}

#[test]
fn mermaid_and_dot_of_the_examples() {
    for example in ["contoso", "minimal"] {
        for output in ["mermaid", "dot"] {
            let drawn = graph(&format!("graph --output {output} examples/{example}"));
            insta::assert_snapshot!(format!("{example}-{output}"), drawn.stdout);
        }
    }
}

#[test]
fn json_of_the_example() {
    let drawn = graph("graph --output json examples/contoso").json();
    let lisbon = |it: &&Value| it["site"] == "LIS";
    let points = drawn["distributionPoints"].as_array().unwrap();
    insta::assert_json_snapshot!("lisbon-distribution-point", points.iter().find(lisbon));
    let points = drawn["updatePoints"].as_array().unwrap();
    insta::assert_json_snapshot!("lisbon-update-point", points.iter().find(lisbon));
    insta::assert_json_snapshot!("lisbon", drawn["sites"][3]);
}

#[test]
fn the_drawing_in_the_example_is_the_one_that_is_drawn() {
    let drawn = graph("graph --output svg examples/contoso").stdout;
    let kept = root().join("examples/contoso/hierarchy.svg");
    let kept = fs::read_to_string(kept).unwrap();
    assert!(
        drawn == kept,
        "write it anew: headwater graph --output svg examples/contoso > \
         examples/contoso/hierarchy.svg"
    );
}

#[test]
fn svg_of_the_smallest_example() {
    let drawn = graph("graph --output svg examples/minimal").stdout;
    // The style sheet is the same in every drawing.
    let (head, rest) = drawn.split_once("<style>").unwrap();
    let (_, rest) = rest.split_once("</style>").unwrap();
    insta::assert_snapshot!("minimal-svg", format!("{head}<style>…</style>{rest}"));
}

#[test]
fn one_site_is_drawn_with_what_it_has_to_do_with() {
    let sites = |about: &str| {
        let drawn = graph(&format!("graph --output json --site {about} examples/contoso")).json();
        let sites = drawn["sites"].as_array().unwrap().iter();
        sites.map(|it| it["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(sites("AMS"), ["CEN", "AMS", "LIS"]);
    assert_eq!(sites("SEA"), ["CEN", "SEA"]);
    assert_eq!(sites("LIS"), ["AMS", "LIS"]);
    let drawn = graph("graph --site LIS examples/contoso").stdout;
    assert!(drawn.contains("g_LIS") && !drawn.contains("sea"), "{drawn}");
    // Only those of its points that the other site pulls from.
    assert!(drawn.contains("ams_dp3") && !drawn.contains("cen"), "{drawn}");
}

#[test]
fn the_order_of_files_does_not_matter() {
    let sites = ["ams", "cen", "lis", "sea"].map(|it| format!("examples/contoso/sites/{it}.yaml"));
    let rest = ["packages", "ports"].map(|it| format!("examples/contoso/{it}.yaml"));
    let mut files: Vec<String> = sites.into_iter().chain(rest).collect();
    for output in ["mermaid", "dot", "svg", "json"] {
        let mut drawn = BTreeSet::new();
        for _ in 0..files.len() {
            files.rotate_left(1);
            drawn.insert(graph(&format!("graph --output {output} {}", files.join(" "))).stdout);
        }
        assert_eq!(drawn.len(), 1, "{output}");
    }
}

#[test]
fn a_plan_is_drawn_from_its_file_saved_or_printed() {
    let world = World::of("minimal");
    let printed = world.with_manifests("plan --output json").expect(0).stdout;
    let drawn = world.run_on(&["graph", "--plan", "-", "--output", "mermaid"], &printed).expect(0);
    insta::assert_snapshot!("minimal-plan-mermaid", drawn.stdout);
    let dot = world.run_on(&["graph", "--plan", "-", "--output", "dot"], &printed).expect(0);
    insta::assert_snapshot!("minimal-plan-dot", dot.stdout);
    let saved = world.path("saved.json");
    let saved = saved.to_str().unwrap();
    world.with_manifests(&format!("plan --out {saved}")).expect(0);
    assert_eq!(world.run(&["graph", "--plan", saved]).expect(0).stdout, drawn.stdout);
}

#[test]
fn the_critical_path_leads_through_the_plan() {
    let world = World::of("contoso");
    let printed = world.with_manifests("plan --output json").expect(0).stdout;
    let drawn = world.run_on(&["graph", "--plan", "-", "--output", "json"], &printed).expect(0);
    let drawn = drawn.json();
    let actions = drawn["actions"].as_array().unwrap();
    let action = |id: &Value| actions.iter().find(|it| it["id"] == *id).unwrap();
    let path = drawn["criticalPath"]["actions"].as_array().unwrap();
    assert_eq!(path[0], "CreateSiteSystem:SiteSystem/cen-srv");
    assert_eq!(path[path.len() - 1], "PublishClientPolicy:Site/lis");
    for (earlier, later) in path.iter().zip(&path[1..]) {
        assert!(action(later)["after"].as_array().unwrap().contains(earlier), "{later}");
    }
    let weights = path.iter().map(|id| action(id)["weight"].as_u64().unwrap());
    assert_eq!(drawn["criticalPath"]["weight"], weights.sum::<u64>());
    // Nothing is said twice, and with what goes without saying it is what the plan says.
    let plan: Value = serde_json::from_str(&printed).unwrap();
    let count = |graph: &Value| -> usize {
        let actions = graph["actions"].as_array().unwrap();
        actions.iter().map(|it| it["after"].as_array().unwrap().len()).sum()
    };
    assert!(count(&drawn) < count(&plan));
    let before = |graph: &Value| {
        let mut all = std::collections::BTreeMap::new();
        for action in graph["actions"].as_array().unwrap() {
            let mut mine = BTreeSet::new();
            for earlier in action["after"].as_array().unwrap() {
                let earlier = earlier.as_str().unwrap().to_owned();
                mine.extend(
                    std::collections::BTreeMap::get(&all, &earlier).cloned().unwrap_or_default(),
                );
                mine.insert(earlier);
            }
            all.insert(action["id"].as_str().unwrap().to_owned(), mine);
        }
        all
    };
    assert_eq!(before(&drawn), before(&plan));
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let world = World::of("contoso");
    let wrong = world.with_manifests("graph --site AMZ").expect(2);
    assert_eq!(
        wrong.stderr.lines().last(),
        Some("error: there is no site `AMZ`: did you mean `AMS`?")
    );
    assert_eq!(wrong.stdout, "");
    assert!(world.with_manifests("graph --site amsterdam").expect(2).stderr.contains("site code"));
    assert!(world.run(&["graph"]).expect(2).stderr.contains("PATH"));
    assert!(world.with_manifests("graph --plan plan.json").expect(2).stderr.contains("--plan"));
    let nowhere = world.run(&["graph", "--plan", "nowhere.json"]).expect(2);
    assert!(nowhere.stderr.contains("cannot read nowhere.json"), "{}", nowhere.stderr);
    let not_a_plan = world.run_on(&["graph", "--plan", "-"], "{}").expect(1);
    assert!(not_a_plan.stderr.contains("cannot read -: it is not a plan"), "{}", not_a_plan.stderr);
    world.edit("sites/sea.yaml", "  parent: cen\n", "  parent: cem\n");
    let invalid = world.with_manifests("graph").expect(1);
    assert!(invalid.stderr.contains("did you mean `cen`?"), "{}", invalid.stderr);
}
