//! `Ping`, which each web service has (protocol §1.4): whether the service is well.

use jiff::Timestamp;

use super::{
    date_time, server_sync,
    soap::{Operation, SoapError, bounded_text, moment, number, truth},
    xml::{Namespace, XmlReader, XmlWriter},
};

/// Asks a service whether it is well.
#[derive(Debug, Clone, Copy)]
pub struct Ping;

/// Request of `Ping`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PingRequest {
    /// `pingLevel`: how closely to look; nobody has said what the numbers mean.
    pub level: i32,
}

/// How a service is (`MonitoredServicesResponse`), without what only tells of its computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceHealth {
    /// `SuccessFlag`.
    pub success: bool,
    /// `ServicesTime`: its clock.
    pub time: Timestamp,
    /// `ServicesName`.
    pub name: String,
    /// `IsHttps`.
    pub https: bool,
    /// `DatabaseInfo`.
    pub database: String,
}

impl Operation for Ping {
    type Request = PingRequest;
    type Response = ServiceHealth;

    const NAME: &'static str = "Ping";
    const NAMESPACE: Namespace = Namespace::Monitorable;
    const ACTION: &'static str =
        "http://www.microsoft.com/SoftwareDistribution/Server/IMonitorable/Ping";
    const PATH: &'static str = server_sync::PATH;

    fn write_request(writer: &mut XmlWriter, request: &PingRequest) -> Result<(), SoapError> {
        writer.value("pingLevel", request.level);
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<PingRequest, SoapError> {
        let mut request = PingRequest::default();
        while let Some(tag) = xml.next_child()? {
            if tag.local_name() == "pingLevel" {
                request.level = number(xml, "pingLevel")?;
            } else {
                xml.skip()?;
            }
        }
        Ok(request)
    }

    fn write_result(writer: &mut XmlWriter, health: &ServiceHealth) -> Result<(), SoapError> {
        writer.value("SuccessFlag", health.success);
        writer.element("ServicesTime", &date_time::format(health.time))?;
        writer.element("ServicesName", &health.name)?;
        writer.value("IsHttps", health.https);
        // There is no such file: the values that stand for none.
        writer.element("ConfigFileLastModifiedTime", "0001-01-01T00:00:00")?;
        writer.element("ConfigFileNextExpirationTime", "0001-01-01T00:00:00")?;
        writer.value("ConfigFileExpirationModuloInMinutes", 0);
        writer.element("DatabaseInfo", &health.database)?;
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<ServiceHealth, SoapError> {
        let (mut success, mut time, mut https) = (false, None, false);
        let (mut name, mut database) = (String::new(), String::new());
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "SuccessFlag" => success = truth(xml, "SuccessFlag")?,
                "ServicesTime" => time = moment(xml, "ServicesTime")?,
                "ServicesName" => name = bounded_text(xml, "ServicesName")?,
                "IsHttps" => https = truth(xml, "IsHttps")?,
                "DatabaseInfo" => database = bounded_text(xml, "DatabaseInfo")?,
                _ => xml.skip()?,
            }
        }
        let time = time.ok_or(SoapError::Missing { element: "ServicesTime" })?;
        Ok(ServiceHealth { success, time, name, https, database })
    }
}
