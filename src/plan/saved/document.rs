//! The documents that a plan was made of, as values.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::model::{Declared, DocumentId, Kind, Metadata, Name, Resource, ResourceId};

/// A document that a plan was made of, with every default filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedDocument {
    /// Its kind.
    pub kind: Kind,
    /// Name and annotations.
    pub metadata: Metadata,
    /// The kind's own fields.
    pub spec: Value,
    /// The directory that a relative path in it refers to, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
}

/// A document of a saved plan cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It has other fields than its kind.
    #[error("{resource} cannot be read")]
    NotUnderstood {
        /// The resource.
        resource: ResourceId,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// It is there twice.
    #[error("{0} is there twice")]
    Twice(ResourceId),
}

impl PlannedDocument {
    /// What it declares.
    pub fn resource(&self) -> ResourceId {
        ResourceId::new(self.kind, &self.metadata.name)
    }
}

/// The documents of a hierarchy as values, by kind and name.
pub fn planned_documents(declared: &Declared) -> Vec<PlannedDocument> {
    let mut documents = Vec::with_capacity(declared.len());
    // Destructured, so that a new kind cannot be forgotten.
    let Declared {
        sites,
        site_systems,
        port_settings,
        software_update_points,
        distribution_points,
        distribution_point_groups,
        packages,
        local_updates,
        // No plan depends on them.
        notifications: _,
        maintenance_windows,
    } = declared;
    add(&mut documents, Kind::Site, sites, |_| None);
    add(&mut documents, Kind::SiteSystem, site_systems, |_| None);
    add(&mut documents, Kind::PortSettings, port_settings, |_| None);
    add(&mut documents, Kind::SoftwareUpdatePoint, software_update_points, |spec| {
        spec.source.as_ref()?.file.as_deref()
    });
    add(&mut documents, Kind::DistributionPoint, distribution_points, |_| None);
    add(&mut documents, Kind::DistributionPointGroup, distribution_point_groups, |_| None);
    add(&mut documents, Kind::Package, packages, |spec| spec.source.path.as_deref());
    // Several paths of one document: the first that is relative says where all of them are.
    add(&mut documents, Kind::LocalUpdate, local_updates, |spec| {
        let mut paths = spec.files.iter().map(|file| file.path.as_str());
        paths.find(|path| Path::new(path).is_relative())
    });
    add(&mut documents, Kind::MaintenanceWindow, maintenance_windows, |_| None);
    documents
}

fn add<Spec: Serialize>(
    documents: &mut Vec<PlannedDocument>,
    kind: Kind,
    resources: &BTreeMap<Name, Resource<Spec>>,
    path: impl Fn(&Spec) -> Option<&str>,
) {
    documents.extend(resources.values().map(|resource| {
        let relative = path(&resource.spec).is_some_and(|path| Path::new(path).is_relative());
        PlannedDocument {
            kind,
            metadata: resource.metadata.clone(),
            // Texts, numbers and maps with text keys: nothing of it can fail.
            spec: serde_json::to_value(&resource.spec).unwrap_or_default(),
            directory: relative.then(|| resource.directory.display().to_string()),
        }
    }));
}

/// The documents of a saved plan.
///
/// # Errors
///
/// One of them is not what its kind says.
pub fn declared(documents: &[PlannedDocument]) -> Result<Declared, DocumentError> {
    let mut declared = Declared::default();
    for (number, document) in (0_u32..).zip(documents) {
        let id = DocumentId(number);
        let into = &mut declared;
        match document.kind {
            Kind::Site => insert(id, document, &mut into.sites),
            Kind::SiteSystem => insert(id, document, &mut into.site_systems),
            Kind::PortSettings => insert(id, document, &mut into.port_settings),
            Kind::SoftwareUpdatePoint => insert(id, document, &mut into.software_update_points),
            Kind::DistributionPoint => insert(id, document, &mut into.distribution_points),
            Kind::DistributionPointGroup => {
                insert(id, document, &mut into.distribution_point_groups)
            }
            Kind::Package => insert(id, document, &mut into.packages),
            Kind::LocalUpdate => insert(id, document, &mut into.local_updates),
            Kind::Notification => insert(id, document, &mut into.notifications),
            Kind::MaintenanceWindow => insert(id, document, &mut into.maintenance_windows),
        }?;
    }
    Ok(declared)
}

fn insert<Spec: DeserializeOwned>(
    id: DocumentId,
    document: &PlannedDocument,
    into: &mut BTreeMap<Name, Resource<Spec>>,
) -> Result<(), DocumentError> {
    let not_understood =
        |source| DocumentError::NotUnderstood { resource: document.resource(), source };
    let resource = Resource {
        document: id,
        // Without a relative path the directory means nothing.
        directory: Arc::from(Path::new(document.directory.as_deref().unwrap_or("/"))),
        metadata: document.metadata.clone(),
        spec: Spec::deserialize(&document.spec).map_err(not_understood)?,
    };
    match into.insert(document.metadata.name.clone(), resource) {
        None => Ok(()),
        Some(_) => Err(DocumentError::Twice(document.resource())),
    }
}
