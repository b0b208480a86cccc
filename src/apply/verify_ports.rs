//! Verifies that a role answers where it shall, and as it shall (SUP-5, PORT-5): by the same look
//! that finds drift, told in the same words.

use crate::{
    clock,
    model::{Kind, ResourceId},
    ports::differences,
    probe::{Prober, Role, RoleToProbe},
};

use super::{
    Apply,
    actions::{ActionError, Carried},
};

impl Apply {
    pub(super) async fn verify_ports(&self, resource: &ResourceId) -> Carried {
        let missing = || ActionError::NotPlanned(resource.to_string());
        let name = &resource.name;
        let (role, url) = match resource.kind {
            Kind::DistributionPoint => {
                let point = self.distribution_point(name)?;
                let url = self.hierarchy.distribution_point_url(name);
                (Role::DistributionPoint(point), url)
            }
            _ => {
                (Role::UpdatePoint(self.update_point(name)?), self.hierarchy.update_point_url(name))
            }
        };
        let url = url.ok_or_else(missing)?;
        let role = RoleToProbe::new(&self.hierarchy, name, role).ok_or_else(missing)?;
        let addresses = self.agents.addresses().clone();
        let found = Prober::new(addresses, self.trust.clone(), clock::now()).facts(role).await;
        let differences = differences(role.wanted(), role.host, &found);
        if differences.is_empty() {
            return Ok(format!("it answers at {url}"));
        }
        let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
        Err(ActionError::Failed(format!("`{name}` at {url}: {}", told.join("; "))))
    }
}
