//! `GetUpdateDecryptionData`: the keys of files that are published encrypted.

use super::{
    Cookie, PATH,
    cookies::{read_cookie, write_cookie},
    revision_list::{read_identities, read_identity, write_identities, write_identity},
};
use crate::{
    model::UpdateIdentity,
    wire::{
        soap::{Operation, SoapError, list, optional_bytes},
        xml::{Namespace, XmlReader, XmlWriter},
    },
};

/// Asks for the keys of the files of updates.
#[derive(Debug, Clone, Copy)]
pub struct GetUpdateDecryptionData;

/// Request of `GetUpdateDecryptionData`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetUpdateDecryptionDataRequest {
    /// `cookie`.
    pub cookie: Cookie,
    /// `updateIds`: at most as many as the parent allows.
    pub update_ids: Vec<UpdateIdentity>,
}

/// The keys of an update's files (`ServerSyncUpdateFileDecryption`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateDecryption {
    /// `UpdateId`.
    pub identity: UpdateIdentity,
    /// `FileDecryptionData`.
    pub files: Vec<FileDecryption>,
}

/// The key of a file (`ServerSyncFileDecryption`).
#[derive(Clone, PartialEq, Eq, Default)]
pub struct FileDecryption {
    /// `FileDigest`: SHA-1.
    pub file_digest: Vec<u8>,
    /// `DecryptionKey`.
    pub decryption_key: Option<Vec<u8>>,
}

impl std::fmt::Debug for FileDecryption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A key belongs in no log.
        f.debug_struct("FileDecryption")
            .field("file_digest", &self.file_digest)
            .finish_non_exhaustive()
    }
}

impl Operation for GetUpdateDecryptionData {
    type Request = GetUpdateDecryptionDataRequest;
    type Response = Vec<UpdateDecryption>;

    const NAME: &'static str = "GetUpdateDecryptionData";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str =
        "http://www.microsoft.com/SoftwareDistribution/GetUpdateDecryptionData";
    const PATH: &'static str = PATH;

    fn write_request(
        writer: &mut XmlWriter,
        request: &GetUpdateDecryptionDataRequest,
    ) -> Result<(), SoapError> {
        write_cookie(writer, "cookie", &request.cookie)?;
        write_identities(writer, "updateIds", &request.update_ids);
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<GetUpdateDecryptionDataRequest, SoapError> {
        let (mut cookie, mut update_ids) = (Cookie::default(), None);
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "cookie" => cookie = read_cookie(xml, "cookie")?,
                "updateIds" => update_ids = Some(read_identities(xml, "updateIds")?),
                _ => xml.skip()?,
            }
        }
        let update_ids = update_ids.ok_or(SoapError::Missing { element: "updateIds" })?;
        Ok(GetUpdateDecryptionDataRequest { cookie, update_ids })
    }

    fn write_result(
        writer: &mut XmlWriter,
        updates: &Vec<UpdateDecryption>,
    ) -> Result<(), SoapError> {
        writer.open("UpdateFileDecryptionData");
        for update in updates {
            writer.open("ServerSyncUpdateFileDecryption");
            write_identity(writer, "UpdateId", &update.identity);
            writer.open("FileDecryptionData");
            for file in &update.files {
                writer.open("ServerSyncFileDecryption");
                writer.base64("FileDigest", &file.file_digest);
                if let Some(key) = &file.decryption_key {
                    writer.base64("DecryptionKey", key);
                }
                writer.close("ServerSyncFileDecryption");
            }
            writer.close("FileDecryptionData");
            writer.close("ServerSyncUpdateFileDecryption");
        }
        writer.close("UpdateFileDecryptionData");
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<Vec<UpdateDecryption>, SoapError> {
        let mut updates = Vec::new();
        while let Some(tag) = xml.next_child()? {
            if tag.local_name() == "UpdateFileDecryptionData" {
                updates = list(xml, "ServerSyncUpdateFileDecryption", read_update)?;
            } else {
                xml.skip()?;
            }
        }
        Ok(updates)
    }
}

fn read_update(xml: &mut XmlReader<'_>) -> Result<UpdateDecryption, SoapError> {
    let (mut identity, mut files) = (None, Vec::new());
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "UpdateId" => identity = Some(read_identity(xml, "UpdateId")?),
            "FileDecryptionData" => files = list(xml, "ServerSyncFileDecryption", read_file)?,
            _ => xml.skip()?,
        }
    }
    let identity = identity.ok_or(SoapError::Missing { element: "UpdateId" })?;
    Ok(UpdateDecryption { identity, files })
}

fn read_file(xml: &mut XmlReader<'_>) -> Result<FileDecryption, SoapError> {
    let mut file = FileDecryption::default();
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "FileDigest" => {
                file.file_digest = optional_bytes(xml, "FileDigest")?.unwrap_or_default();
            }
            "DecryptionKey" => file.decryption_key = optional_bytes(xml, "DecryptionKey")?,
            _ => xml.skip()?,
        }
    }
    Ok(file)
}
