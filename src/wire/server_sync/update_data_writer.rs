//! Writing a `GetUpdateData` response document by document, so that a server never holds the
//! documents of a batch beside their response.

use super::{FileUrl, GetUpdateData, lists::write_digests, revision_list::write_identity};
use crate::{
    model::UpdateIdentity,
    wire::{
        soap::{SoapError, SoapVersion, begin_response, end_response},
        xml::XmlWriter,
    },
};

/// Builds one response.
#[derive(Debug)]
pub struct UpdateDataWriter {
    writer: XmlWriter,
    file_urls: Vec<FileUrl>,
}

impl Default for UpdateDataWriter {
    fn default() -> Self {
        Self::new()
    }
}

impl UpdateDataWriter {
    /// An empty response, SOAP 1.1.
    pub fn new() -> Self {
        Self::with_capacity(SoapVersion::V1_1, 64 << 10)
    }

    /// An empty response in the version of the request, with room for `capacity` bytes.
    pub fn with_capacity(version: SoapVersion, capacity: usize) -> Self {
        let mut writer = XmlWriter::with_capacity(capacity);
        begin_response::<GetUpdateData>(&mut writer, version);
        writer.open("updates");
        Self { writer, file_urls: Vec::new() }
    }

    /// Appends one document. After an error the response must be dropped.
    pub fn push(
        &mut self,
        identity: &UpdateIdentity,
        document: &str,
        file_digests: &[Vec<u8>],
    ) -> Result<(), SoapError> {
        write_update(&mut self.writer, identity, document, file_digests)
    }

    /// Notes where a file is; written at the end.
    pub fn push_file_url(&mut self, url: FileUrl) {
        self.file_urls.push(url);
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.writer.len()
    }

    /// Never: the envelope is there from the start.
    pub fn is_empty(&self) -> bool {
        self.writer.is_empty()
    }

    /// The whole response.
    pub fn finish(mut self) -> Result<Vec<u8>, SoapError> {
        self.writer.close("updates");
        write_file_urls(&mut self.writer, &self.file_urls)?;
        end_response::<GetUpdateData>(&mut self.writer);
        Ok(self.writer.finish().into_bytes())
    }
}

/// Writes one document. Always the plain form: both forms are legal, and nothing here can write LZX
/// (protocol §1.9).
pub(super) fn write_update(
    writer: &mut XmlWriter,
    identity: &UpdateIdentity,
    document: &str,
    file_digests: &[Vec<u8>],
) -> Result<(), SoapError> {
    writer.open("ServerSyncUpdateData");
    write_identity(writer, "Id", identity);
    writer.element("XmlUpdateBlob", document)?;
    if !file_digests.is_empty() {
        write_digests(writer, "FileDigestList", file_digests);
    }
    writer.close("ServerSyncUpdateData");
    Ok(())
}

/// Writes the list of addresses, empty or not.
pub(super) fn write_file_urls(writer: &mut XmlWriter, urls: &[FileUrl]) -> Result<(), SoapError> {
    if urls.is_empty() {
        writer.empty("fileUrls");
        return Ok(());
    }
    writer.open("fileUrls");
    for url in urls {
        writer.open("ServerSyncUrlData");
        writer.base64("FileDigest", &url.file_digest);
        writer.optional("MUUrl", url.publisher_url.as_deref())?;
        writer.optional("UssUrl", url.parent_url.as_deref())?;
        if let Some(key) = &url.decryption_key {
            writer.base64("DecryptionKey", key);
        }
        writer.close("ServerSyncUrlData");
    }
    writer.close("fileUrls");
    Ok(())
}
