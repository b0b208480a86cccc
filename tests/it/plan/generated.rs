//! Hierarchies of any shape: pieces are added one by one, each that leaves the whole valid.
#![expect(clippy::too_many_lines, reason = "one arm a kind of piece")]

use std::{collections::BTreeMap, path::Path, sync::Arc};

use headwater::model::{
    Declared, DocumentId, Hierarchy, Name, PRUNE, Resource, SUSPEND, SYNC_REQUESTED_AT, SiteMode,
    WsusVersion,
};
use proptest::{prelude::*, sample::Index};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::contoso::{hierarchy, valid};

/// Something that is added to what is declared.
#[derive(Debug, Clone)]
pub(super) enum Piece {
    Native { site: Index },
    Site { below: Index, secondary: bool, native: bool },
    SiteSystem { site: Index, wsus: bool },
    ActivePoint { system: Index, source: Source, ssl: bool, every: bool },
    InternetBasedPoint { active: Index, system: Index, source: Source },
    DistributionPoint { system: Index, http: u16 },
    Pull { point: Index, sources: Vec<(Index, u32)>, enabled: bool },
    Prestaged { point: Index },
    OnDemand { point: Index },
    ManagementPoint { site: Index, http: u16 },
    Group { members: Vec<Index> },
    Package { site: Index, points: Vec<Index>, groups: Vec<Index>, priority: usize, version: u32 },
    Annotate { kind: usize, which: Index, annotation: usize },
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    Usual,
    Import,
    Server,
    None,
}

/// Pieces in an order in which most of them find what they stand on.
pub(super) fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let some = any::<Index>;
    let several = |most: usize| prop::collection::vec(any::<Index>(), 0..most);
    let source = || {
        prop_oneof![
            6 => Just(Source::Usual),
            2 => Just(Source::Import),
            1 => Just(Source::Server),
            1 => Just(Source::None),
        ]
    };
    let sites = (some(), any::<bool>(), any::<bool>())
        .prop_map(|(below, secondary, native)| Piece::Site { below, secondary, native });
    let systems = (some(), any::<bool>()).prop_map(|(site, wsus)| Piece::SiteSystem { site, wsus });
    let active = (some(), source(), any::<bool>(), any::<bool>())
        .prop_map(|(system, source, ssl, every)| Piece::ActivePoint { system, source, ssl, every });
    let native = some().prop_map(|site| Piece::Native { site });
    let internet = (some(), some(), source())
        .prop_map(|(active, system, source)| Piece::InternetBasedPoint { active, system, source });
    let points = (some(), prop::sample::select(vec![80_u16, 8_080]))
        .prop_map(|(system, http)| Piece::DistributionPoint { system, http });
    let sources = prop::collection::vec((any::<Index>(), 1_u32..3), 1..4);
    let pulls = (some(), sources, prop::bool::weighted(0.9))
        .prop_map(|(point, sources, enabled)| Piece::Pull { point, sources, enabled });
    let groups = several(5).prop_map(|members| Piece::Group { members });
    let packages = (some(), several(5), several(3), 0..3_usize, 1..3_u32).prop_map(
        |(site, points, groups, priority, version)| Piece::Package {
            site,
            points,
            groups,
            priority,
            version,
        },
    );
    let prestaged = some().prop_map(|point| Piece::Prestaged { point });
    let on_demand = some().prop_map(|point| Piece::OnDemand { point });
    let management = (some(), prop::sample::select(vec![8_080_u16, 8_090]))
        .prop_map(|(site, http)| Piece::ManagementPoint { site, http });
    let own = prop_oneof![prestaged, on_demand, management];
    let annotations = (0..7_usize, some(), 0..3_usize)
        .prop_map(|(kind, which, annotation)| Piece::Annotate { kind, which, annotation });
    let up_to = |most: usize| 0..most;
    (
        prop::collection::vec(native, up_to(2)),
        prop::collection::vec(sites, up_to(4)),
        prop::collection::vec(systems, up_to(8)),
        prop::collection::vec(active, up_to(8)),
        prop::collection::vec(internet, up_to(8)),
        prop::collection::vec(points, up_to(9)),
        prop::collection::vec(pulls, up_to(7)),
        prop::collection::vec(groups, up_to(3)),
        prop::collection::vec(packages, up_to(5)),
        prop::collection::vec(own, up_to(4)),
        prop::collection::vec(annotations, up_to(4)),
    )
        .prop_map(|(native, a, b, c, d, e, f, g, h, i, j)| {
            [native, a, b, c, d, e, f, g, h, i, j].into_iter().flatten().collect()
        })
}

/// The hierarchy of some pieces, on top of a site that is always there.
pub(super) fn declared(pieces: &[Piece]) -> Declared {
    let mut all = Declared::default();
    let site = json!({"siteCode": "S00", "type": "Central", "mode": "Mixed", "version": "2403",
        "siteServer": "srv-0"});
    add(&mut all.sites, "site-0", &site);
    let system =
        json!({"site": "site-0", "address": "srv-0.example", "software": {"wsus": "10.0"}});
    add(&mut all.site_systems, "srv-0", &system);
    assert!(valid(&all));
    for piece in pieces {
        let mut next = all.clone();
        if put(&mut next, piece).is_some() && valid(&next) {
            all = next;
        }
    }
    all
}

pub(super) fn generated(pieces: &[Piece]) -> Hierarchy {
    hierarchy(&declared(pieces))
}

fn add<Spec: DeserializeOwned>(
    to: &mut BTreeMap<Name, Resource<Spec>>,
    called: &str,
    spec: &Value,
) {
    let resource = Resource {
        document: DocumentId(0),
        directory: Arc::from(Path::new("/generated")),
        metadata: serde_json::from_value(json!({ "name": called })).unwrap(),
        spec: serde_json::from_value(spec.clone()).unwrap(),
    };
    to.insert(called.parse().unwrap(), resource);
}

fn pick<Value>(it: &BTreeMap<Name, Value>, index: Index) -> Option<Name> {
    let names: Vec<&Name> = it.keys().collect();
    (!names.is_empty()).then(|| (*index.get(&names)).clone())
}

fn picked<Value>(it: &BTreeMap<Name, Value>, some: &[Index]) -> Vec<Name> {
    let mut names: Vec<Name> = some.iter().filter_map(|index| pick(it, *index)).collect();
    names.sort();
    names.dedup();
    names
}

fn put(all: &mut Declared, piece: &Piece) -> Option<()> {
    match piece {
        Piece::Native { site } => {
            let site = pick(&all.sites, *site)?;
            all.sites.get_mut(&site)?.spec.mode = SiteMode::Native;
        }
        Piece::Site { below, secondary, native } => {
            let number = all.sites.len();
            let (site, server) = (format!("site-{number}"), format!("srv-{number}"));
            let spec = json!({"siteCode": format!("S{number:02}"), "siteServer": server,
                "type": if *secondary { "Secondary" } else { "Primary" },
                "mode": if *native { "Native" } else { "Mixed" }, "version": "2403",
                "parent": pick(&all.sites, *below)?});
            add(&mut all.sites, &site, &spec);
            let address = format!("{server}.example");
            add(&mut all.site_systems, &server, &json!({"site": site, "address": address}));
        }
        Piece::SiteSystem { site, wsus } => {
            let called = format!("sys-{}", all.site_systems.len());
            // With the client, so that it can pull over HTTPS too.
            let mut software = json!({"client": "2403"});
            if *wsus {
                software["wsus"] = json!("10.0");
            }
            let spec = json!({"site": pick(&all.sites, *site)?, "software": software,
                "address": format!("{called}.example")});
            add(&mut all.site_systems, &called, &spec);
        }
        Piece::ActivePoint { system, source, ssl, every } => {
            let system = pick(&all.site_systems, *system)?;
            let mut spec = update_point(all, &system, "Active", *source);
            if *ssl {
                spec["ssl"] = json!(true);
            }
            let site = &all.sites[&spec["site"].as_str()?.parse::<Name>().ok()?];
            if *every && site.spec.parent.is_none() {
                spec["schedule"] = json!({"every": "7d"});
            }
            let called = format!("sup-{}", all.software_update_points.len());
            add(&mut all.software_update_points, &called, &spec);
        }
        Piece::InternetBasedPoint { active, system, source } => {
            let active = pick(&all.software_update_points, *active)?;
            let active = &all.software_update_points[&active].spec;
            let beside = |name: &Name| {
                *name != active.site_system && all.site_systems[name].spec.site == active.site
            };
            let systems: Vec<Name> =
                all.site_systems.keys().filter(|name| beside(name)).cloned().collect();
            let system = (!systems.is_empty()).then(|| system.get(&systems))?;
            let spec = update_point(all, system, "InternetBased", *source);
            let called = format!("sup-{}", all.software_update_points.len());
            add(&mut all.software_update_points, &called, &spec);
        }
        Piece::DistributionPoint { system, http } => {
            let system = pick(&all.site_systems, *system)?;
            let ports = format!("on-{http}");
            let spec = json!({"webSite": "Custom", "http": http});
            let spec = if *http == 80 { json!({"webSite": "Default"}) } else { spec };
            add(&mut all.port_settings, &ports, &spec);
            let site = &all.site_systems[&system].spec.site;
            let spec = json!({"site": site, "siteSystem": system, "ports": ports});
            let called = format!("dp-{}", all.distribution_points.len());
            add(&mut all.distribution_points, &called, &spec);
        }
        Piece::Pull { point, sources, enabled } => {
            let point = pick(&all.distribution_points, *point)?;
            let sources: BTreeMap<Name, u32> = sources
                .iter()
                .filter_map(|(index, priority)| {
                    Some((pick(&all.distribution_points, *index)?, *priority))
                })
                .filter(|(source, _)| *source != point)
                .collect();
            let source =
                |(name, priority)| json!({"distributionPoint": name, "priority": priority});
            let sources: Vec<Value> = sources.into_iter().map(source).collect();
            let pull = json!({"enabled": enabled, "sources": sources});
            let spec = &mut all.distribution_points.get_mut(&point)?.spec;
            spec.pull = serde_json::from_value(pull).unwrap();
        }
        Piece::ManagementPoint { site, http } => {
            let site = pick(&all.sites, *site)?;
            let ports = format!("on-{http}");
            add(&mut all.port_settings, &ports, &json!({"webSite": "Custom", "http": http}));
            let point = serde_json::from_value(json!({ "ports": ports })).unwrap();
            all.sites.get_mut(&site)?.spec.management_point = Some(point);
        }
        Piece::Prestaged { point } => {
            let point = pick(&all.distribution_points, *point)?;
            all.distribution_points.get_mut(&point)?.spec.prestaged = true;
        }
        Piece::OnDemand { point } => {
            let point = pick(&all.distribution_points, *point)?;
            all.distribution_points.get_mut(&point)?.spec.on_demand = true;
        }
        Piece::Group { members } => {
            let members = picked(&all.distribution_points, members);
            let called = format!("group-{}", all.distribution_point_groups.len());
            add(&mut all.distribution_point_groups, &called, &json!({ "members": members }));
        }
        Piece::Package { site, points, groups, priority, version } => {
            let site = &all.sites[&pick(&all.sites, *site)?].spec.site_code;
            let number = all.packages.len();
            let priority = ["Low", "Medium", "High"][*priority];
            let spec = json!({"packageId": format!("{site}{number:05}"), "sourceVersion": version,
            "source": {"path": "content"}, "priority": priority,
            "distributeTo": {
                "distributionPoints": picked(&all.distribution_points, points),
                "groups": picked(&all.distribution_point_groups, groups),
            }});
            add(&mut all.packages, &format!("package-{number}"), &spec);
        }
        Piece::Annotate { kind, which, annotation } => annotate(all, *kind, *which, *annotation)?,
    }
    Some(())
}

fn update_point(all: &mut Declared, system: &Name, role: &str, source: Source) -> Value {
    let on = &mut all.site_systems.get_mut(system).unwrap().spec;
    on.software.wsus = Some(WsusVersion::V10_0);
    let mut spec = json!({"site": on.site, "siteSystem": system, "role": role});
    let source = match source {
        Source::Usual => return spec,
        Source::Import => json!({"type": "Import", "file": "export.cab"}),
        Source::Server => json!({"type": "UpstreamServer", "url": "http://wsus.example:8530"}),
        Source::None => json!({"type": "None"}),
    };
    spec["source"] = source;
    spec
}

fn annotate(all: &mut Declared, kind: usize, which: Index, annotation: usize) -> Option<()> {
    let (key, value) =
        [(SUSPEND, "true"), (PRUNE, "disabled"), (SYNC_REQUESTED_AT, "2026-12-01T00:00:00Z")]
            [annotation];
    macro_rules! annotate {
        ($field:ident) => {{
            let name = pick(&all.$field, which)?;
            let annotations = &mut all.$field.get_mut(&name)?.metadata.annotations;
            annotations.insert(key.to_owned(), value.to_owned());
        }};
    }
    match kind {
        0 => annotate!(sites),
        1 => annotate!(site_systems),
        2 | 3 => annotate!(software_update_points),
        4 | 5 => annotate!(distribution_points),
        _ => annotate!(packages),
    }
    Some(())
}

/// All documents as texts, by kind and name.
pub(super) fn documents(all: &Declared) -> Vec<String> {
    fn every<Spec: Serialize>(
        kind: &str,
        of: &BTreeMap<Name, Resource<Spec>>,
        texts: &mut Vec<String>,
    ) {
        for resource in of.values() {
            let document = json!({"apiVersion": headwater::model::API_VERSION, "kind": kind,
                "metadata": resource.metadata, "spec": resource.spec});
            texts.push(document.to_string());
        }
    }
    let mut texts = Vec::new();
    every("Site", &all.sites, &mut texts);
    every("SiteSystem", &all.site_systems, &mut texts);
    every("PortSettings", &all.port_settings, &mut texts);
    every("SoftwareUpdatePoint", &all.software_update_points, &mut texts);
    every("DistributionPoint", &all.distribution_points, &mut texts);
    every("DistributionPointGroup", &all.distribution_point_groups, &mut texts);
    every("Package", &all.packages, &mut texts);
    texts
}
