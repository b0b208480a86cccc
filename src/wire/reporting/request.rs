//! What the service receives: one of the calls, told by the element in the body.

use super::{
    GetOutOfSyncComputers, GetRequiredInventoryType, GetRollupConfiguration, ReportEventBatch,
    ReportEventBatch2, ReportInventory, RollupComputerStatus, RollupComputers,
    RollupDownstreamServers,
};
use crate::wire::{monitoring::Ping, soap::requests};

requests! {
    /// A call that a downstream server or a computer makes.
    GetRollupConfiguration,
    RollupDownstreamServers,
    RollupComputers,
    GetOutOfSyncComputers,
    RollupComputerStatus,
    ReportEventBatch,
    ReportEventBatch2,
    GetRequiredInventoryType,
    ReportInventory,
    Ping,
}
