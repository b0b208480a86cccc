//! What was found on ports, beside what has to be there.

use headwater::{
    model::{
        CertificateFacts, Facts, Hierarchy, Observed, Port, PortAnswer, PortFacts, PortFinding,
        TlsFacts, Validity,
    },
    plan::{ActionKind, Inputs, Plan, plan},
};
use serde_json::json;

use super::{
    contoso::{contoso, manifest_digest, name, port_settings, suspend},
    world::{World, ids},
};

fn found(port: u16, answer: PortAnswer) -> PortFacts {
    let http = PortFinding { port: Port::new(port).unwrap(), answer };
    PortFacts { http: Some(http), ..PortFacts::default() }
}

fn planned(world: &World, hierarchy: &Hierarchy, observed: &Observed) -> Plan {
    plan(Inputs { hierarchy, manifest_digest: manifest_digest(), observed, now: world.now })
}

#[test]
fn ports_that_answer_otherwise_are_verified_and_nothing_else_is_done() {
    let hierarchy = contoso(|_| ());
    let world = World::of(&hierarchy);
    let mut observed = world.observed();
    let refused = PortAnswer::Closed("connection refused".to_owned());
    observed.ports.update_points.insert(name("sea-active"), found(8540, refused));
    let point = found(8080, PortAnswer::Tls(Box::default()));
    observed.ports.distribution_points.insert(name("lis-dp"), point);
    // As it shall be.
    let good = found(8530, PortAnswer::Plain);
    observed.ports.update_points.insert(name("cen-active"), good);
    let plan = planned(&world, &hierarchy, &observed);
    assert_eq!(
        ids(&plan),
        ["VerifyPorts:SoftwareUpdatePoint/sea-active", "VerifyPorts:DistributionPoint/lis-dp"]
    );
    let [update, content] = &plan.actions[..] else { unreachable!("two, as above") };
    let diff = |action: &headwater::plan::Action| -> serde_json::Value {
        let changes = action.diff.iter();
        changes.map(|it| json!({"path": it.path, "before": it.before, "after": it.after})).collect()
    };
    assert_eq!(
        diff(update),
        json!([{"path": "listeners.http", "before": "closed: connection refused", "after": "open"}])
    );
    assert_eq!(
        diff(content),
        json!([{"path": "listeners.http", "before": "TLS", "after": "plain HTTP"}])
    );
    assert_eq!((update.site.as_str(), content.site.as_str()), ("SEA", "LIS"));
    assert_eq!(update.targets, [name("sea-wsus")]);
    assert_eq!(update.requirement, "PORT-5");
    assert_eq!(
        update.reason,
        "what answers on its ports is not what shall: listeners.http: closed: connection refused \
         instead of open"
    );
}

#[test]
fn what_was_found_on_a_port_that_is_not_wanted_any_more_counts_for_nothing() {
    let before = contoso(|_| ());
    let world = World::of(&before);
    let mut observed = world.observed();
    let refused = PortAnswer::Closed("connection refused".to_owned());
    observed.ports.update_points.insert(name("cen-active"), found(8530, refused));
    let moved = contoso(|declared| {
        port_settings(declared, "central", 8630);
        let point = declared.software_update_points.get_mut(&name("cen-active"));
        point.unwrap().spec.ports = Some(name("central"));
    });
    let plan = planned(&world, &moved, &observed);
    let mut verified = plan.actions.iter().filter(|it| it.kind == ActionKind::VerifyPorts);
    let of_cen = verified.find(|it| it.resource.name == name("cen-active")).unwrap();
    // It is looked at after the change, whatever was found before.
    assert_eq!((of_cen.requirement.as_str(), of_cen.diff.len()), ("SUP-5", 0));
    assert_eq!(of_cen.after.len(), 1);
}

#[test]
fn ports_of_what_is_suspended_are_left_alone() {
    let world = World::of(&contoso(|_| ()));
    let mut observed = world.observed();
    let refused = PortAnswer::Closed("connection refused".to_owned());
    observed.ports.update_points.insert(name("lis-active"), found(8530, refused.clone()));
    observed.ports.distribution_points.insert(name("lis-dp"), found(8080, refused));
    let suspended = contoso(|declared| {
        suspend(declared.software_update_points.get_mut(&name("lis-active")));
        suspend(declared.distribution_points.get_mut(&name("lis-dp")));
    });
    assert_eq!(ids(&planned(&world, &suspended, &observed)), [""; 0]);
}

#[test]
fn a_certificate_that_ends_soon_is_told_and_not_acted_on() {
    let hierarchy = contoso(|_| ());
    let mut hierarchy = hierarchy.clone();
    let point = hierarchy.distribution_points.get_mut(&name("ams-dp1")).unwrap();
    point.settings.protocol = headwater::model::ContentProtocol::Https;
    let mut world = World::of(&hierarchy);
    let certificate = CertificateFacts {
        names: vec!["ams-dp1.contoso.example".to_owned()],
        matches: true,
        issuer: "CN=Contoso Root".to_owned(),
        not_after: "2026-12-20T00:00:00Z".parse().unwrap(),
        validity: Validity::ExpiresSoon,
        untrusted: None,
    };
    let tls = TlsFacts { certificate: Some(certificate), ..TlsFacts::default() };
    let answer = PortAnswer::Tls(Box::new(tls));
    let https = Some(PortFinding { port: Port::new(8081).unwrap(), answer });
    let facts = PortFacts { https, ..PortFacts::default() };
    let mut observed = world.observed();
    observed.ports.distribution_points.insert(name("ams-dp1"), facts.clone());
    let plan = planned(&world, &hierarchy, &observed);
    assert_eq!(ids(&plan), [""; 0]);
    let [told] = &plan.diagnostics[..] else { panic!("{:?}", plan.diagnostics) };
    assert_eq!(told.rule, "PORT-5");
    assert_eq!(told.resource.to_string(), "DistributionPoint/ams-dp1");
    assert_eq!(told.message, "its certificate ends at 2026-12-20T00:00:00Z: renew it");

    // It is a fact, and the same one tomorrow.
    let digest = Facts::of(&observed).digest();
    assert_ne!(digest, Facts::of(&world.observed()).digest());
    world.now += jiff::SignedDuration::from_hours(24);
    let mut tomorrow = world.observed();
    tomorrow.ports.distribution_points.insert(name("ams-dp1"), facts);
    assert_eq!(Facts::of(&tomorrow).digest(), digest);
}
