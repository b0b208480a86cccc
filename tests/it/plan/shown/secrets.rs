//! No form of a plan shows a secret.

use headwater::{
    model::{Hierarchy, SourceType, SynchronizationSource},
    plan::Plan,
    view::{PlanView, plan_json, plan_markdown, plan_summary_json, plan_summary_text, plan_text},
};

use crate::plan::{
    contoso::{declared, hierarchy, name},
    world::World,
};

/// The example, its top point synchronizing from this address. Rules refuse passwords in it, but a
/// plan relies on no rule, and site systems report what they were told before there was one.
fn upstream(url: &str) -> Hierarchy {
    let mut declared = declared();
    let point = declared.software_update_points.get_mut(&name("cen-active")).unwrap();
    let r#type = SourceType::UpstreamServer;
    point.spec.source =
        Some(SynchronizationSource { r#type, url: Some(url.to_owned()), file: None });
    hierarchy(&declared)
}

fn all_forms(plan: &Plan) -> [String; 6] {
    let folded = PlanView::default();
    let full = PlanView { full: true, ..folded };
    [
        plan_text(plan, folded, true),
        plan_text(plan, full, false),
        plan_json(plan, folded),
        plan_markdown(plan, folded),
        plan_summary_text(plan, folded),
        plan_summary_json(plan, folded),
    ]
}

#[test]
fn what_an_address_hides_is_in_no_form_of_a_plan() {
    let before = upstream("http://ada:s3cret@wsus.fabrikam.example:8530/?key=s3cret-1");
    let after = upstream("http://eve:s3cret-2@wsus.fabrikam.example:8531/?key=s3cret-1");
    let mut world = World::of(&before);
    world.unknown.insert(name("lis-srv"));
    for plan in [World::new().plan(&before), world.plan(&after)] {
        assert!(!format!("{plan:?}").contains("s3cret"), "not even in the plan itself");
        for form in all_forms(&plan) {
            assert!(!form.contains("s3cret"), "{form}");
        }
        assert!(all_forms(&plan)[2].contains("http://***@wsus.fabrikam.example:853"));
    }
}

#[test]
fn a_password_that_changes_is_a_change_without_the_password() {
    let world = World::of(&upstream("http://ada:s3cret@wsus.fabrikam.example:8530"));
    let plan = world.plan(&upstream("http://ada:s3cret-2@wsus.fabrikam.example:8530"));
    let text = plan_text(&plan, PlanView::default(), false);
    let shown: Vec<&str> = text.lines().filter(|line| line.contains("fabrikam")).collect();
    assert_eq!(
        shown,
        [
            "      -   url: http://***@wsus.fabrikam.example:8530",
            "      +   url: http://***@wsus.fabrikam.example:8530  # what is hidden here differs",
        ]
    );
}
