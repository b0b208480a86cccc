//! The digest of what was declared: the same for the same manifests, however they are divided into
//! files and wherever these are.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{Declared, Digest, Kind, Name, Resource};

/// SHA-256 over the documents as JSON, by kind and name, one a line.
pub(super) fn digest(declared: &Declared) -> Digest {
    let mut text = Vec::new();
    every(&mut text, Kind::Site, &declared.sites);
    every(&mut text, Kind::SiteSystem, &declared.site_systems);
    every(&mut text, Kind::PortSettings, &declared.port_settings);
    every(&mut text, Kind::SoftwareUpdatePoint, &declared.software_update_points);
    every(&mut text, Kind::DistributionPoint, &declared.distribution_points);
    every(&mut text, Kind::DistributionPointGroup, &declared.distribution_point_groups);
    every(&mut text, Kind::Package, &declared.packages);
    Digest::of(&text)
}

fn every<Spec: Serialize>(
    text: &mut Vec<u8>,
    kind: Kind,
    resources: &BTreeMap<Name, Resource<Spec>>,
) {
    for resource in resources.values() {
        // Strings, numbers and maps with text keys, written to memory: nothing of it can fail. If
        // it ever did, the digest would be that of a shorter text, never the wrong one unnoticed:
        // the kind and the line end still stand there.
        let _ = serde_json::to_writer(&mut *text, &(kind, &resource.metadata, &resource.spec));
        text.push(b'\n');
    }
}
