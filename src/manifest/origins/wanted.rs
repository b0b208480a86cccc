//! From the changes of a plan to file, line and column.

use serde_json::Value;

use super::{
    documents::Documents,
    origin::{Basis, Origin},
    settings_by_path::SettingsByPath,
};
use crate::{
    manifest::{Locator, SourceMap},
    model::{Declared, Hierarchy, Kind, Name, ResourceId, Written},
};

/// What a value belongs to: the resource, and of a package the distribution point.
type Of<'a> = (&'a ResourceId, Option<&'a Name>);

/// A value that a plan wants.
#[derive(Debug, Clone, Copy)]
pub struct WantedValue<'a> {
    /// The resource.
    pub resource: &'a ResourceId,
    /// Of a package: the distribution point that shall hold it; none: its site server.
    pub point: Option<&'a Name>,
    /// The way to the value, as the plan says it.
    pub path: &'a str,
    /// What was found.
    pub before: &'a Value,
    /// What is wanted.
    pub after: &'a Value,
}

/// Finds where wanted values come from.
#[derive(Debug)]
pub struct Origins<'a> {
    source_map: &'a SourceMap,
    documents: Documents<'a>,
}

impl<'a> Origins<'a> {
    /// Of the documents that a hierarchy was resolved from.
    pub fn new(
        declared: &'a Declared,
        source_map: &'a SourceMap,
        hierarchy: &'a Hierarchy,
    ) -> Self {
        Self { source_map, documents: Documents::new(declared, hierarchy) }
    }

    /// The fields that some values come from. None for what no document says: the resource is not
    /// declared any more.
    pub fn of(&self, wanted: &[WantedValue<'_>]) -> Vec<Vec<Origin>> {
        // The values of a resource come one after the other.
        let mut last: Option<(Of<'_>, Option<SettingsByPath>)> = None;
        let mut origins = Vec::with_capacity(wanted.len());
        for it in wanted {
            let of = (it.resource, it.point);
            let (_, settings) = match last.take() {
                Some(known) if known.0 == of => last.insert(known),
                _ => last.insert((of, self.settings(it.resource, it.point))),
            };
            let settings = settings.as_ref();
            let found = settings.map(|it_all| it_all.of(it.path, it.before, it.after));
            origins.push(found.unwrap_or_default());
        }
        origins
    }

    /// Where the manifests say what is wanted, for each of some values.
    pub fn written(&self, wanted: &[WantedValue<'_>]) -> Vec<Vec<Written>> {
        let origins = self.of(wanted);
        // Document by document, so that each of them is read once.
        let mut order: Vec<(&Origin, usize, usize)> = Vec::new();
        for (value, its) in origins.iter().enumerate() {
            order.extend(its.iter().enumerate().map(|(number, origin)| (origin, value, number)));
        }
        order.sort_by_key(|(origin, value, number)| (origin.place.document, *value, *number));
        let mut locator = self.source_map.locator();
        let mut located: Vec<Vec<(usize, Written)>> = vec![Vec::new(); wanted.len()];
        for (origin, value, number) in order {
            let written = locate(&mut locator, origin);
            located[value].extend(written.map(|written| (number, written)));
        }
        let in_order = |mut its: Vec<(usize, Written)>| {
            its.sort_by_key(|(number, _)| *number);
            its.into_iter().map(|(_, written)| written).collect()
        };
        located.into_iter().map(in_order).collect()
    }

    fn settings(&self, resource: &ResourceId, point: Option<&Name>) -> Option<SettingsByPath> {
        let ResourceId { kind, name } = resource;
        match kind {
            Kind::Site => self.documents.client_policy(name),
            Kind::SiteSystem => self.documents.site_system(name),
            Kind::SoftwareUpdatePoint => self.documents.update_point(name),
            Kind::DistributionPoint => self.documents.distribution_point(name),
            Kind::Package => self.documents.package(name, point),
            Kind::LocalUpdate => self.documents.local_update(name),
            // They are no part of a plan: what refers to them is, or what waits for them.
            Kind::PortSettings
            | Kind::DistributionPointGroup
            | Kind::Notification
            | Kind::MaintenanceWindow => None,
        }
    }
}

fn locate(locator: &mut Locator<'_>, origin: &Origin) -> Option<Written> {
    let location = locator.locate(&origin.place)?;
    let default = match &origin.basis {
        Basis::Follows(why) => Some(why),
        Basis::Field(default) => (!locator.is_written(&origin.place)).then_some(default),
    };
    Some(Written {
        resource: origin.resource.clone(),
        field: origin.place.path.to_string(),
        file: location.file.to_string(),
        line: location.line,
        column: location.column,
        default: default.map(|text| text.clone().into_owned()),
    })
}
