//! What this version does not carry out is said when it is planned.

use headwater::{
    model::{Placement, Unsupported},
    plan::{ActionKind, unsupported},
    view::{PlanView, plan_json, plan_markdown, plan_text},
};

use super::{
    contoso::{contoso, declared, hierarchy, name},
    world::World,
};

#[test]
fn every_action_that_apply_refuses_is_told_of_in_the_plan() {
    let mut documents = declared();
    let point = documents.software_update_points.get_mut(&name("sea-active")).unwrap();
    point.spec.ssl = None;
    let point = documents.software_update_points.get_mut(&name("cen-active")).unwrap();
    point.spec.source = None;
    let point = documents.distribution_points.get_mut(&name("ams-dp1")).unwrap();
    point.spec.pxe = serde_json::from_str(r#"{"enabled": true}"#).unwrap();
    let system = documents.site_systems.get_mut(&name("cen-inet")).unwrap();
    system.spec.placement = Some(Placement::Kubernetes);
    let package = documents.packages.get_mut(&name("printer-definitions")).unwrap();
    package.spec.source.path = None;
    package.spec.source.url = Some("https://downloads.contoso.example/printers.zip".to_owned());
    let hierarchy = hierarchy(&documents);
    let plan = World::new().plan(&hierarchy);
    let mut told = Vec::new();
    for action in &plan.actions {
        let Some(why) = unsupported(action, &hierarchy) else { continue };
        let kind = action.kind.to_string();
        let is_told = plan.diagnostics.iter().any(|it| {
            it.resource == action.resource
                && it.message.contains(&kind)
                && it.message.ends_with(&why.to_string())
        });
        assert!(is_told, "{}: {:#?}", action.id, plan.diagnostics);
        told.push((action.kind, why));
    }
    for it in [
        (ActionKind::CreateSiteSystem, Unsupported::Kubernetes),
        (ActionKind::AddDistributionPoint, Unsupported::Pxe),
        (ActionKind::DistributeContent, Unsupported::PackageSource),
    ] {
        assert!(told.contains(&it), "{it:?}: {told:?}");
    }
    let said = "CreateSiteSystem will be refused";
    let view = PlanView::default();
    let markdown = plan_markdown(&plan, view);
    for text in [plan_text(&plan, view, false), plan_json(&plan, view), markdown] {
        assert!(text.contains(said), "{text}");
    }
    // SSL is carried out, and so is a source that needs TLS.
    let point = hierarchy.update_points[&name("sea-active")].clone();
    assert!(point.settings.ssl);
    let of_updates =
        [ActionKind::ConfigureSsl, ActionKind::AddSoftwareUpdatePoint, ActionKind::Synchronize];
    let mut planned = plan.actions.iter().filter(|it| of_updates.contains(&it.kind));
    assert!(planned.all(|it| unsupported(it, &hierarchy).is_none()));
}

#[test]
fn of_what_is_carried_out_nothing_is_said() {
    let plan = World::new().plan(&contoso(|_| ()));
    assert_eq!(plan.diagnostics, []);
}
