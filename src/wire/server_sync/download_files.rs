//! `DownloadFiles`: a downstream server wants files that its parent does not have yet.

use super::{
    Cookie, PATH,
    cookies::{read_cookie, write_cookie},
    lists::{read_digests, write_digests},
};
use crate::wire::{
    soap::{Operation, SoapError},
    xml::{Namespace, XmlReader, XmlWriter},
};

/// Asks a parent to fetch files; the answer is empty, and the files come later.
#[derive(Debug, Clone, Copy)]
pub struct DownloadFiles;

/// Request of `DownloadFiles`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DownloadFilesRequest {
    /// `cookie`.
    pub cookie: Cookie,
    /// `fileDigestList`: SHA-1 of each file, a hundred at most.
    pub file_digests: Vec<Vec<u8>>,
}

impl Operation for DownloadFiles {
    type Request = DownloadFilesRequest;
    type Response = ();

    const NAME: &'static str = "DownloadFiles";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str = "http://www.microsoft.com/SoftwareDistribution/DownloadFiles";
    const PATH: &'static str = PATH;
    const HAS_RESULT: bool = false;

    fn write_request(
        writer: &mut XmlWriter,
        request: &DownloadFilesRequest,
    ) -> Result<(), SoapError> {
        write_cookie(writer, "cookie", &request.cookie)?;
        write_digests(writer, "fileDigestList", &request.file_digests);
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<DownloadFilesRequest, SoapError> {
        let (mut cookie, mut file_digests) = (Cookie::default(), None);
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "cookie" => cookie = read_cookie(xml, "cookie")?,
                "fileDigestList" => file_digests = Some(read_digests(xml, "fileDigestList")?),
                _ => xml.skip()?,
            }
        }
        let file_digests = file_digests.ok_or(SoapError::Missing { element: "fileDigestList" })?;
        Ok(DownloadFilesRequest { cookie, file_digests })
    }

    fn write_result(_: &mut XmlWriter, (): &()) -> Result<(), SoapError> {
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<(), SoapError> {
        Ok(xml.skip()?)
    }
}
