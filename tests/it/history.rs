//! `headwater history` and `show RUN`: what was done is remembered, and told also while more is done.

use std::{fs, os::unix::fs::PermissionsExt};

use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::Value;

use super::{content_schemas::assert_valid, plan_schema, world::World};

/// The journal of a world.
fn journal(world: &World) -> Connection {
    Connection::open(world.data().join("journal.db")).unwrap()
}

pub(crate) fn history(world: &World, more: &[&str]) -> Vec<Value> {
    let arguments = [&["history", "--output", "json"], more].concat();
    let printed = world.run(&arguments).expect(0).json();
    assert_valid("history.json", &printed);
    printed["runs"].as_array().unwrap().clone()
}

#[test]
fn runs_are_told_with_what_was_done_and_how_it_ended() {
    let world = World::of("minimal");
    let nothing = world.run(&["history"]).expect(0);
    assert_eq!(nothing.stdout, "No run is remembered that is asked for.\n");
    assert_eq!(fs::read_dir(world.data()).unwrap().count(), 0, "to look makes nothing");
    world.with_manifests("apply").expect(0);
    world.edit("headwater.yaml", "http: 8080", "http: 8090");
    world.with_manifests("up --once --prune").expect(0);
    // Nothing was to be done: that is no run.
    world.with_manifests("apply").expect(0);

    // Manifests are in it as they are.
    let mode = fs::metadata(world.data().join("journal.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let runs = history(&world, &[]);
    let [second, .., first] = &runs[..] else { panic!("{runs:?}") };
    for (run, command, prune) in [(first, "apply", false), (second, "up", true)] {
        assert_eq!((&run["command"], &run["prune"]), (&command.into(), &prune.into()), "{run}");
        assert_eq!((&run["trigger"], &run["state"]), (&"person".into(), &"converged".into()));
        assert_eq!(run["actions"]["planned"], run["actions"]["done"]);
        let [began, ended] = ["startedAt", "finishedAt"]
            .map(|it| run[it].as_str().unwrap().parse::<Timestamp>().unwrap());
        assert!(began <= ended, "{run}");
        assert_eq!(run["commit"], Value::Null);
    }
    assert!(first["done"]["CreateSiteSystem"].as_u64() > Some(0), "{first}");
    assert_ne!(first["manifestDigest"], second["manifestDigest"]);

    let text = world.run(&["history", "--limit", "1"]).expect(0).stdout;
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("RUN  BEGAN "), "{text}");
    let row = lines.next().unwrap();
    assert!(row.contains("  up ") && row.ends_with("  ended well"), "{text}");
    assert_eq!(lines.next(), None);
    assert_eq!(history(&world, &["--since", "1h"]).len(), runs.len());
    assert_eq!(history(&world, &["--failed"]), Vec::<Value>::new());
    journal(&world)
        .execute("UPDATE run SET started_at = 0, finished_at = 1 WHERE id = 1", [])
        .unwrap();
    assert_eq!(history(&world, &["--since", "7d"]).len(), runs.len() - 1);

    // One of them as a whole, with the plan as it was made.
    let id = second["id"].to_string();
    let shown = world.run(&["show", &id, "--output", "json"]).expect(0).json();
    assert_valid("run.json", &shown);
    plan_schema::assert_valid(&shown["plan"]);
    assert_eq!(shown["run"], *second);
    let actions = shown["actions"].as_array().unwrap();
    let planned = shown["plan"]["actions"].as_array().unwrap();
    assert_eq!(actions.len(), planned.len());
    for action in actions {
        assert_eq!(action["outcome"], "done");
        assert!(planned.iter().any(|it| it["id"] == action["id"]), "{action}");
    }
    assert_eq!(shown["plan"]["manifestDigest"], second["manifestDigest"]);
    let counted = world.run(&["show", &id, "--output", "json", "--summary"]).expect(0).json();
    assert_valid("run.json", &counted);
    assert_valid("plan-summary.json", &counted["plan"]);
    let text = world.run(&["show", &id]).expect(0).stdout;
    for part in [&*format!("Run {id}: ended well\n"), "  done     ", "removals confirmed", "Plan: "]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    let text = world.run(&["show", &id, "--output", "markdown"]).expect(0).stdout;
    assert!(text.starts_with("<!-- headwater plan -->"), "{text}");
    assert!(text.ends_with(": ended well.\n"), "{text}");
    assert!(world.run(&["show", "99"]).expect(1).stderr.contains("there is no run 99"));
}

#[test]
fn what_fails_again_and_again_is_one_run_and_is_found() {
    let world = World::converged("minimal");
    let before = history(&world, &[]).len();
    // Nobody can take in what is not there.
    let version = "packageId: ONE00001\n  sourceVersion: 2";
    world.edit("headwater.yaml", "packageId: ONE00001", version);
    let manifests = world.manifests();
    let text = fs::read_to_string(manifests.join("headwater.yaml")).unwrap();
    let there = text.lines().find_map(|it| it.trim().strip_prefix("path: ")).unwrap();
    world.edit("headwater.yaml", there, "/no/such/directory");
    let arguments = ["up", "--every", "1s", manifests.to_str().unwrap()];
    let mut running = world.start(&arguments, "warn");
    let twice = "waiting  UpdateContent:Package/welcome@ONE: it failed 2 times, last: ";
    assert!(running.until(|line| line.starts_with(twice)), "{:?}", running.said);
    let runs = history(&world, &["--failed"]);
    let [run] = &runs[..] else { panic!("{runs:?}") };
    assert_eq!((&run["command"], &run["trigger"]), (&"up".into(), &"loop".into()));
    assert_eq!(run["state"], "left");
    assert!(run["repeated"].as_u64() >= Some(1), "{run}");
    assert!(run["actions"]["failed"].as_u64() >= Some(1), "{run}");
    let shown = world.run(&["show", &run["id"].to_string()]).expect(0).stdout;
    assert!(shown.contains("  failed   ") && shown.contains("/no/such/directory"), "{shown}");
    let shown = world.run(&["show", &run["id"].to_string(), "--output", "json"]).expect(0).json();
    assert_valid("run.json", &shown);
    let (code, said) = running.terminate();
    assert_eq!(code, 0, "{said:?}");
    assert_eq!(history(&world, &[]).len(), before + 1);
}

#[test]
fn a_run_that_goes_on_is_told_and_one_that_was_cut_off_too() {
    let world = World::of("contoso");
    let manifests = world.manifests();
    let arguments = ["up", "--once", manifests.to_str().unwrap()];
    let mut running = world.start(&arguments, "headwater=debug");
    assert!(running.until(|line| line.starts_with("done ")), "{:?}", running.said);
    let run = &history(&world, &[])[0];
    assert_eq!((&run["state"], &run["finishedAt"]), (&"underWay".into(), &Value::Null), "{run}");
    assert!(run["actions"]["done"].as_u64() >= Some(1), "{run}");
    let shown = world.run(&["show", "1"]).expect(0).stdout;
    assert!(shown.starts_with("Run 1: under way"), "{shown}");
    running.kill();
    let run = &history(&world, &["--failed"])[0];
    assert_eq!(run["state"], "cutOff", "{run}");
    assert!(world.run(&["show", "1"]).expect(0).stdout.starts_with("Run 1: cut off"));
}
