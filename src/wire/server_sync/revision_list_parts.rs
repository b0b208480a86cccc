//! A `GetRevisionIdList` response in parts: a list of a million revisions is never in memory as a whole.

use super::{GetRevisionIdList, revision_list::write_identity};
use crate::{
    model::UpdateIdentity,
    wire::{
        soap::{SoapError, SoapVersion, begin_response, end_response},
        xml::XmlWriter,
    },
};

/// What stands around the revisions of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionListFrame {
    /// Before the first one.
    pub head: Vec<u8>,
    /// After the last one.
    pub tail: Vec<u8>,
}

impl RevisionListFrame {
    /// The frame of a list with this anchor.
    ///
    /// # Errors
    ///
    /// The anchor has a character that XML forbids.
    pub fn new(version: SoapVersion, anchor: &str) -> Result<Self, SoapError> {
        let mut writer = XmlWriter::with_capacity(1 << 10);
        begin_response::<GetRevisionIdList>(&mut writer, version);
        writer.element("Anchor", anchor)?;
        writer.open("NewRevisions");
        let begin = writer.len();
        writer.close("NewRevisions");
        end_response::<GetRevisionIdList>(&mut writer);
        let mut head = writer.finish().into_bytes();
        let tail = head.split_off(begin.min(head.len()));
        Ok(Self { head, tail })
    }

    /// Revisions, as they stand between head and tail.
    pub fn revisions(identities: &[UpdateIdentity]) -> Vec<u8> {
        // One takes 133 bytes and the digits of its revision.
        let mut writer = XmlWriter::with_capacity(identities.len().saturating_mul(140));
        for identity in identities {
            write_identity(&mut writer, "UpdateIdentity", identity);
        }
        writer.finish().into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::wire::{server_sync::RevisionIdList, soap::Operation};

    #[test]
    fn the_parts_are_the_response_that_is_written_at_once() {
        let new_revisions: Vec<_> = (0..5)
            .map(|number| UpdateIdentity { update_id: Uuid::from_u128(number), revision: 7 })
            .collect();
        for version in [SoapVersion::V1_1, SoapVersion::V1_2] {
            let RevisionListFrame { head, tail } = RevisionListFrame::new(version, "1,a").unwrap();
            let (one, two) = new_revisions.split_at(2);
            let parts =
                [head, RevisionListFrame::revisions(one), RevisionListFrame::revisions(two), tail];
            let anchor = Some("1,a".to_owned());
            let list = RevisionIdList { anchor, new_revisions: new_revisions.clone() };
            let whole = GetRevisionIdList::encode_response(version, &list).unwrap();
            assert_eq!(parts.concat(), whole);
        }
    }
}
