//! What is remembered of an update document: the few facts that synchronising, choosing and
//! downloading need (protocol §2.2).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::DocumentError;
use crate::model::UpdateIdentity;

/// The index of one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateIndex {
    /// `UpdateIdentity`: identifier and revision number.
    pub identity: UpdateIdentity,
    /// `Properties/@UpdateType`.
    pub update_type: UpdateType,
    /// `Properties/@PublicationState`; published where the document does not say.
    pub publication_state: PublicationState,
    /// `Properties/@CreationDate`, as written; empty where absent.
    pub creation_date: String,
    /// The title: English where there is one, else in the document's default language, else the
    /// first. Empty where the document has none.
    pub title: String,
    /// `LocalizedProperties/Title`: all titles, each with its language.
    pub titles: Vec<(String, String)>,
    /// `CategoryInformation/@CategoryType`, of categories.
    pub category_type: Option<CategoryType>,
    /// `Relationships/Prerequisites`: all groups must be met.
    pub prerequisites: Vec<PrerequisiteGroup>,
    /// `Relationships/SupersededUpdates`: identifiers, of any revision.
    pub superseded: Vec<Uuid>,
    /// `Relationships/BundledUpdates`: of each group, one member is installed.
    pub bundled: Vec<Vec<UpdateIdentity>>,
    /// `Files/File`.
    pub files: Vec<UpdateFile>,
    /// `Properties/KBArticleID`: numbers, without `KB`.
    pub kb_articles: Vec<String>,
    /// `Properties/SecurityBulletinID`.
    pub security_bulletins: Vec<String>,
    /// `Properties/@MsrcSeverity`: Critical, Important, Moderate, Low, Unspecified.
    pub msrc_severity: Option<String>,
    /// Whether `Properties/SecuredFragment` is there: the document is completed by further calls
    /// (protocol §1.7, step 5).
    pub secured_fragment: bool,
    /// `Properties/@EulaID`, of updates whose licence terms must be accepted.
    pub eula_id: Option<String>,
}

/// `Properties/@UpdateType`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum UpdateType {
    /// A company, product family, product or classification.
    Category,
    /// A rule that finds out something about a computer.
    Detectoid,
    /// Something to install.
    Software,
    /// A driver.
    Driver,
}

/// `Properties/@PublicationState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum PublicationState {
    /// Offered.
    #[default]
    Published,
    /// Withdrawn; still listed and served (protocol §1.6).
    Expired,
}

/// `CategoryInformation/@CategoryType`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum CategoryType {
    /// The publisher: top of the tree.
    Company,
    /// A family of products.
    ProductFamily,
    /// A product.
    Product,
    /// A classification, outside the tree.
    UpdateClassification,
}

/// One item of `Prerequisites`: any member satisfies it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrerequisiteGroup {
    /// `AtLeastOne/@IsCategory`: names the product or classification of a visible update.
    pub is_category: bool,
    /// The members. A lone `UpdateIdentity` is a group of one.
    pub any_of: Vec<Uuid>,
}

/// One `File`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UpdateFile {
    /// `@Digest`: SHA-1, 20 bytes; the key of the file on the wire.
    pub digest_sha1: Vec<u8>,
    /// `AdditionalDigest[@Algorithm="SHA256"]`: 32 bytes.
    pub digest_sha256: Option<Vec<u8>>,
    /// `@FileName`, as written: never to be used as a path.
    pub name: String,
    /// `@Size` in bytes.
    pub size: u64,
    /// `@Modified`, as written.
    pub modified: Option<String>,
    /// `@PatchingType`, else `@PatchingTypePreferred`.
    pub patching_type: PatchingType,
}

/// How a file is applied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum PatchingType {
    /// The whole update.
    SelfContained,
    /// Differences, downloaded in ranges; only where the parent hosts such files.
    Express,
    /// Metadata of an update that is assembled on the computer.
    DynamicMetadata,
    /// Metadata of an operating system image.
    Metadata,
    /// A servicing stack of an operating system image.
    ServicingStack,
    /// Nothing said, or `None` said.
    #[default]
    None,
    /// Something newer than this program.
    Other(String),
}

macro_rules! names {
    ($type:ident, $what:literal, $($variant:ident),+) => {
        impl $type {
            /// The name as documents write it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = DocumentError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $(stringify!($variant) => Ok(Self::$variant),)+
                    _ => Err(DocumentError::invalid($what, text)),
                }
            }
        }
    };
}

names!(UpdateType, "Properties/@UpdateType", Category, Detectoid, Software, Driver);
names!(PublicationState, "Properties/@PublicationState", Published, Expired);
names!(
    CategoryType,
    "CategoryInformation/@CategoryType",
    Company,
    ProductFamily,
    Product,
    UpdateClassification
);

impl PatchingType {
    /// The kind that this name stands for.
    pub fn from_name(name: &str) -> Self {
        match name {
            "SelfContained" => Self::SelfContained,
            "Express" => Self::Express,
            "DynamicMetadata" => Self::DynamicMetadata,
            "Metadata" => Self::Metadata,
            "ServicingStack" => Self::ServicingStack,
            "" | "None" => Self::None,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The name as documents write it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::SelfContained => "SelfContained",
            Self::Express => "Express",
            Self::DynamicMetadata => "DynamicMetadata",
            Self::Metadata => "Metadata",
            Self::ServicingStack => "ServicingStack",
            Self::None => "None",
            Self::Other(name) => name,
        }
    }
}
