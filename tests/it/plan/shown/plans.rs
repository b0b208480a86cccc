//! Plans to look at.

use headwater::{
    model::{DistributionPointSpec, Hierarchy, Name, Port, PortSettingsSpec, Resource, WebSite},
    plan::{ActionId, Plan},
};

use crate::plan::{
    contoso::{contoso, name, port_settings, remove_distribution_point},
    world::World,
};

/// Everything is made.
pub(super) fn first_run() -> Plan {
    World::new().plan(&contoso(|_| ()))
}

/// Seattle's update point moves.
pub(super) fn port_change() -> Plan {
    let world = World::of(&contoso(|_| ()));
    world.plan(&contoso(|it| port_settings(it, "update-services", 8550)))
}

/// A distribution point goes, and its computer with it.
pub(super) fn removal() -> Plan {
    let world = World::of(&contoso(|_| ()));
    world.plan(&contoso(|it| {
        remove_distribution_point(it, "ams-dp3");
        it.site_systems.remove(&name("ams-dp3"));
    }))
}

/// Amsterdam's site server cannot be asked.
pub(super) fn waiting() -> Plan {
    let mut world = World::new();
    world.unknown.insert(name("ams-srv"));
    world.plan(&contoso(|_| ()))
}

/// Ports change, lists change, something is new, something goes, something waits, and a package has
/// a new version.
pub(super) fn mixed() -> (Plan, Hierarchy) {
    let mut world = World::of(&contoso(|it| {
        let point = it.software_update_points.get_mut(&name("cen-active")).unwrap();
        point.spec.languages = ["de", "en", "fr", "nl", "pl", "pt", "sv"].map(str::to_owned).into();
    }));
    let hierarchy = contoso(|it| {
        let point = it.software_update_points.get_mut(&name("cen-active")).unwrap();
        point.spec.languages = ["de", "en", "fi", "nl", "pl", "pt", "sv"].map(str::to_owned).into();
        port_settings(it, "first", 8090);
        let point = it.distribution_points.get_mut(&name("ams-dp1")).unwrap();
        point.spec.ports = Some(name("first"));
        remove_distribution_point(it, "ams-dp3");
        it.packages.get_mut(&name("update-catalog")).unwrap().spec.source_version = 2;
        let mut system = it.site_systems[&name("ams-dp1")].clone();
        system.metadata.name = name("ams-dp4");
        system.spec.address = "192.0.2.4".parse().unwrap();
        it.site_systems.insert(name("ams-dp4"), system);
    });
    world.unknown.insert(name("lis-srv"));
    (world.plan(&hierarchy), hierarchy)
}

/// More than five thousand actions: Amsterdam and Seattle get distribution points.
pub(super) fn large() -> Plan {
    let hierarchy = contoso(|it| {
        let system = it.site_systems[&name("ams-dp1")].clone();
        let pulls = it.distribution_points[&name("ams-dp2")].clone();
        let sent = it.distribution_points[&name("ams-dp1")].clone();
        // Nine in ten have a name, the others an address; a few have ports of their own.
        for number in 0..2_500 {
            let (site, of) = if number < 2_000 { ("ams", &pulls) } else { ("sea", &sent) };
            let called = name(&format!("{site}-branch-{number:04}"));
            let mut system = system.clone();
            system.metadata.name = called.clone();
            system.spec.site = name(site);
            system.spec.address = match number % 10 {
                0 => format!("10.0.{}.{}", number / 250, number % 250),
                _ => format!("{called}.contoso.example"),
            }
            .parse()
            .unwrap();
            it.site_systems.insert(called.clone(), system);
            let mut point: Resource<DistributionPointSpec> = of.clone();
            point.metadata.name = called.clone();
            point.spec.site = name(site);
            point.spec.site_system = called.clone();
            if number % 400 == 7 {
                let settings: Name = name(&format!("own-{number}"));
                let http = Port::new(9_000 + number);
                let spec = PortSettingsSpec { web_site: WebSite::Custom, http, https: None };
                let mut own = it.port_settings[&name("content")].clone();
                own.metadata.name = settings.clone();
                own.spec = spec;
                it.port_settings.insert(settings.clone(), own);
                point.spec.ports = Some(settings);
            }
            it.distribution_points.insert(called, point);
        }
    });
    World::new().plan(&hierarchy)
}

/// As many sites in which the same is done: what is done in Seattle.
pub(super) fn many_sites(count: usize) -> Plan {
    let mut plan = World::new().plan(&contoso(|_| ()));
    let of_one: Vec<_> = plan.actions.iter().filter(|it| it.site.as_str() == "SEA").collect();
    let mut actions = Vec::new();
    for site in 0..count {
        for action in &of_one {
            let mut action = (*action).clone();
            action.site = format!("S{site:02}").parse().unwrap();
            action.id = ActionId::from(format!("{}-{site}", action.id));
            action.after.clear();
            actions.push(action);
        }
    }
    plan.actions = actions;
    plan
}
