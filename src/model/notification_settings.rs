//! Notifications as the controller goes by them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Declared, Hierarchy, Name, NotificationSpec, SiteCode};

/// A notification, and its sites by their codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationSettings {
    /// As the manifest says.
    pub spec: NotificationSpec,
    /// The sites that it is about; empty: all.
    pub sites: BTreeSet<SiteCode>,
}

impl NotificationSettings {
    /// Those that are declared beside a hierarchy, by name; one that is suspended is told nothing.
    pub fn all(declared: &Declared, hierarchy: &Hierarchy) -> BTreeMap<Name, Self> {
        let code = |name: &Name| {
            let mut sites = hierarchy.sites.iter();
            sites.find(|(_, site)| site.name == *name).map(|(code, _)| code.clone())
        };
        let heard = declared.notifications.iter().filter(|(_, it)| !it.metadata.suspended());
        let settings = heard.map(|(name, resource)| {
            let spec = resource.spec.clone();
            let sites = spec.sites.iter().filter_map(code).collect();
            (name.clone(), Self { spec, sites })
        });
        settings.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};

    use super::*;
    use crate::model::{DocumentId, Resource};

    fn add(declared: &mut Declared, metadata: Value) {
        let spec = json!({"to": {"slack": {"urlFile": "a"}}});
        let resource = Resource {
            document: DocumentId(0),
            directory: Path::new("/").into(),
            metadata: serde_json::from_value(metadata).unwrap(),
            spec: serde_json::from_value(spec).unwrap(),
        };
        declared.notifications.insert(resource.metadata.name.clone(), resource);
    }

    #[test]
    fn one_that_is_suspended_is_told_nothing() {
        let mut declared = Declared::default();
        add(&mut declared, json!({"name": "heard"}));
        let suspended = json!({"headwater.dev/suspend": "true"});
        add(&mut declared, json!({"name": "silent", "annotations": suspended}));
        let hierarchy = Hierarchy::resolve(&declared).unwrap();
        let all = NotificationSettings::all(&declared, &hierarchy);
        assert_eq!(all.keys().map(Name::as_str).collect::<Vec<_>>(), ["heard"]);
    }
}
