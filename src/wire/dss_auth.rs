//! Authorization of downstream servers (protocol §1.4, namespace `DA`): anyone may register; what
//! an operator allows is decided elsewhere.

use super::{
    server_sync::{AuthorizationCookie, read_authorization_cookie, write_authorization_cookie},
    soap::{Operation, SoapError, bounded_text},
    xml::{Namespace, XmlReader, XmlWriter},
};

/// Path of the service below a server's root; IIS ignores case (protocol §1.1).
pub const PATH: &str = "/DssAuthWebService/DssAuthWebService.asmx";

/// The one plug-in there is.
pub const PLUG_IN_ID: &str = "DssTargeting";

/// Asks for an authorization cookie.
#[derive(Debug, Clone, Copy)]
pub struct GetAuthorizationCookie;

/// Request of `GetAuthorizationCookie`. Texts, since a server must answer a malformed one with a
/// fault of its own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetAuthorizationCookieRequest {
    /// `accountName`: the full name of the downstream server.
    pub account_name: String,
    /// `accountGuid`: the stable identifier of the downstream server.
    pub account_guid: String,
}

impl Operation for GetAuthorizationCookie {
    type Request = GetAuthorizationCookieRequest;
    type Response = AuthorizationCookie;

    const NAME: &'static str = "GetAuthorizationCookie";
    const NAMESPACE: Namespace = Namespace::DssAuth;
    const ACTION: &'static str = "http://www.microsoft.com/SoftwareDistribution/Server/\
         DssAuthWebService/GetAuthorizationCookie";
    const PATH: &'static str = PATH;

    fn write_request(
        writer: &mut XmlWriter,
        request: &GetAuthorizationCookieRequest,
    ) -> Result<(), SoapError> {
        writer.element("accountName", &request.account_name)?;
        writer.element("accountGuid", &request.account_guid)?;
        writer.empty("programKeys");
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<GetAuthorizationCookieRequest, SoapError> {
        let mut request = GetAuthorizationCookieRequest::default();
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "accountName" => request.account_name = bounded_text(xml, "accountName")?,
                "accountGuid" => request.account_guid = bounded_text(xml, "accountGuid")?,
                _ => xml.skip()?,
            }
        }
        Ok(request)
    }

    fn write_result(writer: &mut XmlWriter, cookie: &AuthorizationCookie) -> Result<(), SoapError> {
        write_authorization_cookie(writer, cookie)
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<AuthorizationCookie, SoapError> {
        read_authorization_cookie(xml)
    }
}
