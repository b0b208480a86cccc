//! `kind: LocalUpdate`: an update of a local publisher (SYNC-10).

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use uuid::Uuid;

use super::Digest;

/// An update that a local publisher has made, and that the active point of the top site publishes
/// (SYNC-10): from there it flows down like any other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalUpdateSpec {
    /// The identity of the update: a GUID that no other update has. Whatever else is changed, it stays
    /// the same update, of which a further revision is published.
    #[schemars(
        regex(pattern = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"),
        extend("examples" = ["0c4e4f4e-6d0f-4d3b-9a55-5a1a7b6f2c10"])
    )]
    pub update_id: Uuid,
    /// What people call it.
    #[schemars(example = "Fabrikam Reader 4.2.1")]
    pub title: String,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "Closes two holes in the reader of documents.")]
    pub description: Option<String>,
    /// The language of title and description.
    #[serde(default = "english")]
    pub language: String,
    /// The company that has made it: one of the point's `publishers`, where that lists any.
    #[schemars(example = &"Fabrikam")]
    pub publisher: String,
    /// The product that it updates: one of the point's `products`, where that lists any.
    #[schemars(example = "Fabrikam Reader")]
    pub product: String,
    /// The classification, by its English title or its GUID: one of the point's `classifications`,
    /// where that lists any.
    #[schemars(example = "Security Updates")]
    pub classification: String,
    /// The files that it installs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<LocalUpdateFile>,
    /// Updates and detectoids that have to be on a computer before, by their GUIDs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        inner(regex(pattern = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")),
        extend("examples" = [["59653007-e2e9-4f71-8525-2ff588527978"]])
    )]
    pub prerequisites: Vec<Uuid>,
    /// Updates that it takes the place of, by their GUIDs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(
        inner(regex(pattern = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$")),
        extend("examples" = [["5d7f1c7e-58d5-4c0a-8a43-6f1f6a3f8c55"]])
    )]
    pub supersedes: Vec<Uuid>,
    /// On which computers it is installed, and on which it can be.
    pub applicability: Applicability,
    /// How it is installed: with `files`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub install: Option<InstallCommand>,
    /// The number of the Knowledge Base article, with or without `KB`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"KB9004210")]
    pub knowledge_base_article: Option<String>,
    /// The security bulletin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "FAB26-017")]
    pub security_bulletin: Option<String>,
    /// How grave what it mends is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<MsrcSeverity>,
    /// Where people find more about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "https://support.fabrikam.example/reader/4.2.1")]
    pub support_url: Option<String>,
}

fn english() -> String {
    "en".to_owned()
}

/// A file of an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalUpdateFile {
    /// The file, relative to the manifest: on the computer of the update point that publishes it.
    #[schemars(example = "reader/reader-4.2.1.exe")]
    pub path: String,
    /// What the SHA-256 of its bytes has to be, as 64 hexadecimal digits. Where it is written, another
    /// file is another revision; where it is not, the file is looked at once, when it is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
}

impl LocalUpdateFile {
    /// The name under which it is published: the last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit(['/', '\\']).next().unwrap_or_default()
    }
}

/// A SHA-256, written as `sha256sum` writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(with = "String", extend(
    "pattern" = "^[0-9A-Fa-f]{64}$",
    "examples" = ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
))]
pub struct Sha256(pub Digest);

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_hex())
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digest = Digest::from_hex(&text);
        digest.map(Self).map_err(|_| D::Error::custom(format_args!("`{text}` is not a SHA-256")))
    }
}

/// Rules that clients evaluate: each an XML element of the schemas of applicability rules, such as
/// `<bar:FileVersion … />` or `<lar:And>…</lar:And>`. The prefixes `bar`, `lar`, `msiar`, `mar` and
/// `cbsar` need not be declared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Applicability {
    /// Whether the update is on a computer.
    #[schemars(
        example = "<bar:RegKeyExists Key=\"HKEY_LOCAL_MACHINE\" Subkey=\"SOFTWARE\\Fabrikam\" />"
    )]
    pub is_installed: String,
    /// Whether it can be installed there.
    #[schemars(example = "<lar:True />")]
    pub is_installable: String,
    /// Whether something newer is there already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "<lar:False />")]
    pub is_superseded: Option<String>,
}

/// The command that installs an update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InstallCommand {
    /// The program: the name of one of the files.
    #[schemars(example = "reader-4.2.1.exe")]
    pub program: String,
    /// What stands behind it on the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = "/quiet /norestart")]
    pub arguments: Option<String>,
    /// What it does to what is being done on the computer.
    #[serde(default)]
    pub impact: InstallationImpact,
    /// Whether the computer is restarted.
    #[serde(default)]
    pub reboot_behavior: RebootBehavior,
    /// Whether the program asks whoever sits there.
    #[serde(default)]
    pub can_request_user_input: bool,
    /// Whether it needs the network.
    #[serde(default)]
    pub requires_network_connectivity: bool,
    /// Exit codes that say that it is installed.
    #[serde(default = "zero")]
    pub success_codes: Vec<i32>,
    /// Exit codes that say that it is installed once the computer has been restarted. Any other one is
    /// a failure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [[3010, 1641]]))]
    pub restart_codes: Vec<i32>,
}

fn zero() -> Vec<i32> {
    vec![0]
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $(#[$first_doc:meta])* $first:ident, $($(#[$other_doc:meta])* $other:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
            JsonSchema,
        )]
        pub enum $name {
            $(#[$first_doc])*
            #[default]
            $first,
            $($(#[$other_doc])* $other),+
        }

        impl $name {
            /// The word as manifests and documents write it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    Self::$first => stringify!($first),
                    $(Self::$other => stringify!($other)),+
                }
            }
        }
    };
}

words! {
    /// What an installation does to what is being done on the computer.
    InstallationImpact {
        /// Nothing out of the ordinary.
        Normal,
        /// Next to nothing.
        Minor,
        /// Nothing else can be installed meanwhile.
        RequiresExclusiveHandling,
    }
}

words! {
    /// Whether an installation restarts the computer.
    RebootBehavior {
        /// It may want a restart.
        CanRequestReboot,
        /// It never does.
        NeverReboots,
        /// It always does.
        AlwaysRequiresReboot,
    }
}

words! {
    /// How grave a vulnerability is, as the Microsoft Security Response Center rates it.
    MsrcSeverity {
        /// It is not said.
        Unspecified,
        /// Critical.
        Critical,
        /// Important.
        Important,
        /// Moderate.
        Moderate,
        /// Low.
        Low,
    }
}
