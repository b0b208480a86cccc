//! `RollupDownstreamServers`: what a downstream server tells of itself and of those below it.

use jiff::Timestamp;
use uuid::Uuid;

use super::{ClientSummary, PATH, ServerSummary, write_dummy_cookie};
use crate::wire::{
    date_time,
    soap::{Operation, SoapError, bounded_text, list, moment, moment_text, required_guid, truth},
    xml::{Namespace, XmlReader, XmlWriter},
};

/// Tells the parent of servers; the answer is empty.
#[derive(Debug, Clone, Copy)]
pub struct RollupDownstreamServers;

/// Request of `RollupDownstreamServers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollupDownstreamServersRequest {
    /// `clientTime`: the caller's clock.
    pub client_time: Timestamp,
    /// `downstreamServers`, parents first.
    pub servers: Vec<ServerInfo>,
}

/// A server (`DownstreamServerRollupInfo`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerInfo {
    /// `ServerId`: what it calls itself when it is authorized.
    pub id: Uuid,
    /// `FullDomainName`.
    pub name: String,
    /// `LastSyncTime`.
    pub last_synchronization: Option<Timestamp>,
    /// `ParentServerId`; none, all zeros on the wire: the one that is told.
    pub parent: Option<Uuid>,
    /// `Version`, such as `10.0.26100.1`.
    pub version: String,
    /// `IsReplica`.
    pub replica: bool,
    /// `LastRollupTime`: when it told of itself before.
    pub last_rollup: Option<Timestamp>,
    /// `ServerSummary`.
    pub summary: ServerSummary,
    /// `ClientSummaries`.
    pub clients: Vec<ClientSummary>,
}

impl Operation for RollupDownstreamServers {
    type Request = RollupDownstreamServersRequest;
    type Response = ();

    const NAME: &'static str = "RollupDownstreamServers";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str =
        "http://www.microsoft.com/SoftwareDistribution/RollupDownstreamServers";
    const PATH: &'static str = PATH;
    const HAS_RESULT: bool = false;

    fn write_request(
        writer: &mut XmlWriter,
        request: &RollupDownstreamServersRequest,
    ) -> Result<(), SoapError> {
        write_dummy_cookie(writer)?;
        writer.element("clientTime", &date_time::format(request.client_time))?;
        writer.open("downstreamServers");
        for server in &request.servers {
            write_server(writer, server)?;
        }
        writer.close("downstreamServers");
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<RollupDownstreamServersRequest, SoapError> {
        let (mut client_time, mut servers) = (None, None);
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "clientTime" => client_time = moment(xml, "clientTime")?,
                "downstreamServers" if tag.is_nil()? => xml.skip()?,
                "downstreamServers" => {
                    let read = list(xml, "DownstreamServerRollupInfo", read_server);
                    servers = Some(read.map_err(|it| it.of_parameter("downstreamServers"))?);
                }
                _ => xml.skip()?,
            }
        }
        Ok(RollupDownstreamServersRequest {
            client_time: client_time.ok_or(SoapError::Missing { element: "clientTime" })?,
            servers: servers.ok_or(SoapError::Missing { element: "downstreamServers" })?,
        })
    }

    fn write_result(_: &mut XmlWriter, (): &()) -> Result<(), SoapError> {
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<(), SoapError> {
        Ok(xml.skip()?)
    }
}

fn write_server(writer: &mut XmlWriter, server: &ServerInfo) -> Result<(), SoapError> {
    writer.open("DownstreamServerRollupInfo");
    writer.value("ServerId", server.id);
    writer.element("FullDomainName", &server.name)?;
    writer.element("LastSyncTime", &moment_text(server.last_synchronization))?;
    writer.value("ParentServerId", server.parent.unwrap_or(Uuid::nil()));
    writer.element("Version", &server.version)?;
    writer.value("IsReplica", server.replica);
    writer.element("LastRollupTime", &moment_text(server.last_rollup))?;
    server.summary.write(writer);
    writer.open("ClientSummaries");
    for client in &server.clients {
        client.write(writer)?;
    }
    writer.close("ClientSummaries");
    writer.close("DownstreamServerRollupInfo");
    Ok(())
}

fn read_server(xml: &mut XmlReader<'_>) -> Result<ServerInfo, SoapError> {
    let mut id = None;
    let mut server = ServerInfo {
        id: Uuid::nil(),
        name: String::new(),
        last_synchronization: None,
        parent: None,
        version: String::new(),
        replica: false,
        last_rollup: None,
        summary: ServerSummary::default(),
        clients: Vec::new(),
    };
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "ServerId" => id = Some(required_guid(xml, "ServerId")?),
            "FullDomainName" => server.name = bounded_text(xml, "FullDomainName")?,
            "LastSyncTime" => server.last_synchronization = moment(xml, "LastSyncTime")?,
            "ParentServerId" => {
                let parent = required_guid(xml, "ParentServerId")?;
                server.parent = Some(parent).filter(|it| !it.is_nil());
            }
            "Version" => server.version = bounded_text(xml, "Version")?,
            "IsReplica" => server.replica = truth(xml, "IsReplica")?,
            "LastRollupTime" => server.last_rollup = moment(xml, "LastRollupTime")?,
            "ServerSummary" => server.summary = ServerSummary::read(xml)?,
            "ClientSummaries" => {
                let item = "DownstreamServerRollupClientSummary";
                server.clients = list(xml, item, ClientSummary::read)?;
            }
            _ => xml.skip()?,
        }
    }
    server.id = id.ok_or(SoapError::Missing { element: "ServerId" })?;
    Ok(server)
}
