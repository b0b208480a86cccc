//! `GetUpdateData`: the documents themselves.

use super::{
    FileUrl, GetUpdateDataRequest, PATH, UpdateData, UpdateDatum,
    blob::unpack,
    cookies::{read_cookie, write_cookie},
    lists::read_digests,
    revision_list::{read_identities, read_identity, write_identities},
    update_data_writer::{write_file_urls, write_update},
};
use crate::{
    model::UpdateIdentity,
    wire::{
        soap::{Operation, SoapError, optional_bytes, optional_text},
        xml::{Namespace, XmlReader, XmlWriter},
    },
};

/// All documents of one response together may unpack to this many bytes: compressed ones could
/// otherwise name more than any memory holds.
const MAX_UNPACKED_BYTES: u64 = 512 << 20;

/// Asks for documents.
#[derive(Debug, Clone, Copy)]
pub struct GetUpdateData;

impl Operation for GetUpdateData {
    type Request = GetUpdateDataRequest;
    type Response = UpdateData;

    const NAME: &'static str = "GetUpdateData";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str = "http://www.microsoft.com/SoftwareDistribution/GetUpdateData";
    const PATH: &'static str = PATH;

    fn write_request(
        writer: &mut XmlWriter,
        request: &GetUpdateDataRequest,
    ) -> Result<(), SoapError> {
        write_cookie(writer, "cookie", &request.cookie)?;
        write_identities(writer, "updateIds", &request.update_ids);
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<GetUpdateDataRequest, SoapError> {
        let (mut cookie, mut update_ids) = (None, None);
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "cookie" => cookie = Some(read_cookie(xml, "cookie")?),
                "updateIds" => update_ids = Some(read_identities(xml, "updateIds")?),
                _ => xml.skip()?,
            }
        }
        Ok(GetUpdateDataRequest {
            // None is as good as one that is not valid.
            cookie: cookie.unwrap_or_default(),
            update_ids: update_ids.ok_or(SoapError::Missing { element: "updateIds" })?,
        })
    }

    fn write_result(writer: &mut XmlWriter, data: &UpdateData) -> Result<(), SoapError> {
        writer.open("updates");
        for update in &data.updates {
            let document = update.document.as_str();
            write_update(writer, &update.identity, document, &update.file_digests)?;
        }
        writer.close("updates");
        write_file_urls(writer, &data.file_urls)
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<UpdateData, SoapError> {
        let mut data = UpdateData::default();
        let mut budget = MAX_UNPACKED_BYTES;
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "updates" => {
                    while let Some(item) = xml.next_child()? {
                        if item.local_name() == "ServerSyncUpdateData" {
                            data.updates.push(read_update(xml, &mut budget)?);
                        } else {
                            xml.skip()?;
                        }
                    }
                }
                "fileUrls" => {
                    while let Some(item) = xml.next_child()? {
                        if item.local_name() == "ServerSyncUrlData" {
                            data.file_urls.push(read_file_url(xml)?);
                        } else {
                            xml.skip()?;
                        }
                    }
                }
                _ => xml.skip()?,
            }
        }
        Ok(data)
    }

    fn response_capacity(data: &UpdateData) -> usize {
        // Escaping lengthens a document by about a quarter.
        let documents: usize = data.updates.iter().map(|it| it.document.as_str().len()).sum();
        let fixed = data.updates.len().saturating_mul(512).saturating_add(4 << 10);
        documents.saturating_add(documents / 4).saturating_add(fixed)
    }
}

enum Blob {
    Plain(String),
    Compressed(Vec<u8>),
}

fn read_update(xml: &mut XmlReader<'_>, budget: &mut u64) -> Result<UpdateDatum, SoapError> {
    let (mut identity, mut blob, mut file_digests) = (None, None, Vec::new());
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "Id" => identity = Some(read_identity(xml, "Id")?),
            "XmlUpdateBlob" => {
                let text = xml.text()?;
                if !text.is_empty() {
                    blob = Some(Blob::Plain(text.into_owned()));
                }
            }
            "FileDigestList" => file_digests = read_digests(xml, "FileDigestList")?,
            "XmlUpdateBlobCompressed" => {
                let bytes = optional_bytes(xml, "XmlUpdateBlobCompressed")?;
                blob = bytes.map(Blob::Compressed).or(blob);
            }
            _ => xml.skip()?,
        }
    }
    let identity = identity.ok_or(SoapError::Missing { element: "Id" })?;
    let text = match blob.ok_or(SoapError::Missing { element: "XmlUpdateBlob" })? {
        Blob::Plain(text) => text,
        Blob::Compressed(bytes) => unpacked(&bytes, identity, budget)?,
    };
    Ok(UpdateDatum { identity, document: text.into(), file_digests })
}

fn unpacked(bytes: &[u8], identity: UpdateIdentity, budget: &mut u64) -> Result<String, SoapError> {
    let text = unpack(bytes, *budget).map_err(|source| SoapError::Blob { identity, source })?;
    // Mostly UTF-16 was unpacked, at least a byte for each byte of text.
    *budget = budget.saturating_sub(text.len() as u64);
    Ok(text)
}

fn read_file_url(xml: &mut XmlReader<'_>) -> Result<FileUrl, SoapError> {
    let mut url = FileUrl::default();
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "FileDigest" => {
                url.file_digest = optional_bytes(xml, "FileDigest")?.unwrap_or_default();
            }
            "MUUrl" => url.publisher_url = optional_text(xml, "MUUrl")?,
            "UssUrl" => url.parent_url = optional_text(xml, "UssUrl")?,
            "DecryptionKey" => url.decryption_key = optional_bytes(xml, "DecryptionKey")?,
            _ => xml.skip()?,
        }
    }
    Ok(url)
}
