//! Packages that libraries hold and shall not.

use std::collections::BTreeMap;

use crate::{
    model::{Kind, Name, PackageId, ResourceId, SiteCode},
    plan::{
        ActionId, ActionKind,
        libraries::Unwanted,
        places::Places,
        planner::{Draft, Planner},
    },
};

impl Planner<'_> {
    /// Packages in libraries that shall not be there: those that pull lose them before their sources
    /// do (REC-4).
    pub(in crate::plan) fn remove_content(&mut self, unwanted: Unwanted, places: &Places<'_>) {
        let hierarchy = self.hierarchy;
        let names: BTreeMap<&PackageId, &Name> =
            hierarchy.packages.iter().map(|(name, package)| (&package.id, name)).collect();
        let mut from_points: BTreeMap<PackageId, Vec<ActionId>> = BTreeMap::new();
        // By package and source: what takes the package from those that pull it from there.
        let mut from_pullers: BTreeMap<(PackageId, usize), Vec<ActionId>> = BTreeMap::new();
        for ((id, _, site), points) in unwanted {
            let targets: Vec<Name> =
                points.iter().map(|point| places.all[*point].name.clone()).collect();
            let part = targets.first().map(|point| format!("{site}.{point}"));
            let after = points.iter().filter_map(|point| from_pullers.get(&(id.clone(), *point)));
            let after = after.flatten().cloned().collect();
            let action = self.remove_package(&names, &id, site, targets, part, after);
            if let Some(action) = &action {
                for source in points.iter().flat_map(|point| &places.all[*point].sources) {
                    from_pullers.entry((id.clone(), *source)).or_default().push(action.clone());
                }
            }
            from_points.entry(id).or_default().extend(action);
        }
        for (code, site) in &hierarchy.sites {
            if self.held(Kind::SiteSystem, &site.site_server).is_some() {
                continue;
            }
            for id in self.site_server(code).into_iter().flat_map(|server| server.packages.keys()) {
                if !names.contains_key(id) {
                    let after = from_points.get(id).cloned().unwrap_or_default();
                    // None: the site server's own library, as in the other direction.
                    let (targets, part) = (Vec::new(), Some(code.to_string()));
                    self.remove_package(&names, id, code.clone(), targets, part, after);
                }
            }
        }
    }

    fn remove_package(
        &mut self,
        names: &BTreeMap<&PackageId, &Name>,
        id: &PackageId,
        site: SiteCode,
        targets: Vec<Name>,
        part: Option<String>,
        after: Vec<ActionId>,
    ) -> Option<ActionId> {
        let name = self.name_of_package(names, id)?;
        if self.held(Kind::Package, &name).is_some() {
            return None;
        }
        Some(self.add(Draft {
            kind: ActionKind::RemoveContent,
            resource: ResourceId::new(Kind::Package, &name),
            site,
            requirement: "REC-4",
            reason: format!("package {id} is not distributed there any more"),
            after,
            targets,
            diff: Vec::new(),
            part,
        }))
    }

    /// The name of a package; one without a document goes by its ID, which in lower case is a valid
    /// name. `None`, and told, if another package is called like that.
    pub(in crate::plan) fn name_of_package(
        &mut self,
        names: &BTreeMap<&PackageId, &Name>,
        id: &PackageId,
    ) -> Option<Name> {
        if let Some(name) = names.get(id) {
            return Some((*name).clone());
        }
        let name = id.as_str().to_ascii_lowercase().parse().ok()?;
        if !self.hierarchy.packages.contains_key(&name) {
            return Some(name);
        }
        let resource = ResourceId::new(Kind::Package, &name);
        let message = format!(
            "package {id} is not declared any more, but cannot be removed while the document of \
             another package is called `{name}`: give that another name"
        );
        self.tell("REC-4", resource.clone(), message.clone());
        self.wait(resource, message, false);
        None
    }
}
