//! What all documents have in common: kind, metadata, and where they were written.

use std::{borrow::Cow, collections::BTreeMap, fmt, path::Path, sync::Arc};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::Name;

/// The API group and version of every document.
pub const API_VERSION: &str = "headwater.dev/v1alpha1";

/// Annotation: the plan shows the resource, nothing is done to it.
pub const SUSPEND: &str = "headwater.dev/suspend";
/// Annotation: `disabled` keeps the resource when its document is gone.
pub const PRUNE: &str = "headwater.dev/prune";
/// Annotation: Run Synchronization at the top (SYNC-2), once for each new time written here.
pub const SYNC_REQUESTED_AT: &str = "headwater.dev/sync-requested-at";
/// Annotation of a Kubernetes object: `Delete` or `Orphan`, what becomes of what it stands for when it is
/// deleted.
pub const DELETION_POLICY: &str = "headwater.dev/deletion-policy";
/// Annotation of a way back: the digest of what a package held. Only such a plan has it: what a
/// directory holds now is not for a manifest to say.
pub const CONTENT: &str = "headwater.dev/content";

/// The kinds of document (REC-1).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Kind {
    /// A site of the hierarchy.
    Site,
    /// A computer that carries roles.
    SiteSystem,
    /// Ports that roles refer to by name.
    PortSettings,
    /// A software update point.
    SoftwareUpdatePoint,
    /// A distribution point.
    DistributionPoint,
    /// A named set of distribution points.
    DistributionPointGroup,
    /// Content and where it goes.
    Package,
    /// An update of a local publisher.
    LocalUpdate,
    /// Who is told what by the controller.
    Notification,
    /// A time in which sites may be changed.
    MaintenanceWindow,
}

impl Kind {
    /// All kinds, in the order in which documents refer to each other.
    pub const ALL: [Self; 10] = [
        Self::Site,
        Self::SiteSystem,
        Self::PortSettings,
        Self::SoftwareUpdatePoint,
        Self::DistributionPoint,
        Self::DistributionPointGroup,
        Self::Package,
        Self::LocalUpdate,
        Self::Notification,
        Self::MaintenanceWindow,
    ];

    /// The kind as written in a document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Site => "Site",
            Self::SiteSystem => "SiteSystem",
            Self::PortSettings => "PortSettings",
            Self::SoftwareUpdatePoint => "SoftwareUpdatePoint",
            Self::DistributionPoint => "DistributionPoint",
            Self::DistributionPointGroup => "DistributionPointGroup",
            Self::Package => "Package",
            Self::LocalUpdate => "LocalUpdate",
            Self::Notification => "Notification",
            Self::MaintenanceWindow => "MaintenanceWindow",
        }
    }

    /// The kind in the field's words, for messages.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::SiteSystem => "site system",
            Self::PortSettings => "port settings",
            Self::SoftwareUpdatePoint => "software update point",
            Self::DistributionPoint => "distribution point",
            Self::DistributionPointGroup => "distribution point group",
            Self::Package => "package",
            Self::LocalUpdate => "local update",
            Self::Notification => "notification",
            Self::MaintenanceWindow => "maintenance window",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A resource by kind and name, written `Kind/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId {
    /// The kind.
    pub kind: Kind,
    /// The name, unique within the kind.
    pub name: Name,
}

impl ResourceId {
    /// The resource of that kind and name.
    pub fn new(kind: Kind, name: &Name) -> Self {
        Self { kind, name: name.clone() }
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind, self.name)
    }
}

impl Serialize for ResourceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for ResourceId {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("ResourceId")
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let name = Name::json_schema(generator);
        let name = name.get("pattern").and_then(serde_json::Value::as_str).unwrap_or_default();
        let kinds = Kind::ALL.map(Kind::as_str).join("|");
        json_schema!({
            "description": "A resource by kind and name, written `Kind/name`.",
            "type": "string",
            "pattern": format!("^({kinds})/{}", name.trim_start_matches('^')),
        })
    }
}

impl<'de> Deserialize<'de> for ResourceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.split_once('/')
            .and_then(|(kind, name)| {
                let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind)?;
                Some(Self { kind, name: name.parse().ok()? })
            })
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not `Kind/name`")))
    }
}

/// Name and annotations of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// The name by which other documents refer to this one: a DNS label.
    pub name: Name,
    /// Free labels; Headwater carries them but does not read them.
    #[serde(default, deserialize_with = "distinct", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(example = serde_json::json!({"region": "emea"}))]
    pub labels: BTreeMap<String, String>,
    /// Annotations. Known ones: `headwater.dev/suspend`, `headwater.dev/prune`,
    /// `headwater.dev/sync-requested-at`, `headwater.dev/deletion-policy`.
    #[serde(default, deserialize_with = "distinct", skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(
        extend("properties" = {
            SUSPEND: {
                "title": "Suspend",
                "description": "With `true` the plan shows the resource, and nothing is done to it.",
                "enum": ["true", "false"],
            },
            PRUNE: {
                "title": "Prune",
                "description": "With `disabled` the resource stays when its document is gone.",
                "enum": ["disabled", "enabled"],
            },
            DELETION_POLICY: {
                "title": "Deletion policy",
                "description": "In a Kubernetes cluster: with `Delete` what the object stands for is \
                                removed when it is deleted, with `Orphan` it stays.",
                "enum": ["Delete", "Orphan"],
            },
            SYNC_REQUESTED_AT: {
                "title": "Synchronization requested at",
                "description": "A time: each new one written here is one request to run a \
                                synchronization (SYNC-2).",
                "type": "string",
                "examples": ["2026-12-01T02:00:00Z"],
            },
        }),
        // Only a way back has it.
        extend("not" = { "required": [CONTENT] }),
        example = serde_json::json!({PRUNE: "disabled"})
    )]
    pub annotations: BTreeMap<String, String>,
}

/// A map whose keys stand there once each, as the fields of the types do: of two values of one key
/// nobody could say which one is meant.
fn distinct<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    struct Distinct;

    impl<'de> de::Visitor<'de> for Distinct {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut distinct = BTreeMap::new();
            while let Some((key, value)) = map.next_entry::<String, String>()? {
                if distinct.contains_key(&key) {
                    return Err(de::Error::custom(format_args!("duplicate entry `{key}`")));
                }
                distinct.insert(key, value);
            }
            Ok(distinct)
        }
    }

    deserializer.deserialize_map(Distinct)
}

impl Metadata {
    /// Whether `headwater.dev/suspend` is `"true"`.
    pub fn suspended(&self) -> bool {
        self.annotations.get(SUSPEND).is_some_and(|value| value == "true")
    }

    /// Whether `headwater.dev/prune` is `disabled`.
    pub fn kept(&self) -> bool {
        self.annotations.get(PRUNE).is_some_and(|value| value == "disabled")
    }
}

/// The number of a document in its source, counted over all files in reading order: positions are
/// found from it only when something is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentId(pub u32);

impl DocumentId {
    /// The number, to look something up by it.
    pub const fn index(self) -> usize {
        // A u32 always fits where Headwater runs: on 64 bits.
        self.0 as usize
    }
}

/// A document as written: metadata, the kind's own fields, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource<Spec> {
    /// Where it was written.
    pub document: DocumentId,
    /// The directory that relative paths in it refer to.
    pub directory: Arc<Path>,
    /// Name and annotations.
    pub metadata: Metadata,
    /// The kind's own fields.
    pub spec: Spec,
}
