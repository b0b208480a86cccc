//! Synthetic catalogs: invented updates, shaped after the genuine ones in `tests/data/updates`. The same
//! number gives the same update.

use std::fmt::Write;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use uuid::Uuid;

/// Products and classifications: what software belongs to.
pub(crate) const PRODUCTS: u64 = 400;
pub(crate) const CLASSIFICATIONS: u64 = 12;
/// Detectoids that software names as prerequisites.
const DETECTOIDS: u64 = 3_600;

/// The company, the family, products, classifications and detectoids.
pub(crate) const CONFIGURATION: u64 = 2 + PRODUCTS + CLASSIFICATIONS + DETECTOIDS;

const NAMESPACES: &str = r#"<upd:Update xmlns:pub="http://schemas.microsoft.com/msus/2002/12/Publishing" xmlns:bar="http://schemas.microsoft.com/msus/2002/12/BaseApplicabilityRules" xmlns:lar="http://schemas.microsoft.com/msus/2002/12/LogicalApplicabilityRules" xmlns:cat="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/Category" xmlns:cmd="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/CommandLineInstallation" xmlns:upd="http://schemas.microsoft.com/msus/2002/12/Update">"#;

const WORDS: [&str; 48] = [
    "alder", "amber", "anchor", "aspen", "basin", "beacon", "birch", "bridge", "canyon", "cedar",
    "cliff", "cobalt", "copper", "coral", "crest", "delta", "dune", "ember", "falcon", "fern",
    "fjord", "flint", "forest", "garnet", "glacier", "granite", "grove", "harbor", "hazel",
    "heron", "indigo", "island", "ivory", "jade", "juniper", "lagoon", "larch", "linden", "maple",
    "marble", "meadow", "mesa", "onyx", "opal", "orchard", "pearl", "pine", "quartz",
];

/// Numbers without a pattern, the same each time (`SplitMix64`).
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn word(&mut self) -> &'static str {
        WORDS[usize::try_from(self.below(WORDS.len() as u64)).unwrap()]
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        for chunk in bytes.chunks_mut(8) {
            let random = self.next().to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
        bytes
    }
}

/// The identifier of an update, by what it is and its number.
fn id(kind: u64, number: u64) -> Uuid {
    Uuid::from_bytes(Numbers::of(kind << 48 | number).bytes())
}

/// The document of the update of this number: configuration first, then software.
pub(crate) fn document(number: u64) -> String {
    let mut rest = number;
    for (kind, count) in [(0, 2), (1, PRODUCTS), (2, CLASSIFICATIONS), (3, DETECTOIDS)] {
        if rest < count {
            return if kind == 3 { detectoid(rest) } else { category(kind, rest) };
        }
        rest -= count;
    }
    software(rest)
}

/// The identifier of the product or classification of this number.
pub(crate) fn product(number: u64) -> Uuid {
    id(1, number)
}

fn category(kind: u64, number: u64) -> String {
    let (category_type, title, above) = match (kind, number) {
        (0, 0) => ("Company", "Invented Company".to_owned(), None),
        (0, _) => ("ProductFamily", "Invented Family".to_owned(), Some(id(0, 0))),
        (1, _) => ("Product", format!("Product {number}"), Some(id(0, 1))),
        _ => ("UpdateClassification", format!("Classification {number}"), None),
    };
    let mut text = head(id(kind, number), "Category", "Category", number);
    let _ = write!(text, "</upd:Properties>{}", localized(&title, "An invented category."));
    if let Some(above) = above {
        let _ = write!(
            text,
            r#"<upd:Relationships><upd:Prerequisites><upd:AtLeastOne IsCategory="true"><upd:UpdateIdentity UpdateID="{above}" /></upd:AtLeastOne></upd:Prerequisites></upd:Relationships>"#
        );
    }
    let _ = write!(
        text,
        r#"<upd:HandlerSpecificData xsi:type="cat:Category" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><cat:CategoryInformation CategoryType="{category_type}" ProhibitsSubcategories="true" ExcludedByDefault="false" /></upd:HandlerSpecificData></upd:Update>"#
    );
    text
}

fn detectoid(number: u64) -> String {
    let mut numbers = Numbers::of(7 << 40 | number);
    let mut text = head(id(3, number), "Detectoid", "Detectoid", number);
    let title = format!("{} {} detectoid {number}", numbers.word(), numbers.word());
    let _ = write!(text, "</upd:Properties>{}", localized(&title, ""));
    let _ = write!(
        text,
        r#"<upd:ApplicabilityRules><upd:IsInstalled><bar:RegDword Key="HKEY_LOCAL_MACHINE" Subkey="SOFTWARE\Invented\{}\{}" Value="Installed" Comparison="EqualTo" Data="{}" /></upd:IsInstalled></upd:ApplicabilityRules></upd:Update>"#,
        numbers.word(),
        numbers.word(),
        numbers.below(9)
    );
    text
}

fn head(id: Uuid, update_type: &str, handler: &str, number: u64) -> String {
    let day = number % 28 + 1;
    format!(
        r#"{NAMESPACES}<upd:UpdateIdentity UpdateID="{id}" RevisionNumber="200" /><upd:Properties UpdateType="{update_type}" DefaultPropertiesLanguage="en" Handler="http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/{handler}" PublicationState="Published" CreationDate="2026-{:02}-{day:02}T{:02}:00:58.287Z" PublisherID="395392a0-19c0-48b7-a927-f7c15066d905">"#,
        number / 28 % 12 + 1,
        number % 24,
    )
}

fn localized(title: &str, description: &str) -> String {
    format!(
        "<upd:LocalizedPropertiesCollection><upd:LocalizedProperties><upd:Language>en</upd:Language><upd:Title>{title}</upd:Title><upd:Description>{description}</upd:Description></upd:LocalizedProperties></upd:LocalizedPropertiesCollection>"
    )
}

fn software(number: u64) -> String {
    let mut numbers = Numbers::of(9 << 40 | number);
    let mut text = head(id(4, number), "Software", "CommandLineInstallation", number);
    let article = 5_000_000 + number;
    let (product_number, classification) =
        (numbers.below(PRODUCTS), id(2, numbers.below(CLASSIFICATIONS)));
    let _ = write!(
        text,
        r#"<upd:InstallationBehavior Impact="Normal" RebootBehavior="CanRequestReboot" /><upd:SupportUrl>http://support.example.com/help/{article}</upd:SupportUrl><upd:KBArticleID>{article}</upd:KBArticleID></upd:Properties>"#
    );
    let title = format!(
        "2026-{:02} {} {} update for Product {product_number}, {} {} (KB{article})",
        number % 12 + 1,
        numbers.word(),
        numbers.word(),
        numbers.word(),
        numbers.word()
    );
    let description = format!(
        "Install this update to resolve issues in {} and {}. For a complete listing of the issues that are included in this update, see the associated article. After you install this item, you may have to restart your computer.",
        numbers.word(),
        numbers.word()
    );
    text += &localized(&title, &description);
    text += "<upd:Relationships><upd:Prerequisites>";
    for _ in 0..2 + numbers.below(3) {
        let named = id(3, numbers.below(DETECTOIDS));
        let _ = write!(text, r#"<upd:UpdateIdentity UpdateID="{named}" />"#);
    }
    for category in [id(1, product_number), classification] {
        let _ = write!(
            text,
            r#"<upd:AtLeastOne IsCategory="true"><upd:UpdateIdentity UpdateID="{category}" /></upd:AtLeastOne>"#
        );
    }
    text += "</upd:Prerequisites>";
    if number >= 1_000 {
        let _ = write!(
            text,
            r#"<upd:SupersededUpdates><upd:UpdateIdentity UpdateID="{}" /></upd:SupersededUpdates>"#,
            id(4, number - 1_000)
        );
    }
    text += "</upd:Relationships>";
    rules(&mut text, &mut numbers);
    files(&mut text, &mut numbers, article);
    text
}

fn rules(text: &mut String, numbers: &mut Numbers) {
    text.push_str("<upd:ApplicabilityRules><upd:IsInstalled><lar:And>");
    for _ in 0..=numbers.below(5) {
        let _ = write!(
            text,
            r#"<bar:FileVersion Path="{}.dll" Csidl="37" Comparison="GreaterThanOrEqualTo" Version="10.0.{}.{}" />"#,
            numbers.word(),
            numbers.below(30_000),
            numbers.below(9_999)
        );
    }
    text.push_str("</lar:And></upd:IsInstalled><upd:IsInstallable><lar:And>");
    for _ in 0..=numbers.below(3) {
        let _ = write!(
            text,
            r#"<bar:RegSz Key="HKEY_LOCAL_MACHINE" Subkey="SOFTWARE\Invented\{}\{}" Value="Version" Comparison="EqualTo" Data="{}" />"#,
            numbers.word(),
            numbers.word(),
            numbers.below(99)
        );
    }
    text.push_str("</lar:And></upd:IsInstallable></upd:ApplicabilityRules>");
}

fn files(text: &mut String, numbers: &mut Numbers, article: u64) {
    text.push_str("<upd:Files>");
    for part in 0..=numbers.below(2) {
        let sha1 = STANDARD.encode(numbers.bytes::<20>());
        let sha256 = STANDARD.encode(numbers.bytes::<32>());
        let _ = write!(
            text,
            r#"<upd:File Digest="{sha1}" DigestAlgorithm="SHA1" FileName="update-kb{article}-{part}.exe" Size="{}" Modified="2026-10-04T12:00:58Z" PatchingType="SelfContained"><upd:AdditionalDigest Algorithm="SHA256">{sha256}</upd:AdditionalDigest></upd:File>"#,
            numbers.below(900_000_000)
        );
    }
    let _ = write!(
        text,
        r#"</upd:Files><upd:HandlerSpecificData xsi:type="cmd:CommandLineInstallation" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><cmd:InstallCommand Arguments="/quiet /norestart" Program="update-kb{article}-0.exe" RebootByDefault="false" DefaultResult="Succeeded"><cmd:ReturnCode Code="3010" Result="Succeeded" Reboot="true" /></cmd:InstallCommand></upd:HandlerSpecificData></upd:Update>"#
    );
}
