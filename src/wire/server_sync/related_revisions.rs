//! `GetRelatedRevisionsForUpdates`: a call that the protocol has and does not use.

use uuid::Uuid;

use super::{
    Cookie, PATH,
    cookies::{read_cookie, write_cookie},
    lists::{read_guids, write_guids},
    revision_list::{read_identities, write_identity},
};
use crate::{
    model::UpdateIdentity,
    wire::{
        soap::{Operation, SoapError},
        xml::{Namespace, XmlReader, XmlWriter},
    },
};

/// Asks for related revisions; nobody has said what they are, and the answer is empty.
#[derive(Debug, Clone, Copy)]
pub struct GetRelatedRevisionsForUpdates;

/// Request of `GetRelatedRevisionsForUpdates`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetRelatedRevisionsForUpdatesRequest {
    /// `cookie`.
    pub cookie: Cookie,
    /// `updateIDs`.
    pub update_ids: Vec<Uuid>,
}

impl Operation for GetRelatedRevisionsForUpdates {
    type Request = GetRelatedRevisionsForUpdatesRequest;
    type Response = Vec<UpdateIdentity>;

    const NAME: &'static str = "GetRelatedRevisionsForUpdates";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str =
        "http://www.microsoft.com/SoftwareDistribution/GetRelatedRevisionsForUpdates";
    const PATH: &'static str = PATH;

    fn write_request(
        writer: &mut XmlWriter,
        request: &GetRelatedRevisionsForUpdatesRequest,
    ) -> Result<(), SoapError> {
        write_cookie(writer, "cookie", &request.cookie)?;
        write_guids(writer, "updateIDs", &request.update_ids);
        Ok(())
    }

    fn read_request(
        xml: &mut XmlReader<'_>,
    ) -> Result<GetRelatedRevisionsForUpdatesRequest, SoapError> {
        let mut request = GetRelatedRevisionsForUpdatesRequest::default();
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "cookie" => request.cookie = read_cookie(xml, "cookie")?,
                "updateIDs" => request.update_ids = read_guids(xml, "updateIDs")?,
                _ => xml.skip()?,
            }
        }
        Ok(request)
    }

    fn write_result(
        writer: &mut XmlWriter,
        identities: &Vec<UpdateIdentity>,
    ) -> Result<(), SoapError> {
        for identity in identities {
            write_identity(writer, "UpdateIdentity", identity);
        }
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<Vec<UpdateIdentity>, SoapError> {
        read_identities(xml, "GetRelatedRevisionsForUpdatesResult")
    }
}
