//! `GetRevisionIdList`: which revisions there are.

use super::{
    Filter, GetRevisionIdListRequest, IdAndDelta, LanguageAndDelta, PATH, RevisionIdList,
    cookies::{read_cookie, write_cookie},
};
use crate::{
    model::UpdateIdentity,
    wire::{
        soap::{Operation, SoapError, number, optional_text, required_guid, truth},
        xml::{Namespace, XmlReader, XmlWriter},
    },
};

/// Asks which revisions there are; the answer is never split (protocol §1.4).
#[derive(Debug, Clone, Copy)]
pub struct GetRevisionIdList;

impl Operation for GetRevisionIdList {
    type Request = GetRevisionIdListRequest;
    type Response = RevisionIdList;

    const NAME: &'static str = "GetRevisionIdList";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str = "http://www.microsoft.com/SoftwareDistribution/GetRevisionIdList";
    const PATH: &'static str = PATH;

    fn write_request(
        writer: &mut XmlWriter,
        request: &GetRevisionIdListRequest,
    ) -> Result<(), SoapError> {
        write_cookie(writer, "cookie", &request.cookie)?;
        let filter = &request.filter;
        writer.open("filter");
        writer.optional("Anchor", filter.anchor.as_deref())?;
        writer.value("GetConfig", filter.get_config);
        writer.value("Get63LanguageOnly", false);
        for (name, list) in
            [("Categories", &filter.categories), ("Classifications", &filter.classifications)]
        {
            let Some(list) = list else { continue };
            writer.open(name);
            for item in list {
                write_item(writer, "IdAndDelta", item.id, item.delta);
            }
            writer.close(name);
        }
        if let Some(list) = &filter.languages {
            writer.open("Languages");
            for item in list {
                write_item(writer, "LanguageAndDelta", item.id, item.delta);
            }
            writer.close("Languages");
        }
        writer.close("filter");
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<GetRevisionIdListRequest, SoapError> {
        let (mut cookie, mut filter) = (None, None);
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "cookie" => cookie = Some(read_cookie(xml, "cookie")?),
                "filter" => {
                    filter = Some(read_filter(xml).map_err(|it| it.of_parameter("filter"))?);
                }
                _ => xml.skip()?,
            }
        }
        Ok(GetRevisionIdListRequest {
            // None is as good as one that is not valid.
            cookie: cookie.unwrap_or_default(),
            filter: filter.ok_or(SoapError::Missing { element: "filter" })?,
        })
    }

    fn write_result(writer: &mut XmlWriter, list: &RevisionIdList) -> Result<(), SoapError> {
        writer.optional("Anchor", list.anchor.as_deref())?;
        writer.open("NewRevisions");
        for identity in &list.new_revisions {
            write_identity(writer, "UpdateIdentity", identity);
        }
        writer.close("NewRevisions");
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<RevisionIdList, SoapError> {
        let mut list = RevisionIdList::default();
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "Anchor" => list.anchor = optional_text(xml, "Anchor")?,
                "NewRevisions" => list.new_revisions = read_identities(xml, "NewRevisions")?,
                _ => xml.skip()?,
            }
        }
        Ok(list)
    }

    fn response_capacity(list: &RevisionIdList) -> usize {
        // One identity takes 133 bytes and the digits of its revision.
        list.new_revisions.len().saturating_mul(140).saturating_add(1 << 10)
    }
}

/// Writes one item of a filter as the element `name`.
pub(super) fn write_item(
    writer: &mut XmlWriter,
    name: &str,
    id: impl std::fmt::Display,
    delta: bool,
) {
    writer.open(name);
    writer.value("Id", id);
    writer.value("Delta", delta);
    writer.close(name);
}

fn read_filter(xml: &mut XmlReader<'_>) -> Result<Filter, SoapError> {
    let mut filter = Filter::default();
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "Categories" | "Classifications" | "Languages" if tag.is_nil()? => xml.skip()?,
            "Anchor" => filter.anchor = optional_text(xml, "Anchor")?,
            "GetConfig" => filter.get_config = truth(xml, "GetConfig")?,
            "Categories" => filter.categories = Some(read_category_items(xml)?),
            "Classifications" => filter.classifications = Some(read_category_items(xml)?),
            "Languages" => {
                let items = read_items(xml, number)?.into_iter();
                let items = items.map(|(id, delta)| LanguageAndDelta { id, delta });
                filter.languages = Some(items.collect());
            }
            _ => xml.skip()?,
        }
    }
    Ok(filter)
}

/// The categories in the list that is open now.
pub(super) fn read_category_items(xml: &mut XmlReader<'_>) -> Result<Vec<IdAndDelta>, SoapError> {
    read_items(xml, required_guid).map(category)
}

fn category(items: Vec<(uuid::Uuid, bool)>) -> Vec<IdAndDelta> {
    items.into_iter().map(|(id, delta)| IdAndDelta { id, delta }).collect()
}

type ReadId<T> = fn(&mut XmlReader<'_>, &'static str) -> Result<T, SoapError>;
type Items<T> = Vec<(T, bool)>;

/// The items of one list of a filter.
fn read_items<T>(xml: &mut XmlReader<'_>, read_id: ReadId<T>) -> Result<Items<T>, SoapError> {
    let mut items = Vec::new();
    while xml.next_child()?.is_some() {
        let (mut id, mut delta) = (None, false);
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "Id" => id = Some(read_id(xml, "Id")?),
                "Delta" => delta = truth(xml, "Delta")?,
                _ => xml.skip()?,
            }
        }
        items.push((id.ok_or(SoapError::Missing { element: "Id" })?, delta));
    }
    Ok(items)
}

/// Writes one identity as the element `name`.
pub(super) fn write_identity(writer: &mut XmlWriter, name: &str, identity: &UpdateIdentity) {
    writer.open(name);
    writer.value("UpdateID", identity.update_id);
    writer.value("RevisionNumber", identity.revision);
    writer.close(name);
}

/// Writes identities as `UpdateIdentity` children of the element `name`.
pub(super) fn write_identities(writer: &mut XmlWriter, name: &str, identities: &[UpdateIdentity]) {
    writer.open(name);
    for identity in identities {
        write_identity(writer, "UpdateIdentity", identity);
    }
    writer.close(name);
}

/// Reads the `UpdateIdentity` children of the element that is open now.
pub(super) fn read_identities(
    xml: &mut XmlReader<'_>,
    parameter: &'static str,
) -> Result<Vec<UpdateIdentity>, SoapError> {
    let mut identities = Vec::new();
    while let Some(tag) = xml.next_child()? {
        if tag.local_name() == "UpdateIdentity" {
            identities.push(read_identity(xml, parameter)?);
        } else {
            xml.skip()?;
        }
    }
    Ok(identities)
}

/// Reads one identity, up to the end of its element.
pub(super) fn read_identity(
    xml: &mut XmlReader<'_>,
    parameter: &'static str,
) -> Result<UpdateIdentity, SoapError> {
    let (mut update_id, mut revision) = (None, None);
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "UpdateID" => update_id = Some(required_guid(xml, parameter)?),
            "RevisionNumber" => revision = Some(number(xml, parameter)?),
            _ => xml.skip()?,
        }
    }
    Ok(UpdateIdentity {
        update_id: update_id.ok_or(SoapError::Missing { element: parameter })?,
        revision: revision.ok_or(SoapError::Missing { element: parameter })?,
    })
}
