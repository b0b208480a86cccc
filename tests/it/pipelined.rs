//! Sites that take updates while their parent still synchronizes.

use super::{converge::assert_contoso, world::World};

#[test]
fn sites_that_take_updates_ahead_end_up_as_the_others() {
    let world = World::of("contoso");
    for site in ["ams", "sea", "lis"] {
        world.edit(
            &format!("sites/{site}.yaml"),
            "siteServer: ",
            "synchronization: Pipelined\n  siteServer: ",
        );
    }
    let ended = world.with_manifests("up --once").expect(0);
    // Each reports all that has come, whenever it came.
    for point in ["ams-active", "sea-active", "lis-active"] {
        let line = format!("Synchronize:SoftwareUpdatePoint/{point}: 4125 new updates");
        assert!(ended.stderr.contains(&line), "{}", ended.stderr);
    }
    assert_contoso(&world);
    // 6702 comes once for each, and after that of the parent.
    for server in ["ams-srv", "sea-srv", "lis-srv"] {
        let complete = world.messages(server).iter().filter(|(id, _)| *id == 6702).count();
        assert_eq!(complete, 1, "{server}");
    }
}
