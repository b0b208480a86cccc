//! What a server receives: one of the calls, told by the element in the body.

use uuid::Uuid;

use super::{
    GetAuthConfig, GetAuthConfigRequest, GetConfigData, GetConfigDataRequest, GetCookie,
    GetCookieRequest, GetRevisionIdList, GetRevisionIdListRequest, GetUpdateData,
    GetUpdateDataRequest,
};
use crate::wire::{
    dss_auth::{GetAuthorizationCookie, GetAuthorizationCookieRequest},
    soap::{Envelope, Fault, Operation},
};

/// A call that a downstream server makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// `GetAuthConfig`.
    GetAuthConfig(GetAuthConfigRequest),
    /// `GetAuthorizationCookie`, which belongs to the other service.
    GetAuthorizationCookie(GetAuthorizationCookieRequest),
    /// `GetCookie`.
    GetCookie(GetCookieRequest),
    /// `GetConfigData`.
    GetConfigData(GetConfigDataRequest),
    /// `GetRevisionIdList`.
    GetRevisionIdList(GetRevisionIdListRequest),
    /// `GetUpdateData`.
    GetUpdateData(GetUpdateDataRequest),
}

impl Request {
    /// Reads the call in `envelope`. What cannot be read comes back as the fault to answer with,
    /// which carries the identifier `fault_id`.
    pub fn decode(envelope: Envelope<'_>, fault_id: Uuid) -> Result<Self, Fault> {
        let name = envelope.name().to_owned();
        match name.as_str() {
            GetAuthConfig::NAME => {
                read::<GetAuthConfig>(envelope, fault_id).map(Self::GetAuthConfig)
            }
            GetAuthorizationCookie::NAME => {
                read::<GetAuthorizationCookie>(envelope, fault_id).map(Self::GetAuthorizationCookie)
            }
            GetCookie::NAME => read::<GetCookie>(envelope, fault_id).map(Self::GetCookie),
            GetConfigData::NAME => {
                read::<GetConfigData>(envelope, fault_id).map(Self::GetConfigData)
            }
            GetRevisionIdList::NAME => {
                read::<GetRevisionIdList>(envelope, fault_id).map(Self::GetRevisionIdList)
            }
            GetUpdateData::NAME => {
                read::<GetUpdateData>(envelope, fault_id).map(Self::GetUpdateData)
            }
            _ => Err(Fault::for_unknown_operation(&name, fault_id)),
        }
    }

    /// The SOAP action of the call: what a fault names as its method.
    pub const fn action(&self) -> &'static str {
        match self {
            Self::GetAuthConfig(_) => GetAuthConfig::ACTION,
            Self::GetAuthorizationCookie(_) => GetAuthorizationCookie::ACTION,
            Self::GetCookie(_) => GetCookie::ACTION,
            Self::GetConfigData(_) => GetConfigData::ACTION,
            Self::GetRevisionIdList(_) => GetRevisionIdList::ACTION,
            Self::GetUpdateData(_) => GetUpdateData::ACTION,
        }
    }
}

fn read<O: Operation>(envelope: Envelope<'_>, fault_id: Uuid) -> Result<O::Request, Fault> {
    if envelope.namespace() != O::NAMESPACE.name() {
        return Err(Fault::for_unknown_operation(envelope.name(), fault_id));
    }
    envelope
        .read(O::read_request)
        .map_err(|error| Fault::for_unreadable(&error, fault_id, O::ACTION))
}
