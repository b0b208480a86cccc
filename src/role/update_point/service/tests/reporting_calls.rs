//! What downstream servers tell of themselves and their computers.

use jiff::SignedDuration;
use uuid::Uuid;

use super::{Caller, parameter};
use crate::{
    clock,
    wire::{
        reporting::{
            ChangedComputer, ClientSummary, ComputerChange, ComputerDetails, ComputerInfo,
            ComputerStatus, GetOutOfSyncComputers, GetOutOfSyncComputersRequest,
            GetRequiredInventoryType, GetRequiredInventoryTypeRequest, GetRollupConfiguration,
            GetRollupConfigurationRequest, LastRollupNumber, ReportEventBatch, ReportEventBatch2,
            ReportEventBatch2Request, ReportEventBatchRequest, ReportInventory,
            ReportInventoryRequest, ReportedEvent, RollupComputerStatus,
            RollupComputerStatusRequest, RollupComputers, RollupComputersRequest,
            RollupDownstreamServers, RollupDownstreamServersRequest, ServerInfo, ServerSummary,
            UpdateStatus,
        },
        soap::{ErrorCode, Fault},
    },
};

fn server(number: u128, parent: Option<u128>) -> ServerInfo {
    ServerInfo {
        id: Uuid::from_u128(number),
        name: format!("dss{number}.example.org"),
        last_synchronization: Some("2026-11-20T08:00:00Z".parse().unwrap()),
        parent: parent.map(Uuid::from_u128),
        version: "10.0.26100.1".to_owned(),
        replica: false,
        last_rollup: None,
        summary: ServerSummary { updates: 3, ..ServerSummary::default() },
        clients: vec![ClientSummary { count: 2, ..ClientSummary::default() }],
    }
}

fn computer(id: &str, parent: u128) -> ComputerInfo {
    let details = ComputerDetails { name: format!("{id}.example.org"), ..Default::default() };
    ComputerInfo {
        id: id.to_owned(),
        parent: Uuid::from_u128(parent),
        details: Some(details),
        ..ComputerInfo::default()
    }
}

fn status(id: &str, number: i32, full: bool, states: &[i32]) -> ComputerStatus {
    let update = |(id, state): (u128, &i32)| UpdateStatus {
        update_id: Uuid::from_u128(id),
        state: *state,
        changed_at: None,
    };
    ComputerStatus {
        instance: Uuid::from_u128(1),
        id: id.to_owned(),
        last_detection: None,
        number,
        full,
        updates: (1..).zip(states).map(update).collect(),
    }
}

impl Caller {
    async fn tell(&self, servers: Vec<ServerInfo>) -> Result<(), Fault> {
        let request = RollupDownstreamServersRequest { client_time: clock::now(), servers };
        self.call::<RollupDownstreamServers>(&request).await
    }

    async fn tell_computers(
        &self,
        computers: Vec<ComputerInfo>,
    ) -> Result<Vec<ChangedComputer>, Fault> {
        let request = RollupComputersRequest { client_time: clock::now(), computers };
        self.call::<RollupComputers>(&request).await
    }

    async fn out_of_sync(&self, parent: u128, numbers: &[(&str, i32)]) -> Vec<String> {
        let number =
            |(id, number): &(&str, i32)| LastRollupNumber { id: (*id).to_owned(), number: *number };
        let request = GetOutOfSyncComputersRequest {
            parent: Uuid::from_u128(parent),
            numbers: numbers.iter().map(number).collect(),
        };
        self.call::<GetOutOfSyncComputers>(&request).await.unwrap()
    }

    async fn tell_status(&self, computers: Vec<ComputerStatus>) -> Result<bool, Fault> {
        let client_time = clock::now();
        let request =
            RollupComputerStatusRequest { client_time, parent: Uuid::from_u128(1), computers };
        self.call::<RollupComputerStatus>(&request).await
    }
}

#[tokio::test]
async fn servers_are_remembered_with_those_below_them() {
    let caller = Caller::new(0).await;
    let catalog = caller.place.point.catalog();
    let configuration =
        caller.call::<GetRollupConfiguration>(&GetRollupConfigurationRequest).await.unwrap();
    assert_eq!(configuration.server_id, catalog.account_guid().unwrap());
    assert!(configuration.detailed && configuration.max_client_summaries > 0);
    // The one below is told of in the same call, in whatever order.
    caller.tell(vec![server(2, Some(1)), server(1, None)]).await.unwrap();
    let known = catalog.downstream_servers().unwrap();
    let told: Vec<_> = known.iter().map(|it| (it.id.as_u128(), it.parent)).collect();
    assert_eq!(told, [(1, None), (2, Some(Uuid::from_u128(1)))]);
    assert_eq!((known[0].summary.updates, known[0].clients[0].count), (3, 2));
    // What is older than what is known is passed over.
    let at = |text: &str| Some(text.parse().unwrap());
    let newer = ServerInfo {
        version: "new".to_owned(),
        last_rollup: at("2026-11-20T09:00:00Z"),
        ..server(1, None)
    };
    let older = ServerInfo {
        version: "old".to_owned(),
        last_rollup: at("2026-11-20T08:00:00Z"),
        ..server(1, None)
    };
    caller.tell(vec![newer]).await.unwrap();
    caller.tell(vec![older]).await.unwrap();
    assert_eq!(catalog.downstream_servers().unwrap()[0].version, "new");

    let fault = caller.tell(vec![server(4, Some(3))]).await.unwrap_err();
    assert_eq!(fault.code, ErrorCode::InternalServerError);
    let many = vec![ClientSummary::default(); 501];
    let fault = caller.tell(vec![ServerInfo { clients: many, ..server(5, None) }]).await;
    assert_eq!(parameter(&fault.unwrap_err()), "downstreamServers");
    assert_eq!(catalog.downstream_servers().unwrap().len(), 2);
}

#[tokio::test]
async fn times_of_a_clock_that_is_wrong_are_shifted() {
    let caller = Caller::new(0).await;
    let now = clock::now();
    let client_time = now - SignedDuration::from_hours(100);
    let mut told = server(1, None);
    told.last_synchronization = Some(client_time - SignedDuration::from_hours(1));
    let request = RollupDownstreamServersRequest { client_time, servers: vec![told] };
    caller.call::<RollupDownstreamServers>(&request).await.unwrap();
    let known = caller.place.point.catalog().downstream_servers().unwrap();
    let ago = now.duration_since(known[0].last_synchronization.unwrap());
    let hour = SignedDuration::from_hours(1);
    assert!((ago - hour).abs() < SignedDuration::from_mins(30), "{ago}");
}

#[tokio::test]
async fn what_was_missed_of_a_computer_is_asked_for() {
    let caller = Caller::new(0).await;
    let catalog = caller.place.point.catalog();
    let fault = caller.tell_computers(vec![computer("pc", 1)]).await.unwrap_err();
    assert_eq!(fault.code, ErrorCode::InternalServerError, "of a server that is not known");
    caller.tell(vec![server(1, None), server(2, Some(1))]).await.unwrap();
    let bare = ComputerInfo { details: None, ..computer("bare", 2) };
    let changed = caller.tell_computers(vec![computer("pc", 1), bare.clone()]).await.unwrap();
    let new = ChangedComputer { id: "bare".to_owned(), change: ComputerChange::NewParent };
    assert_eq!(changed, std::slice::from_ref(&new));
    assert_eq!(caller.tell_computers(vec![bare.clone()]).await.unwrap(), []);
    let moved = ComputerInfo { parent: Uuid::from_u128(1), ..bare };
    assert_eq!(caller.tell_computers(vec![moved]).await.unwrap(), [new]);
    let endless = caller.tell_computers(vec![computer(&"x".repeat(300), 1)]).await.unwrap();
    assert_eq!(endless[0].change, ComputerChange::Deleted);

    assert_eq!(caller.out_of_sync(1, &[("pc", 2), ("bare", 0), ("other", 5)]).await, ["pc"]);
    assert!(caller.out_of_sync(9, &[("pc", 2)]).await.is_empty(), "asked by a stranger");
    assert!(caller.tell_status(vec![status("pc", 3, true, &[2, 4, 5, 0])]).await.unwrap());
    assert!(caller.out_of_sync(1, &[("pc", 3)]).await.is_empty());
    assert_eq!(catalog.computer_counts().unwrap(), (2, 1));
    let summary = catalog.summary().unwrap();
    assert_eq!((summary.needed_by_computers, summary.with_client_errors), (2, 1));
    // What does not follow is passed over, and named; what follows is taken.
    assert!(caller.tell_status(vec![status("pc", 5, false, &[4])]).await.unwrap());
    assert_eq!(caller.out_of_sync(1, &[("pc", 5)]).await, ["pc"]);
    assert!(caller.tell_status(vec![status("pc", 4, false, &[4, 4, 4])]).await.unwrap());
    assert_eq!(catalog.summary().unwrap().needed_by_computers, 0);
    assert!(caller.tell_status(vec![status("other", 1, true, &[2])]).await.unwrap());
    assert_eq!(catalog.computer_counts().unwrap(), (2, 0));
}

#[tokio::test]
async fn more_than_was_announced_is_refused() {
    let caller = Caller::new(0).await;
    let many = caller.tell_computers(vec![computer("pc", 1); 1_501]).await.unwrap_err();
    assert_eq!(parameter(&many), "computers");
    let many = caller.tell_status(vec![status("pc", 1, true, &[]); 11]).await.unwrap_err();
    assert_eq!(parameter(&many), "computers");
    let numbers = vec![LastRollupNumber::default(); 20_001];
    let request = GetOutOfSyncComputersRequest { parent: Uuid::nil(), numbers };
    let many = caller.call::<GetOutOfSyncComputers>(&request).await.unwrap_err();
    assert_eq!(parameter(&many), "lastRollupNumbers");
}

#[tokio::test]
async fn computers_report_to_the_same_service() {
    let caller = Caller::new(0).await;
    let event = ReportedEvent {
        computer_id: "pc".to_owned(),
        at: Some(clock::now()),
        event_id: 156,
        computer_name: "pc.example.org".to_owned(),
        ..ReportedEvent::default()
    };
    let client_time = clock::now();
    let batch = ReportEventBatchRequest { client_time, events: vec![event.clone()] };
    assert!(caller.call::<ReportEventBatch>(&batch).await.unwrap());
    let mut named = ReportEventBatch2Request {
        computer_id: "pc".to_owned(),
        client_time,
        events: vec![event.clone()],
    };
    assert!(caller.call::<ReportEventBatch2>(&named).await.unwrap());
    assert_eq!(caller.place.point.catalog().computer_counts().unwrap(), (1, 0));
    named.computer_id.clear();
    let fault = caller.call::<ReportEventBatch2>(&named).await.unwrap_err();
    assert_eq!(parameter(&fault), "computerId");
    let many = ReportEventBatchRequest { client_time, events: vec![event; 2_001] };
    let fault = caller.call::<ReportEventBatch>(&many).await.unwrap_err();
    assert_eq!(parameter(&fault), "eventBatch");
    let wanted = GetRequiredInventoryTypeRequest::default();
    assert_eq!(caller.call::<GetRequiredInventoryType>(&wanted).await.unwrap(), 0);
    let inventory = ReportInventoryRequest { client_time };
    assert!(!caller.call::<ReportInventory>(&inventory).await.unwrap());
}
