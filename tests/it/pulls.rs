//! Transfers that take their time: what is seen of them, and what happens when somebody changes his
//! mind in the middle (PDP-4, PDP-6, PDP-9).

use serde_json::Value;

use super::slow_source::{LARGE, SlowSource};

/// The defaults, which no test waits for.
const USUAL: &str = "{retries: 30, retryDelay: 20m, statusPolls: 72, pollDelay: 60m}";

/// A transfer is seen while it goes on, outlives its job, and its report still counts (PDP-6).
#[test]
fn polls_run_out_and_the_point_finishes_all_the_same() {
    let mut slow = SlowSource::new("{retries: 30, retryDelay: 20m, statusPolls: 1, pollDelay: 2s}");
    let up = slow.up();
    assert!(up.until(|line| line.contains("had not finished after 1 polls")));
    let row = slow.leaf_until("cancelled and going on", |row| {
        row["state"] == "downloading"
            && row["reason"].as_str().is_some_and(|it| it.contains("was cancelled"))
            && row["rate"].as_u64().is_some_and(|rate| rate > 0)
    });
    assert_eq!((&row["package"], &row["source"]), (&"ONE00001".into(), &"branch".into()));
    assert_eq!(row["bytesTotal"], LARGE);
    assert!(row["secondsLeft"].as_u64().is_some_and(|left| left > 0), "{row}");
    let table = slow.world.with_manifests("status --content").expect(0).stdout;
    let line = table.lines().find(|line| line.contains(" leaf ")).unwrap();
    assert!(line.contains("downloading") && line.contains("of 12.0 MiB"), "{table}");
    let pulls = slow.world.with_manifests("pulls").expect(0).stdout;
    assert!(pulls.ends_with("1 transfer: 1 downloading.\n"), "{pulls}");
    let numbers = slow.messages_until(|numbers| !numbers.is_empty());
    assert!(!numbers.contains(&8210), "{numbers:?}");

    let lines = slow.world.lines_of("pulls --follow --output json", || slow.open());
    let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &lines {
        super::content_schemas::assert_pull_is_valid(line);
    }
    let states: Vec<&str> =
        lines.iter().map(|line| line["transfer"]["state"].as_str().unwrap()).collect();
    assert_eq!(states.last(), Some(&"available"), "{states:?}");
    assert_eq!(states.first(), Some(&"downloading"), "{states:?}");

    let numbers = slow.messages_until(|numbers| numbers.ends_with(&[8210, 2330]));
    let made = numbers.iter().filter(|number| **number == 2357).count();
    assert_eq!(made, 1, "a point that goes on is not given a second job: {numbers:?}");
    let shown = slow.world.run(&["status", "--messages", "--point", "leaf"]).expect(0).stdout;
    let last = shown.lines().last().unwrap();
    assert!(last.contains("2330") && last.contains("package ONE00001"), "{shown}");
    let row = slow.leaf_until("available", |row| row["state"] == "available");
    assert_eq!(row["bytesDone"], LARGE);
}

/// PDP-4: the transfer is given up, and the site server sends the content.
#[test]
fn pull_that_is_switched_off_in_the_middle_gives_way_to_the_site_server() {
    let mut slow = SlowSource::new(USUAL);
    slow.up();
    slow.in_the_middle();
    slow.world.edit("headwater.yaml", "    enabled: true\n", "    enabled: false\n");
    slow.leaf_until("available", |row| row["state"] == "available");
    let status = slow.world.status();
    let points = status["distributionPoints"].as_array().unwrap();
    let leaf = points.iter().find(|point| point["name"] == "leaf").unwrap();
    assert_eq!(leaf["sources"], serde_json::json!(["server"]), "{leaf}");
    assert_eq!(leaf["transfers"], serde_json::json!([]));
    let numbers = slow.messages_until(|numbers| numbers.ends_with(&[8200, 2330]));
    assert!(!numbers.contains(&8210), "nothing was pulled: {numbers:?}");
    let jobs = slow.world.site_system("leaf").join("distribution-point/jobs");
    assert_eq!(std::fs::read_dir(jobs).unwrap().count(), 0);
}

/// PDP-9: the transfer stops, nothing is sent, and the point waits.
#[test]
fn prestaged_content_that_is_declared_in_the_middle_stops_everything() {
    let mut slow = SlowSource::new(USUAL);
    slow.up();
    slow.in_the_middle();
    let pull = "  pull:\n    enabled: true\n";
    slow.world.edit("headwater.yaml", pull, &format!("  prestaged: true\n{pull}"));
    let row = slow.leaf_until("waiting", |row| {
        row["reason"].as_str().is_some_and(|it| it.contains("prestaged content"))
    });
    assert_eq!(row["state"], "missing", "{row}");
    let plan = slow.world.plan();
    assert!(plan["waiting"].to_string().contains("prestaged content on `leaf`"), "{plan}");
    assert!(!plan["actions"].to_string().contains("leaf"), "{plan}");
    // Even what is sent by hand is refused while it waits: nothing came, by either way.
    let library = slow.world.library("leaf");
    assert_eq!(std::fs::read_dir(library.join("packages")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(library.join("partial")).unwrap().count(), 0);
    let pulls = slow.world.with_manifests("pulls").expect(0).stdout;
    assert_eq!(pulls, "No transfer is under way.\n");
}
