//! Maintenance windows: which sites they are for.

use super::{resolver::Resolver, unresolved::Resolved};
use crate::model::{Kind, MaintenanceWindow, MaintenanceWindowSpec, Name, Resource, WindowHours};

pub(super) fn maintenance_window(
    documents: &Resolver<'_>,
    name: &Name,
    resource: &Resource<MaintenanceWindowSpec>,
) -> Resolved<MaintenanceWindow> {
    let spec = &resource.spec;
    let code = |site| {
        let site = documents.site_spec(Kind::MaintenanceWindow, name, "spec.sites", site)?;
        Ok(site.site_code.clone())
    };
    Ok(MaintenanceWindow {
        sites: spec.sites.iter().map(code).collect::<Resolved<_>>()?,
        hours: WindowHours {
            opening: spec.opening(),
            duration: spec.duration,
            suspended: resource.metadata.suspended(),
        },
        actions: spec.actions.iter().copied().collect(),
    })
}
