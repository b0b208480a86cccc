//! Updates of local publishers in plans (SYNC-10).

use std::{path::Path, sync::Arc};

use headwater::{
    model::{Declared, DocumentId, Hierarchy, LocalUpdateSpec, Name, PRUNE, Resource, SUSPEND},
    plan::{ActionKind, Plan},
};
use serde_json::json;

use super::{
    contoso::{contoso, name, request_synchronization},
    world::{Choice, World, ids, of_kind},
};

const READER: &str = "0c4e4f4e-6d0f-4d3b-9a55-5a1a7b6f2c10";
const FONTS: &str = "1d5f5a5f-7e1a-4e4c-8b66-6b2b8c7a3d21";
const PUBLISH: &str = "PublishLocalUpdate:LocalUpdate/reader";
const SYNCHRONIZE: &str = "Synchronize:SoftwareUpdatePoint/cen-active";

fn update(called: &str, id: &str) -> Resource<LocalUpdateSpec> {
    let spec = json!({
        "updateId": id,
        "title": "Fabrikam Reader 4.2.1",
        "publisher": "Fabrikam",
        "product": "Fabrikam Reader",
        "classification": "Security Updates",
        "applicability": {"isInstalled": "<lar:False />", "isInstallable": "<lar:True />"},
    });
    Resource {
        document: DocumentId(0),
        directory: Arc::from(Path::new("/contoso")),
        metadata: serde_json::from_value(json!({ "name": called })).unwrap(),
        spec: serde_json::from_value(spec).unwrap(),
    }
}

fn add(declared: &mut Declared, update: Resource<LocalUpdateSpec>) {
    declared.local_updates.insert(update.metadata.name.clone(), update);
}

/// Contoso with an update, after a change to it.
fn with_reader(change: impl FnOnce(&mut Resource<LocalUpdateSpec>)) -> Hierarchy {
    contoso(|it| {
        let mut reader = update("reader", READER);
        change(&mut reader);
        add(it, reader);
    })
}

fn after(plan: &Plan, id: &str, earlier: &str) -> bool {
    let action = plan.actions.iter().find(|action| action.id.as_str() == id).unwrap();
    action.after.iter().any(|id| id.as_str() == earlier)
}

fn revision(world: &World) -> (i32, bool) {
    let published = &world.published[&name("cen-wsus")];
    let state = &published[&READER.parse().unwrap()];
    (state.revision, state.expired)
}

#[test]
fn an_update_is_published_after_its_point_and_before_the_synchronizations() {
    let hierarchy = with_reader(|_| ());
    let plan = World::new().plan(&hierarchy);
    assert!(after(&plan, PUBLISH, "AddSoftwareUpdatePoint:SoftwareUpdatePoint/cen-active"));
    assert!(after(&plan, "ImportUpdates:SoftwareUpdatePoint/cen-active", PUBLISH));
    let world = World::of(&hierarchy);
    assert_eq!(revision(&world), (1, false));
}

#[test]
fn what_is_published_later_flows_down_in_the_same_plan() {
    let mut world = World::of(&contoso(|_| ()));
    let hierarchy = with_reader(|_| ());
    let plan = world.plan(&hierarchy);
    assert_eq!(ids(&plan)[..2], [PUBLISH, SYNCHRONIZE]);
    assert!(after(&plan, SYNCHRONIZE, PUBLISH));
    assert_eq!(plan.summary.create, 1);
    assert_eq!(of_kind(&plan, ActionKind::Synchronize).len(), 5);
    assert_eq!(world.converge(&hierarchy, Choice::Last), 1);
}

#[test]
fn a_change_is_a_further_revision_with_its_diff() {
    let mut world = World::of(&with_reader(|_| ()));
    let changed = with_reader(|it| "Reader 4.2.2".clone_into(&mut it.spec.title));
    let plan = world.plan(&changed);
    let action = &plan.actions[0];
    assert_eq!(action.id.as_str(), PUBLISH);
    let paths: Vec<_> = action.diff.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(paths, ["spec.title"]);
    assert_eq!(action.diff[0].found.as_ref().unwrap().site_system, name("cen-wsus"));
    assert_eq!((plan.summary.create, plan.summary.change), (0, 5));
    assert_eq!(world.converge(&changed, Choice::First), 1);
    assert_eq!(revision(&world), (2, false));
}

#[test]
fn another_checkout_is_the_same_update() {
    let files = |directory: &'static str| {
        with_reader(move |it| {
            it.directory = Arc::from(Path::new(directory));
            it.spec.files = serde_json::from_value(json!([{"path": "files/reader.exe"}])).unwrap();
            it.spec.install =
                Some(serde_json::from_value(json!({"program": "reader.exe"})).unwrap());
        })
    };
    let mut world = World::of(&files("/one"));
    let other = files("/other");
    assert_eq!(ids(&world.plan(&other)), [""; 0]);
    assert_eq!(world.converge(&other, Choice::First), 0);
}

#[test]
fn a_new_name_or_annotation_is_no_revision() {
    let mut world = World::of(&with_reader(|_| ()));
    let renamed = contoso(|it| add(it, update("fabrikam-reader", READER)));
    assert_eq!(ids(&world.plan(&renamed)), ["PublishLocalUpdate:LocalUpdate/fabrikam-reader"]);
    assert_eq!(world.converge(&renamed, Choice::First), 1);
    let kept = contoso(|it| {
        let mut reader = update("fabrikam-reader", READER);
        reader.metadata.annotations.insert(PRUNE.to_owned(), "disabled".to_owned());
        add(it, reader);
    });
    assert_eq!(world.converge(&kept, Choice::First), 1);
    assert_eq!(revision(&world), (1, false));
    let plan = world.plan(&contoso(|_| ()));
    assert_eq!((ids(&plan), plan.complete), (vec![], true));
    assert!(plan.waiting[0].on.contains("`headwater.dev/prune: disabled` keeps it"));
}

#[test]
fn what_nobody_declares_any_more_expires_last_and_can_come_back() {
    let mut world = World::of(&with_reader(|_| ()));
    let without = contoso(|_| ());
    let plan = world.plan(&without);
    let expire = format!("ExpireLocalUpdate:LocalUpdate/reader@{READER}");
    assert_eq!(ids(&plan), [expire.as_str()]);
    assert!(plan.actions[0].kind.removes());
    assert_eq!(plan.summary.remove, 1);
    // The catalog is another one then: that flows down with the next plan.
    assert_eq!(world.converge(&without, Choice::First), 2);
    assert_eq!(revision(&world), (2, true));
    assert_eq!(world.converge(&with_reader(|_| ()), Choice::First), 1);
    assert_eq!(revision(&world), (3, false));
}

#[test]
fn what_an_update_needs_is_published_before_it() {
    let hierarchy = contoso(|it| {
        // By name it would come first.
        let mut first = update("a-reader", READER);
        first.spec.prerequisites = vec![FONTS.parse().unwrap()];
        add(it, first);
        add(it, update("fonts", FONTS));
    });
    let plan = World::new().plan(&hierarchy);
    let reader = "PublishLocalUpdate:LocalUpdate/a-reader";
    assert!(after(&plan, reader, "PublishLocalUpdate:LocalUpdate/fonts"));
}

#[test]
fn updates_that_name_each_other_are_published_all_the_same() {
    let hierarchy = contoso(|it| {
        let mut reader = update("reader", READER);
        reader.spec.prerequisites = vec![FONTS.parse().unwrap()];
        let mut fonts = update("fonts", FONTS);
        fonts.spec.supersedes = vec![READER.parse().unwrap()];
        add(it, reader);
        add(it, fonts);
    });
    let world = World::of(&hierarchy);
    assert_eq!(world.published[&name("cen-wsus")].len(), 2);
}

#[test]
fn suspended_updates_wait_and_do_not_expire() {
    let mut world = World::of(&with_reader(|_| ()));
    let suspended = with_reader(|it| {
        it.metadata.annotations.insert(SUSPEND.to_owned(), "true".to_owned());
        "changed".clone_into(&mut it.spec.title);
    });
    let plan = world.plan(&suspended);
    assert_eq!((ids(&plan), plan.complete), (vec![], true));
    assert_eq!(plan.waiting.len(), 1);
    assert_eq!(world.converge(&suspended, Choice::First), 0);
}

#[test]
fn a_synchronization_by_hand_does_not_leave_a_new_revision_behind() {
    let of = |title: &'static str, requested: bool| {
        contoso(|it| {
            let point: Name = name("cen-active");
            let point = it.software_update_points.get_mut(&point);
            let point = point.unwrap();
            point.spec.source = Some(
                serde_json::from_value(json!({
                    "type": "UpstreamServer", "url": "http://wsus.fabrikam.example:8530",
                }))
                .unwrap(),
            );
            if requested {
                request_synchronization(Some(point), "2026-12-02T00:00:00Z");
            }
            let mut reader = update("reader", READER);
            title.clone_into(&mut reader.spec.title);
            add(it, reader);
        })
    };
    let mut world = World::of(&of("one", false));
    world.now = "2026-12-02T00:00:00Z".parse().unwrap();
    let by_hand = world.plan(&of("one", true));
    assert!(by_hand.actions[0].only_new);
    let plan = world.plan(&of("two", true));
    assert_eq!(ids(&plan)[..2], [PUBLISH, SYNCHRONIZE]);
    assert!(!plan.actions[1].only_new, "{:?}", plan.actions[1]);
}
