//! The objects of a cluster and how they stand, as a table.

use comfy_table::Cell;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    plain::plain,
    table::{lines, table},
};

/// An object of a cluster, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObjectStatus {
    /// Its namespace.
    pub namespace: String,
    /// `Kind/name`.
    pub object: String,
    /// Whether it is as it says; nobody knows without it.
    pub ready: Option<bool>,
    /// Whether that is about the object as it is now.
    pub current: bool,
    /// Whether it is deleted, and not gone yet.
    pub deleted: bool,
    /// Why, in one word.
    pub reason: String,
    /// Why.
    pub message: String,
}

/// The table; how many are ready comes first. With the namespaces, where they are of several.
pub fn objects_text(objects: &[ObjectStatus], namespaces: bool) -> String {
    let ready = objects.iter().filter(|it| it.ready == Some(true) && it.current).count();
    let columns = ["NAMESPACE", "OBJECT", "READY", "REASON", "MESSAGE"];
    let mut table = table(&columns[usize::from(!namespaces)..], &[]);
    for object in objects {
        let ready = match (object.current, object.ready) {
            (false, _) => "outdated",
            (true, Some(true)) => "yes",
            (true, Some(false)) => "no",
            (true, None) => "unknown",
        };
        let reason = if object.deleted { "Deleted" } else { &object.reason };
        let message = object.message.lines().next().unwrap_or_default();
        let namespace = namespaces.then(|| Cell::new(plain(&object.namespace)));
        let row = [
            Cell::new(plain(&object.object)),
            Cell::new(ready),
            Cell::new(plain(reason)),
            Cell::new(plain(message)),
        ];
        table.add_row(namespace.into_iter().chain(row));
    }
    format!("{ready} of {} objects are ready\n{}", objects.len(), lines(&table))
}

/// The same for programs.
pub fn objects_json(objects: &[ObjectStatus]) -> String {
    format!("{:#}\n", serde_json::json!({ "objects": objects }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_an_object_before_it_changed_is_outdated() {
        let object = |name: &str, ready, current| ObjectStatus {
            namespace: "updates".to_owned(),
            object: format!("Package/{name}"),
            ready,
            current,
            deleted: false,
            reason: "AsWanted".to_owned(),
            message: "first\nsecond".to_owned(),
        };
        let objects = [object("a", Some(true), true), object("b", Some(true), false)];
        let text = objects_text(&objects, false);
        assert_eq!(
            text,
            "1 of 2 objects are ready\nOBJECT     READY     REASON    MESSAGE\nPackage/a  yes       \
             AsWanted  first\nPackage/b  outdated  AsWanted  first\n"
        );
        let text = objects_text(&objects[..1], true);
        assert_eq!(
            text,
            "1 of 1 objects are ready\nNAMESPACE  OBJECT     READY  REASON    MESSAGE\nupdates    \
             Package/a  yes    AsWanted  first\n"
        );
    }
}
