//! Files of updates: how they are named, where servers have them, and both of their digests (protocol
//! §1.10).

use std::{
    fmt,
    io::{self, Write},
    str::FromStr,
};

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use serde::{Deserialize, Serialize};

use super::update_document::UpdateFile;
use crate::model::Digest;

/// The virtual root below which servers have files of updates, matched in any case.
pub const ROOT: &str = "/Content/";

/// Longest extension of a file's name that is kept: genuine ones have three or four characters.
const EXTENSION: usize = 16;

/// The SHA-1 of a file: its key on the wire, and no proof of what it holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha1([u8; 20]);

impl Sha1 {
    /// Of the bytes of a digest; `None` if it is not one.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 20 bytes.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl fmt::Display for Sha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_upper(self.0))
    }
}

impl fmt::Debug for Sha1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How servers name a file of an update: its SHA-1, and the extension of the name that its document
/// gives it. Nothing else of a document's name is ever part of a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContentName {
    sha1: Sha1,
    /// In lower case, of letters and digits.
    extension: Option<String>,
}

/// A text is not the name of a file of an update.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a file of an update: 40 hexadecimal digits and an extension")]
pub struct ContentNameError(String);

impl ContentName {
    /// The name of the file of that digest that a document calls `file_name`.
    pub fn new(sha1: Sha1, file_name: &str) -> Self {
        let extension = file_name.rsplit_once('.').map(|(_, it)| it.to_ascii_lowercase());
        Self { sha1, extension: extension.filter(|it| is_extension(it)) }
    }

    /// The SHA-1 of the file.
    pub fn sha1(&self) -> Sha1 {
        self.sha1
    }

    /// The extension, in lower case.
    pub fn extension(&self) -> Option<&str> {
        self.extension.as_deref()
    }

    /// The folder in which it lies: the last two hexadecimal digits of its SHA-1, in upper case.
    pub fn folder(&self) -> String {
        let [.., last] = self.sha1.0;
        format!("{last:02X}")
    }

    /// Where servers have it.
    pub fn path(&self) -> String {
        format!("{ROOT}{}/{self}", self.folder())
    }
}

fn is_extension(text: &str) -> bool {
    (1..=EXTENSION).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_alphanumeric())
}

impl fmt::Display for ContentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.extension {
            Some(extension) => write!(f, "{}.{extension}", self.sha1),
            None => fmt::Display::fmt(&self.sha1, f),
        }
    }
}

impl FromStr for ContentName {
    type Err = ContentNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || ContentNameError(text.chars().take(80).collect());
        let (digits, extension) = match text.split_once('.') {
            Some((digits, extension)) => (digits, Some(extension.to_ascii_lowercase())),
            None => (text, None),
        };
        let mut sha1 = [0; 20];
        hex::decode_to_slice(digits, &mut sha1).map_err(|_| invalid())?;
        if extension.as_deref().is_some_and(|it| !is_extension(it)) {
            return Err(invalid());
        }
        Ok(Self { sha1: Sha1(sha1), extension })
    }
}

/// What somebody asks for below [`ROOT`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskedContent {
    /// A file, in the folder where it lies if it is there.
    File(ContentName),
    /// Nothing that could be there: another folder, another name.
    Nothing,
}

impl AskedContent {
    /// Of the path of a request, in any case; `None` if it leads elsewhere.
    pub fn of_path(path: &str) -> Option<Self> {
        let root = path.get(..ROOT.len())?;
        if !root.eq_ignore_ascii_case(ROOT) {
            return None;
        }
        let rest = path.get(ROOT.len()..).unwrap_or_default();
        let Some((folder, name)) = rest.split_once('/') else { return Some(Self::Nothing) };
        Some(match name.parse::<ContentName>() {
            Ok(name) if name.folder().eq_ignore_ascii_case(folder) => Self::File(name),
            _ => Self::Nothing,
        })
    }
}

/// What a file of an update has to be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UpdateContent {
    /// How servers name it.
    pub name: ContentName,
    /// Its SHA-256, where its document has one: both digests must match then.
    pub sha256: Option<Digest>,
    /// Its size in bytes.
    pub size: u64,
}

/// A file of an update, as lists in JSON have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ListedContent {
    /// As servers name it: SHA-1 and extension.
    name: String,
    bytes: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<Digest>,
}

impl From<&UpdateContent> for ListedContent {
    fn from(content: &UpdateContent) -> Self {
        let UpdateContent { name, sha256, size } = content;
        Self { name: name.to_string(), bytes: *size, sha256: *sha256 }
    }
}

impl ListedContent {
    /// The file that it means.
    ///
    /// # Errors
    ///
    /// Its name is not that of a file of an update.
    pub fn content(&self) -> Result<UpdateContent, ContentNameError> {
        Ok(UpdateContent { name: self.name.parse()?, sha256: self.sha256, size: self.bytes })
    }
}

impl UpdateContent {
    /// Of what a document says; `None` if that is no digest.
    pub fn of(file: &UpdateFile) -> Option<Self> {
        let sha1 = Sha1::from_slice(&file.digest_sha1)?;
        let sha256 = file.digest_sha256.as_deref();
        let sha256 = sha256.and_then(|it| it.try_into().ok()).map(Digest::from_bytes);
        Some(Self { name: ContentName::new(sha1, &file.name), sha256, size: file.size })
    }
}

/// Where a server of that port has its content, which comes over HTTP in any case (protocol §1.1): on
/// the same port, or beside the one for TLS. `None` if there can be none.
pub const fn content_port(over_tls: bool, port: u16) -> Option<u16> {
    match (over_tls, port) {
        (false, _) => Some(port),
        (true, 443) => Some(80),
        (true, 0 | 1) => None,
        (true, _) => Some(port - 1),
    }
}

/// Both digests of what is written.
#[derive(Clone)]
pub struct HashingContent {
    sha1: Context,
    sha256: Context,
}

impl Default for HashingContent {
    fn default() -> Self {
        Self { sha1: Context::new(&SHA1_FOR_LEGACY_USE_ONLY), sha256: Context::new(&SHA256) }
    }
}

impl HashingContent {
    /// Takes these bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha1.update(bytes);
        self.sha256.update(bytes);
    }

    /// The digests of what was taken in.
    pub fn digests(&self) -> (Sha1, Digest) {
        let (mut sha1, mut sha256) = ([0; 20], [0; 32]);
        sha1.copy_from_slice(self.sha1.clone().finish().as_ref());
        sha256.copy_from_slice(self.sha256.clone().finish().as_ref());
        (Sha1(sha1), Digest::from_bytes(sha256))
    }

    /// The digests of these bytes.
    pub fn of(bytes: &[u8]) -> (Sha1, Digest) {
        let mut hashing = Self::default();
        hashing.update(bytes);
        hashing.digests()
    }
}

impl Write for HashingContent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for HashingContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashingContent")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digest of a genuine file, and where WSUS has it (protocol §1.10).
    const GENUINE: &str = "86542c97261c46d5b379a43ec895f97eaf409ba2";

    fn genuine() -> Sha1 {
        Sha1::from_slice(&hex::decode(GENUINE).unwrap()).unwrap()
    }

    #[test]
    fn a_file_lies_where_genuine_servers_have_it() {
        let name = ContentName::new(genuine(), "Windows6.1-KB976902-x86.cab");
        assert_eq!(name.path(), "/Content/A2/86542C97261C46D5B379A43EC895F97EAF409BA2.cab");
        let asked = AskedContent::of_path(&name.path().to_lowercase());
        assert_eq!(asked, Some(AskedContent::File(name.clone())));
        assert_eq!(name.to_string().parse(), Ok(name));
    }

    #[test]
    fn nothing_of_a_documents_name_becomes_a_path_but_a_plain_extension() {
        for name in ["x", "../../etc/passwd", "x.", "x./etc", "x.\u{e9}xe", "x.aaaaaaaaaaaaaaaaa"] {
            assert_eq!(ContentName::new(genuine(), name).extension(), None, "{name}");
        }
        assert_eq!(ContentName::new(genuine(), "A.B.EXE").extension(), Some("exe"));
    }

    #[test]
    fn what_cannot_be_there_is_nothing() {
        let of = AskedContent::of_path;
        assert_eq!(of("/Contents/A2/x"), None);
        assert_eq!(of("/Content"), None);
        for path in [
            format!("/content/A3/{GENUINE}.cab"),
            format!("/content/A2/{GENUINE}.c/b"),
            format!("/content/A2/../A2/{GENUINE}.cab"),
            "/content/A2/".to_owned(),
            "/content/".to_owned(),
        ] {
            assert_eq!(of(&path), Some(AskedContent::Nothing), "{path}");
        }
    }

    #[test]
    fn content_is_beside_the_port_for_tls() {
        assert_eq!(content_port(false, 8530), Some(8530));
        assert_eq!(content_port(true, 443), Some(80));
        assert_eq!(content_port(true, 8531), Some(8530));
        assert_eq!(content_port(true, 0), None);
    }

    #[test]
    fn files_are_listed_as_they_are() {
        let sha1 = Sha1::from_slice(&[0xA5; 20]).unwrap();
        let name = ContentName::new(sha1, "update.CAB");
        let file = UpdateContent { name, sha256: Some(Digest::from_bytes([3; 32])), size: 7 };
        let listed = ListedContent::from(&file);
        assert!(listed.name.ends_with("A5A5.cab"), "{}", listed.name);
        assert_eq!(listed.content().unwrap(), file);
        let elsewhere = ListedContent { name: "../../etc/passwd".to_owned(), ..listed };
        elsewhere.content().unwrap_err();
    }
}
