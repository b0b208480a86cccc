//! What the site server sends to a standard distribution point, and when.

use jiff::{Timestamp, ToSpan, tz::TimeZone};

use super::world::World;

/// Hours of a day that is neither today nor one of those beside it.
fn other_day() -> String {
    let now = Timestamp::now().to_zoned(TimeZone::UTC);
    let day = now.checked_add(3.days()).unwrap().strftime("%A").to_string();
    format!("  schedule: [{{days: [{day}], from: 0, to: 24}}]\n")
}

#[test]
fn content_waits_for_the_open_hours_of_its_point() {
    let world = World::of("minimal");
    let schedule = other_day();
    world.edit("headwater.yaml", "  ports: content\n", &format!("  ports: content\n{schedule}"));
    let ended = world.with_manifests("up --once").expect(1);
    let told = "`content`: `schedule` of the distribution point is closed to packages of priority \
                Medium now; goes on at ";
    assert!(
        ended.stderr.contains("waiting  DistributeContent:Package/welcome"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains(told), "{}", ended.stderr);
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
    assert!(!world.library("server").join("packages/ONE00001.json").exists());
    // Urgent content may have other hours.
    let urgent = schedule.replace("]\n", ", {from: 0, to: 24, minimumPriority: High}]\n");
    world.edit("headwater.yaml", &schedule, &urgent);
    world.with_manifests("up --once").expect(1);
    world.edit(
        "headwater.yaml",
        "  packageId: ONE00001\n",
        "  packageId: ONE00001\n  priority: High\n",
    );
    world.with_manifests("up --once").expect(0);
    assert!(world.library("server").join("packages/ONE00001.json").exists());
}
