//! The elements of applicability rules, as the schemas of MS-WSUSSS have them
//! (`BaseApplicabilityRules.xsd`, `MsiApplicabilityRules.xsd`), with what genuine documents have in
//! addition: `RegType32`, the logical elements, packages of the servicing stack.

/// A schema of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schema {
    /// `bar`.
    Base,
    /// `lar`.
    Logical,
    /// `msiar`, `mar`.
    Msi,
    /// `cbsar`.
    Cbs,
}

/// The prefixes that need no declaration, their namespaces, and the schemas of these.
pub(super) const PREFIXES: [(&str, &str, Schema); 5] = [
    ("bar", "http://schemas.microsoft.com/msus/2002/12/BaseApplicabilityRules", Schema::Base),
    ("lar", "http://schemas.microsoft.com/msus/2002/12/LogicalApplicabilityRules", Schema::Logical),
    ("msiar", "http://schemas.microsoft.com/msus/2002/12/MsiApplicabilityRules", Schema::Msi),
    ("mar", "http://schemas.microsoft.com/msus/2002/12/MsiApplicabilityRules", Schema::Msi),
    ("cbsar", "http://schemas.microsoft.com/msus/2002/12/CbsApplicabilityRules", Schema::Cbs),
];

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Any text.
    Text,
    /// A number from 0 to this one.
    Number(u32),
    /// A number of 32 bits with a sign.
    Signed,
    /// `true` or `false`.
    Truth,
    /// Numbers with points between them: exactly so many, or as many at most.
    Version { parts: usize, exactly: bool },
    /// A GUID, with braces or without.
    Guid,
    /// One of these words.
    One(&'static [&'static str]),
}

/// An attribute of an element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) holds: Holds,
    pub(super) required: bool,
}

/// What is in an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    /// Nothing.
    Nothing,
    /// Rules: at least one, at most so many.
    Rules(usize),
    /// Elements with a text in them, by name: one of each at least.
    Texts(&'static [&'static str]),
}

/// An element of a schema.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element {
    pub(super) schema: Schema,
    pub(super) name: &'static str,
    pub(super) attributes: &'static [&'static [Attribute]],
    pub(super) inside: Inside,
}

const fn must(name: &'static str, holds: Holds) -> Attribute {
    Attribute { name, holds, required: true }
}

const fn may(name: &'static str, holds: Holds) -> Attribute {
    Attribute { name, holds, required: false }
}

const SCALAR: Holds = Holds::One(&[
    "LessThan",
    "LessThanOrEqualTo",
    "EqualTo",
    "GreaterThanOrEqualTo",
    "GreaterThan",
]);
const STRING: Holds = Holds::One(&["EqualTo", "BeginsWith", "Contains", "EndsWith"]);
const LOOP: Holds = Holds::One(&["Any", "All", "None"]);
const DWORD: Holds = Holds::Number(u32::MAX);
const WORD: Holds = Holds::Number(u16::MAX as u32);
const VERSION: Holds = Holds::Version { parts: 4, exactly: true };
const MSI_VERSION: Holds = Holds::Version { parts: 4, exactly: false };

const KEY: &[Attribute] =
    &[must("Key", Holds::Text), must("Subkey", Holds::Text), may("RegType32", Holds::Truth)];
const VALUE: &[Attribute] = &[
    must("Key", Holds::Text),
    must("Subkey", Holds::Text),
    may("RegType32", Holds::Truth),
    may("Value", Holds::Text),
];
const VERSION_OF_SYSTEM: &[Attribute] = &[
    may("Comparison", SCALAR),
    may("MajorVersion", DWORD),
    may("MinorVersion", DWORD),
    may("BuildNumber", DWORD),
    may("ServicePackMajor", WORD),
    may("ServicePackMinor", WORD),
    may("AllSuitesMustBePresent", Holds::Truth),
    may("SuiteMask", WORD),
    may("ProductType", WORD),
];
const LANGUAGE: &[Attribute] = &[must("Language", Holds::Text)];
const FILE: &[Attribute] = &[
    must("Path", Holds::Text),
    may("Version", VERSION),
    may("Created", Holds::Text),
    may("Modified", Holds::Text),
    may("Size", Holds::Text),
    may("Language", WORD),
];
const CSIDL: &[Attribute] = &[may("Csidl", Holds::Text)];
const COMPARED_VERSION: &[Attribute] =
    &[must("Path", Holds::Text), must("Comparison", SCALAR), must("Version", VERSION)];
const CREATED: &[Attribute] =
    &[must("Path", Holds::Text), must("Comparison", SCALAR), must("Created", Holds::Text)];
const MODIFIED: &[Attribute] =
    &[must("Path", Holds::Text), must("Comparison", SCALAR), must("Modified", Holds::Text)];
const SIZE: &[Attribute] =
    &[must("Path", Holds::Text), must("Comparison", SCALAR), must("Size", Holds::Text)];
const VERSIONS: &[Attribute] = &[
    may("VersionMax", MSI_VERSION),
    may("ExcludeVersionMax", Holds::Truth),
    may("VersionMin", MSI_VERSION),
    may("ExcludeVersionMin", Holds::Truth),
    may("Language", Holds::Signed),
];

const fn rule(
    schema: Schema,
    name: &'static str,
    attributes: &'static [&'static [Attribute]],
) -> Element {
    Element { schema, name, attributes, inside: Inside::Nothing }
}

const fn base(name: &'static str, attributes: &'static [&'static [Attribute]]) -> Element {
    rule(Schema::Base, name, attributes)
}

const fn around(schema: Schema, name: &'static str, inside: Inside) -> Element {
    Element { schema, name, attributes: &[], inside }
}

/// All elements that a rule may have. What stands on metadata that only Windows Installer and the
/// servicing stack make (`MsiPatchInstalled`, say) is not among them: local updates carry none.
pub(super) const ELEMENTS: &[Element] = &[
    around(Schema::Logical, "And", Inside::Rules(usize::MAX)),
    around(Schema::Logical, "Or", Inside::Rules(usize::MAX)),
    around(Schema::Logical, "Not", Inside::Rules(1)),
    around(Schema::Logical, "True", Inside::Nothing),
    around(Schema::Logical, "False", Inside::Nothing),
    base("Platform", &[&[must("PlatformID", Holds::Text)]]),
    base("WindowsVersion", &[VERSION_OF_SYSTEM]),
    base("PlatformVersion", &[VERSION_OF_SYSTEM]),
    base("WindowsLanguage", &[LANGUAGE]),
    base("PlatformLanguage", &[LANGUAGE]),
    base("MuiInstalled", &[]),
    base("MuiLanguageInstalled", &[LANGUAGE]),
    base(
        "SystemMetric",
        &[&[
            must("Comparison", SCALAR),
            must("Index", Holds::Signed),
            must("Value", Holds::Signed),
        ]],
    ),
    base(
        "Processor",
        &[&[must("Architecture", WORD), may("Level", WORD), may("Revision", Holds::Text)]],
    ),
    base("NumberOfProcessors", &[&[must("Comparison", SCALAR), must("Number", DWORD)]]),
    base("ClusteredOS", &[]),
    base(
        "ClusterResourceOwner",
        &[VALUE, &[may("Prefix", Holds::Text), may("Suffix", Holds::Text)]],
    ),
    base("FileExists", &[FILE, CSIDL]),
    base("FileExistsPrependRegSz", &[FILE, VALUE]),
    base("FileVersion", &[COMPARED_VERSION, CSIDL]),
    base("FileVersionPrependRegSz", &[COMPARED_VERSION, VALUE]),
    base("FileCreated", &[CREATED, CSIDL]),
    base("FileCreatedPrependRegSz", &[CREATED, VALUE]),
    base("FileModified", &[MODIFIED, CSIDL]),
    base("FileModifiedPrependRegSz", &[MODIFIED, VALUE]),
    base("FileSize", &[SIZE, CSIDL]),
    base("FileSizePrependRegSz", &[SIZE, VALUE]),
    base("RegKeyExists", &[KEY]),
    base("RegValueExists", &[VALUE, &[may("Type", Holds::Text)]]),
    base("RegDword", &[VALUE, &[must("Comparison", SCALAR), must("Data", DWORD)]]),
    base("RegExpandSz", &[VALUE, &[must("Comparison", STRING), must("Data", Holds::Text)]]),
    base("RegSz", &[VALUE, &[must("Comparison", STRING), must("Data", Holds::Text)]]),
    base("RegSzToVersion", &[VALUE, &[must("Comparison", SCALAR), must("Data", VERSION)]]),
    base("WUv4RegKeyValue", &[VALUE, &[must("Data", Holds::Text)]]),
    base("WUv4RegKeySubstring", &[VALUE, &[must("Data", Holds::Text)]]),
    Element {
        schema: Schema::Base,
        name: "RegKeyLoop",
        attributes: &[KEY, &[must("TrueIf", LOOP)]],
        inside: Inside::Rules(1),
    },
    base("LicenseValueExists", &[&[must("Value", Holds::Text)]]),
    base(
        "LicenseDword",
        &[&[must("Value", Holds::Text), must("Comparison", SCALAR), must("Data", DWORD)]],
    ),
    base("WmiQuery", &[&[may("Namespace", Holds::Text), must("WqlQuery", Holds::Text)]]),
    base("InstalledOnce", &[]),
    base(
        "GenericQuery",
        &[&[
            must("Namespace", Holds::Text),
            must("Type", Holds::Text),
            must("Parameter", Holds::Text),
            may("Comparison", SCALAR),
            may("Value", Holds::Text),
        ]],
    ),
    rule(Schema::Msi, "MsiProductInstalled", &[&[must("ProductCode", Holds::Guid)], VERSIONS]),
    Element {
        schema: Schema::Msi,
        name: "MsiFeatureInstalledForProduct",
        attributes: &[&[
            may("AllFeaturesRequired", Holds::Truth),
            may("AllProductsRequired", Holds::Truth),
        ]],
        inside: Inside::Texts(&["Feature", "Product"]),
    },
    Element {
        schema: Schema::Msi,
        name: "MsiComponentInstalledForProduct",
        attributes: &[&[
            may("AllComponentsRequired", Holds::Truth),
            may("AllProductsRequired", Holds::Truth),
        ]],
        inside: Inside::Texts(&["Component", "Product"]),
    },
    rule(
        Schema::Msi,
        "MsiPatchInstalledForProduct",
        &[&[must("PatchCode", Holds::Guid), must("ProductCode", Holds::Guid)], VERSIONS],
    ),
    rule(Schema::Cbs, "CbsPackageInstalledByIdentity", &[&[must("PackageIdentity", Holds::Text)]]),
];

impl Element {
    pub(super) fn attributes(&self) -> impl Iterator<Item = &'static Attribute> {
        self.attributes.iter().flat_map(|some| some.iter())
    }
}

impl Holds {
    /// Whether it can hold a text.
    pub(super) fn takes(self, text: &str) -> bool {
        let text = text.trim();
        match self {
            Self::Text => true,
            Self::Number(largest) => text.parse().is_ok_and(|it: u32| it <= largest),
            Self::Signed => text.parse::<i32>().is_ok(),
            Self::Truth => matches!(text, "true" | "false" | "1" | "0"),
            Self::Version { parts, exactly } => {
                let count = text.split('.').count();
                let enough = if exactly { count == parts } else { count <= parts };
                enough && text.split('.').all(|part| part.parse::<u32>().is_ok())
            }
            Self::Guid => {
                let bare = text.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
                bare.unwrap_or(text).len() == 36 && uuid::Uuid::try_parse(text).is_ok()
            }
            Self::One(words) => words.contains(&text),
        }
    }

    /// What it holds, in words.
    pub(super) fn words(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Number(largest) => format!("a number from 0 to {largest}"),
            Self::Signed => "a whole number of 32 bits".to_owned(),
            Self::Truth => "`true` or `false`".to_owned(),
            Self::Version { parts, exactly: true } => {
                format!("a version of {parts} numbers, such as `4.2.1.0`")
            }
            Self::Version { parts, exactly: false } => {
                format!("a version of at most {parts} numbers, such as `4.2.1`")
            }
            Self::Guid => "a GUID".to_owned(),
            Self::One(words) => format!("one of `{}`", words.join("`, `")),
        }
    }
}
