//! Reporting (MS-WSUSSS, protocol §1.11): what downstream servers tell their parent of themselves
//! and of their computers, and what computers tell their server.

mod computer_status;
mod computers;
mod configuration;
mod events;
mod inventory;
mod out_of_sync;
mod request;
mod servers;
mod summaries;

#[cfg(test)]
mod tests;

pub use computer_status::{
    ComputerStatus, RollupComputerStatus, RollupComputerStatusRequest, UpdateStatus,
};
pub use computers::{
    ChangedComputer, ComputerChange, ComputerDetails, ComputerInfo, RollupComputers,
    RollupComputersRequest,
};
pub use configuration::{
    GetRollupConfiguration, GetRollupConfigurationRequest, RollupConfiguration,
};
pub use events::{
    ReportEventBatch, ReportEventBatch2, ReportEventBatch2Request, ReportEventBatchRequest,
    ReportedEvent,
};
pub use inventory::{
    GetRequiredInventoryType, GetRequiredInventoryTypeRequest, ReportInventory,
    ReportInventoryRequest,
};
pub use out_of_sync::{GetOutOfSyncComputers, GetOutOfSyncComputersRequest, LastRollupNumber};
pub use request::Request;
pub use servers::{RollupDownstreamServers, RollupDownstreamServersRequest, ServerInfo};
pub use summaries::{ActivitySummary, ClientSummary, ServerSummary};

use super::{
    server_sync::{Cookie, write_cookie},
    soap::SoapError,
    xml::XmlWriter,
};

/// Path of the service below a server's root; IIS ignores case (protocol §1.1).
pub const PATH: &str = "/ReportingWebService/ReportingWebService.asmx";

/// The cookie of this service is always the same, and says nothing (protocol §1.11).
fn write_dummy_cookie(writer: &mut XmlWriter) -> Result<(), SoapError> {
    let expiration = "9999-12-31T23:59:59.9999999".to_owned();
    write_cookie(writer, "cookie", &Cookie { expiration, encrypted_data: Vec::new() })
}
