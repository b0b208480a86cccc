//! What the calls of `ReportingWebService` answer: downstream servers tell of themselves and of
//! their computers (protocol §1.11).

use jiff::{SignedDuration, Timestamp};

use super::{
    call::{Answering, Call},
    refusal::Refusal,
};
use crate::{
    store::catalog::Told,
    wire::reporting::{
        GetOutOfSyncComputers, GetOutOfSyncComputersRequest, GetRequiredInventoryType,
        GetRollupConfiguration, ReportEventBatch, ReportEventBatch2, ReportInventory,
        ReportedEvent, Request, RollupComputerStatus, RollupComputerStatusRequest, RollupComputers,
        RollupComputersRequest, RollupConfiguration, RollupDownstreamServers,
        RollupDownstreamServersRequest,
    },
};

/// Client summaries of one `RollupDownstreamServers`: so many fit into a request.
pub(super) const MAX_CLIENT_SUMMARIES: usize = 500;

/// Computers of one `RollupComputers`: as many as WSUS takes.
pub(super) const MAX_COMPUTERS: usize = 1_500;

/// Numbers of one `GetOutOfSyncComputers`: as many as WSUS takes.
pub(super) const MAX_ROLLUP_NUMBERS: usize = 20_000;

/// Computers of one `RollupComputerStatus`, each with thousands of updates: so many fit into a
/// request.
pub(super) const MAX_COMPUTER_STATUSES: usize = 10;

/// Servers and events of one call, which no announced limit bounds.
const MAX_SERVERS: usize = 5_000;
const MAX_EVENTS: usize = 2_000;

/// How far the caller's clock may differ before its times are shifted (protocol §1.11).
const CLOCKS: SignedDuration = SignedDuration::from_mins(1);

impl Answering<'_> {
    pub(super) fn reporting(&self, request: Request) -> Result<Call, Refusal> {
        match request {
            Request::GetRollupConfiguration(_) => self.rollup_configuration(),
            Request::RollupDownstreamServers(request) => self.servers(request),
            Request::RollupComputers(request) => self.computers(request),
            Request::GetOutOfSyncComputers(request) => self.out_of_sync(&request),
            Request::RollupComputerStatus(request) => self.statuses(request),
            Request::ReportEventBatch(request) => {
                self.events(&request.events, None)?;
                self.encode::<ReportEventBatch>(&true)
            }
            Request::ReportEventBatch2(request) => {
                self.events(&request.events, Some(&request.computer_id))?;
                self.encode::<ReportEventBatch2>(&true)
            }
            // No inventory is wanted, and none is taken.
            Request::GetRequiredInventoryType(_) => self.encode::<GetRequiredInventoryType>(&0),
            Request::ReportInventory(_) => self.encode::<ReportInventory>(&false),
            Request::Ping(_) => self.ping(),
        }
    }

    fn rollup_configuration(&self) -> Result<Call, Refusal> {
        let limit = |it: usize| i32::try_from(it).unwrap_or(i32::MAX);
        self.encode::<GetRollupConfiguration>(&RollupConfiguration {
            detailed: true,
            // Who has another catalog knows nothing of what was told to the one before.
            reset_guid: self.catalog.uuid()?,
            server_id: self.catalog.account_guid()?,
            max_client_summaries: limit(MAX_CLIENT_SUMMARIES),
            max_computers: limit(MAX_COMPUTERS),
            max_rollup_numbers: limit(MAX_ROLLUP_NUMBERS),
            max_computer_statuses: limit(MAX_COMPUTER_STATUSES),
        })
    }

    fn servers(&self, mut request: RollupDownstreamServersRequest) -> Result<Call, Refusal> {
        let summaries: usize = request.servers.iter().map(|server| server.clients.len()).sum();
        if summaries > MAX_CLIENT_SUMMARIES || request.servers.len() > MAX_SERVERS {
            return Err(Refusal::Parameter("downstreamServers"));
        }
        let shift = self.shift(request.client_time);
        for server in &mut request.servers {
            shift.apply(&mut server.last_synchronization);
            shift.apply(&mut server.last_rollup);
        }
        taken(self.catalog.take_servers(&request.servers, self.now)?)?;
        self.encode::<RollupDownstreamServers>(&())
    }

    fn computers(&self, mut request: RollupComputersRequest) -> Result<Call, Refusal> {
        if request.computers.len() > MAX_COMPUTERS {
            return Err(Refusal::Parameter("computers"));
        }
        let shift = self.shift(request.client_time);
        for computer in &mut request.computers {
            shift.apply(&mut computer.last_synchronization);
            shift.apply(&mut computer.last_status);
        }
        let (told, changed) = self.catalog.take_computers(&request.computers, self.now)?;
        taken(told)?;
        self.encode::<RollupComputers>(&changed)
    }

    fn out_of_sync(&self, request: &GetOutOfSyncComputersRequest) -> Result<Call, Refusal> {
        if request.numbers.len() > MAX_ROLLUP_NUMBERS {
            return Err(Refusal::Parameter("lastRollupNumbers"));
        }
        let wanted = self.catalog.out_of_sync(request.parent, &request.numbers)?;
        self.encode::<GetOutOfSyncComputers>(&wanted)
    }

    fn statuses(&self, mut request: RollupComputerStatusRequest) -> Result<Call, Refusal> {
        if request.computers.len() > MAX_COMPUTER_STATUSES {
            return Err(Refusal::Parameter("computers"));
        }
        let shift = self.shift(request.client_time);
        for computer in &mut request.computers {
            shift.apply(&mut computer.last_detection);
            for update in &mut computer.updates {
                shift.apply(&mut update.changed_at);
            }
        }
        self.catalog.take_statuses(&request.computers, self.now)?;
        self.encode::<RollupComputerStatus>(&true)
    }

    fn events(&self, events: &[ReportedEvent], computer: Option<&str>) -> Result<(), Refusal> {
        if events.len() > MAX_EVENTS {
            return Err(Refusal::Parameter("eventBatch"));
        }
        if computer == Some("") {
            return Err(Refusal::Parameter("computerId"));
        }
        Ok(self.catalog.note_events(events, self.now)?)
    }

    fn shift(&self, client_time: Timestamp) -> Shift {
        let by = self.now.duration_since(client_time);
        Shift((by.abs() > CLOCKS).then_some(by))
    }
}

/// What the times of a caller are moved by, whose clock is wrong.
#[derive(Clone, Copy)]
struct Shift(Option<SignedDuration>);

impl Shift {
    fn apply(self, at: &mut Option<Timestamp>) {
        if let (Some(by), Some(at)) = (self.0, at) {
            *at = at.saturating_add(by).unwrap_or(*at);
        }
    }
}

fn taken(told: Told) -> Result<(), Refusal> {
    match told {
        Told::Taken => Ok(()),
        Told::UnknownParent(parent) => Err(Refusal::UnknownParent(parent)),
    }
}
