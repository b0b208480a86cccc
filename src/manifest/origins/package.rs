//! Packages: what content libraries shall hold of them.

use super::{
    documents::{Documents, document},
    origin::{Document, Origin, spec},
    settings_by_path::{SettingsByPath, element},
};
use crate::model::{Kind, Name, PackageSpec, Resource};

impl Documents<'_> {
    /// `point` is a distribution point that shall hold the package; none: the site server.
    pub(super) fn package(&self, name: &Name, point: Option<&Name>) -> Option<SettingsByPath> {
        let resource = self.declared.packages.get(name)?;
        let of = document(Kind::Package, resource);
        let mut all = SettingsByPath::default();
        let version = of.field(spec("sourceVersion"), "the default is 1");
        let there = self.distributed(&of, resource, point);
        let whole = "whoever a package is distributed to holds it whole (PDP-15)";
        all.fields("damaged", there.iter().cloned().map(|it| it.because(whole)).collect());
        all.fields("transfer", there.clone());
        all.thing("onDemand.version", version.clone(), there.clone());
        all.thing("version", version, there);
        let source = &resource.spec.source;
        let written = match (&source.path, &source.url) {
            (Some(_), _) => "source.path",
            (None, Some(_)) => "source.url",
            (None, None) if source.legacy_catalog => "source.legacyCatalog",
            (None, None) => "source.updates",
        };
        all.field("digest", of.required(spec(written)));
        all.field("onDemand.digest", of.required(spec(written)));
        Some(all)
    }

    /// What says that a library shall hold a package.
    fn distributed(
        &self,
        of: &Document,
        resource: &Resource<PackageSpec>,
        point: Option<&Name>,
    ) -> Vec<Origin> {
        let Some(point) = point else {
            let why = "the server of the site whose code it begins with holds its source (PDP-1)";
            return vec![of.follows(spec("packageId"), why)];
        };
        let to = &resource.spec.distribute_to;
        if let Some(index) = to.distribution_points.iter().position(|it| it == point) {
            let field = element(&spec("distributeTo.distributionPoints"), index);
            return vec![of.required(field)];
        }
        let groups = to.groups.iter().enumerate();
        let mut found = groups.filter_map(|(index, group)| {
            let member = *self.members.get(group)?.get(point)?;
            let group = self.declared.distribution_point_groups.get(group)?;
            let group = document(Kind::DistributionPointGroup, group);
            Some(vec![
                of.required(element(&spec("distributeTo.groups"), index)),
                group.required(element(&spec("members"), member)),
            ])
        });
        let nowhere = || {
            let why = "it is not distributed there";
            vec![of.follows(spec("distributeTo"), why)]
        };
        found.next().unwrap_or_else(nowhere)
    }
}
