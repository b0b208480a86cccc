//! Which cabinets there are, and what their files are called.

use crate::wire::{
    update_document::UpdateFragments,
    xml::{ForbiddenCharacter, XmlWriter},
};

/// The list of cabinets.
pub const INDEX: &str = "index.xml";

/// The cabinet of [`PACKAGE_XML`].
pub const PACKAGE: &str = "package.cab";

/// What is in [`PACKAGE`].
pub const PACKAGE_XML: &str = "package.xml";

/// Longest name of a language that becomes a directory: `x-tatar-latn-ru` and the like are shorter.
const LANGUAGE: usize = 32;

/// How much goes into one cabinet of fragments: so much of it has to be unpacked for one update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartLimits {
    /// Bytes of fragments, after which the next cabinet begins.
    pub bytes: u64,
    /// Files, after which the next one begins.
    pub files: usize,
}

impl PartLimits {
    /// As large as those of genuine catalogs, whose 74 cabinets hold 136,000 revisions. With a
    /// revision of the largest size more, a cabinet is far from its own limits: 65,535 files, 2 GB.
    pub const CATALOG: Self = Self { bytes: 64 << 20, files: 32_768 };

    /// Whether a cabinet that holds so much takes no more.
    pub const fn reached(self, bytes: u64, files: usize) -> bool {
        bytes >= self.bytes || files >= self.files
    }
}

/// The name of the cabinet of fragments with this number, from 0.
pub fn part_name(number: usize) -> String {
    format!("package{}.cab", number.saturating_add(2))
}

/// The list of cabinets. `starts` are the smallest `RevisionId` in each cabinet of fragments, in its
/// order; the first one also answers for what is below.
///
/// # Errors
///
/// None: nothing that is written needs escaping.
pub fn index_xml(starts: &[u32]) -> Result<String, ForbiddenCharacter> {
    let mut xml = XmlWriter::default();
    xml.raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>");
    xml.open_with("INDEX", &[("VERSION", "1")])?;
    xml.open_with("CABLIST", &[("XOR", "0")])?;
    xml.empty_with("CAB", &[("NAME", PACKAGE)])?;
    for (number, start) in starts.iter().enumerate() {
        let start = if number == 0 { 0 } else { *start };
        let (name, start) = (part_name(number), start.to_string());
        xml.empty_with("CAB", &[("NAME", &name), ("RANGESTART", &start)])?;
    }
    xml.close("CABLIST");
    xml.close("INDEX");
    Ok(xml.finish())
}

/// The files of a revision in its cabinet. A language whose name would not do as that of a directory
/// is left out.
pub fn part_files(
    revision_id: u32,
    fragments: &UpdateFragments,
) -> impl Iterator<Item = (String, &str)> {
    let UpdateFragments { core, extended, localized, default_language: _, languages: _ } =
        fragments;
    let both = [("c", core), ("x", extended)].into_iter().filter(|(_, text)| !text.is_empty());
    let both = both.map(move |(folder, text)| (format!("{folder}\\{revision_id}"), text.as_str()));
    let localized = localized.iter().filter(|it| is_plain(&it.language));
    let localized =
        localized.map(move |it| (format!("l\\{}\\{revision_id}", it.language), it.text.as_str()));
    both.chain(localized)
}

fn is_plain(language: &str) -> bool {
    let plain = |it: u8| it.is_ascii_alphanumeric() || it == b'-';
    !language.is_empty() && language.len() <= LANGUAGE && language.bytes().all(plain)
}
