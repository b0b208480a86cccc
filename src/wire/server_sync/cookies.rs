//! `GetCookie`, and the cookies that the other calls carry.

use super::{AuthorizationCookie, Cookie, GetCookieRequest, PATH};
use crate::wire::{
    soap::{Operation, SoapError, bounded_text, optional_bytes},
    xml::{Namespace, XmlReader, XmlWriter},
};

/// Exchanges an authorization cookie for a session.
#[derive(Debug, Clone, Copy)]
pub struct GetCookie;

impl Operation for GetCookie {
    type Request = GetCookieRequest;
    type Response = Cookie;

    const NAME: &'static str = "GetCookie";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str = "http://www.microsoft.com/SoftwareDistribution/GetCookie";
    const PATH: &'static str = PATH;

    fn write_request(writer: &mut XmlWriter, request: &GetCookieRequest) -> Result<(), SoapError> {
        writer.open("authCookies");
        for cookie in &request.auth_cookies {
            writer.open("AuthorizationCookie");
            write_authorization_cookie(writer, cookie)?;
            writer.close("AuthorizationCookie");
        }
        writer.close("authCookies");
        if let Some(cookie) = &request.old_cookie {
            write_cookie(writer, "oldCookie", cookie)?;
        }
        writer.element("protocolVersion", &request.protocol_version)?;
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<GetCookieRequest, SoapError> {
        let mut request = GetCookieRequest::default();
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "authCookies" => {
                    while let Some(item) = xml.next_child()? {
                        if item.local_name() == "AuthorizationCookie" {
                            let cookie = read_authorization_cookie(xml);
                            let cookie = cookie.map_err(|it| it.of_parameter("authCookies"))?;
                            request.auth_cookies.push(cookie);
                        } else {
                            xml.skip()?;
                        }
                    }
                }
                "oldCookie" => {
                    let cookie = read_cookie(xml, "oldCookie")?;
                    let is_nil = cookie.expiration.is_empty() && cookie.encrypted_data.is_empty();
                    request.old_cookie = (!is_nil).then_some(cookie);
                }
                "protocolVersion" => {
                    request.protocol_version = bounded_text(xml, "protocolVersion")?;
                }
                _ => xml.skip()?,
            }
        }
        Ok(request)
    }

    fn write_result(writer: &mut XmlWriter, cookie: &Cookie) -> Result<(), SoapError> {
        write_cookie_fields(writer, cookie)
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<Cookie, SoapError> {
        read_cookie(xml, "GetCookieResult")
    }
}

/// Writes a session cookie as the element `name`.
pub(in crate::wire) fn write_cookie(
    writer: &mut XmlWriter,
    name: &str,
    cookie: &Cookie,
) -> Result<(), SoapError> {
    writer.open(name);
    write_cookie_fields(writer, cookie)?;
    writer.close(name);
    Ok(())
}

fn write_cookie_fields(writer: &mut XmlWriter, cookie: &Cookie) -> Result<(), SoapError> {
    writer.element("Expiration", &cookie.expiration)?;
    writer.base64("EncryptedData", &cookie.encrypted_data);
    Ok(())
}

/// Reads a session cookie; whether it is one, only its maker can tell.
pub(super) fn read_cookie(
    xml: &mut XmlReader<'_>,
    parameter: &'static str,
) -> Result<Cookie, SoapError> {
    let mut cookie = Cookie::default();
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "Expiration" => cookie.expiration = bounded_text(xml, parameter)?,
            "EncryptedData" => {
                cookie.encrypted_data = optional_bytes(xml, parameter)?.unwrap_or_default();
            }
            _ => xml.skip()?,
        }
    }
    Ok(cookie)
}

/// Writes what an authorization cookie holds; the elements belong to the namespace of the message.
pub(in crate::wire) fn write_authorization_cookie(
    writer: &mut XmlWriter,
    cookie: &AuthorizationCookie,
) -> Result<(), SoapError> {
    writer.element("PlugInId", &cookie.plug_in_id)?;
    writer.base64("CookieData", &cookie.cookie_data);
    Ok(())
}

/// Reads what an authorization cookie holds, in either namespace: some clients copy the nodes of
/// one message into the next (protocol §1.2).
pub(in crate::wire) fn read_authorization_cookie(
    xml: &mut XmlReader<'_>,
) -> Result<AuthorizationCookie, SoapError> {
    let mut cookie = AuthorizationCookie::default();
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "PlugInId" => cookie.plug_in_id = bounded_text(xml, "PlugInId")?,
            "CookieData" => {
                cookie.cookie_data = optional_bytes(xml, "CookieData")?.unwrap_or_default();
            }
            _ => xml.skip()?,
        }
    }
    Ok(cookie)
}
