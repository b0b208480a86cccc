//! What a command that stays logs is asked and changed while it runs.

use super::{
    http::{get, request},
    world::World,
};

#[test]
fn the_level_is_changed_while_the_hierarchy_is_kept() {
    let world = World::of("minimal");
    let manifests = world.manifests();
    let manifests = manifests.to_str().unwrap();
    let arguments = ["up", "--every", "1s", "--listen", "127.0.0.1:0", manifests];
    let mut running = world.start(&[&arguments[..], &["--log-format", "json"]].concat(), "warn");
    let mut address = String::new();
    assert!(running.until(|line| {
        let rest = line.split("watch it at http://").nth(1).and_then(|it| it.split('"').next());
        rest.inspect(|rest| (*rest).clone_into(&mut address)).is_some()
    }));
    let put = |body: &str| request(&address, "PUT", "/log-level", &[], body).unwrap();
    assert_eq!(get(&address, "/log-level", &[]).text(), "warn\n");
    for (wrong, status) in [("", 400), ("debg", 400), ("a=b", 400), (&"info,".repeat(2_000), 400)] {
        assert_eq!(put(wrong).status, status, "{wrong}");
    }
    assert_eq!(get(&address, "/log-level", &[]).text(), "warn\n");
    // What people are told is there at every level.
    assert!(running.until(|line| line.contains("Nothing to do")), "{:?}", running.said);
    let logged = |line: &str| {
        line.contains(r#""level":"INFO""#) && !line.contains(r#""target":"headwater::message""#)
    };
    assert!(!running.said.iter().any(|it| logged(it)), "{:?}", running.said);

    let changed = put("headwater=info,off\n");
    assert_eq!((changed.status, &*changed.text()), (200, "headwater=info,off\n"));
    assert!(running.until(logged), "{:?}", running.said);
    let answer = request(&address, "DELETE", "/log-level", &[], "").unwrap();
    assert_eq!((answer.status, &*answer.text()), (200, "warn\n"));
    assert_eq!(request(&address, "POST", "/log-level", &[], "info").unwrap().status, 405);
}
