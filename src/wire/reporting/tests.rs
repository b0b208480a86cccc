use uuid::Uuid;

use super::*;
use crate::wire::{
    monitoring::{Ping, PingRequest, ServiceHealth},
    soap::{ErrorCode, Operation, SoapError, SoapVersion, parse_request},
};

macro_rules! example {
    ($name:literal) => {
        include_bytes!(concat!("../../../tests/data/soap/spec.", $name, ".xml"))
    };
}

fn at() -> jiff::Timestamp {
    "2026-10-04T20:33:26.1234567Z".parse().unwrap()
}

/// Both directions of a call, in both versions.
fn reads_back<O: Operation>(request: &O::Request, response: &O::Response)
where
    O::Request: PartialEq + std::fmt::Debug,
    O::Response: PartialEq + std::fmt::Debug,
{
    let body = O::encode_request(request).unwrap();
    assert_eq!(&O::decode_request(&body).unwrap(), request);
    for version in [SoapVersion::V1_1, SoapVersion::V1_2] {
        let body = O::encode_response(version, response).unwrap();
        assert_eq!(&O::decode_response(&body).unwrap(), response);
    }
}

fn server() -> ServerInfo {
    let activity =
        ActivitySummary { update_id: Uuid::from_u128(3), revision: 101, installed: 1, failed: 2 };
    let client = ClientSummary {
        major: 10,
        build: 26_100,
        locale: "en-US".to_owned(),
        suite_mask: -272,
        old_product_type: 255,
        architecture: "AMD64".to_owned(),
        count: 4,
        activities: vec![activity],
        ..ClientSummary::default()
    };
    ServerInfo {
        id: Uuid::from_u128(1),
        name: "dss01.example.org".to_owned(),
        last_synchronization: Some(at()),
        parent: Some(Uuid::from_u128(2)),
        version: "10.0.26100.1".to_owned(),
        replica: true,
        last_rollup: None,
        summary: ServerSummary { updates: 7, computers_up_to_date: 9, ..ServerSummary::default() },
        clients: vec![client],
    }
}

#[test]
fn calls_read_back() {
    reads_back::<GetRollupConfiguration>(
        &GetRollupConfigurationRequest,
        &RollupConfiguration {
            detailed: true,
            reset_guid: Uuid::from_u128(1),
            server_id: Uuid::from_u128(2),
            max_client_summaries: 3,
            max_computers: 4,
            max_rollup_numbers: 5,
            max_computer_statuses: 6,
        },
    );
    let servers = vec![server(), ServerInfo { parent: None, clients: Vec::new(), ..server() }];
    reads_back::<RollupDownstreamServers>(
        &RollupDownstreamServersRequest { client_time: at(), servers },
        &(),
    );
    let details = ComputerDetails {
        ip_address: "192.0.2.1".to_owned(),
        name: "pc & co.example.org".to_owned(),
        os_version: [10, 0, 26_100],
        os_description: "Windows \"11\"\t".to_owned(),
        architecture: "AMD64".to_owned(),
        client_version: "10.0.26100.1".to_owned(),
        groups: vec![Uuid::from_u128(8)],
        requested_groups: vec!["Servers".to_owned()],
    };
    let computer = ComputerInfo {
        id: "pc-1".to_owned(),
        last_synchronization: Some(at()),
        last_result: 1,
        parent: Uuid::from_u128(1),
        details: Some(details),
        ..ComputerInfo::default()
    };
    let bare = ComputerInfo { details: None, ..computer.clone() };
    reads_back::<RollupComputers>(
        &RollupComputersRequest { client_time: at(), computers: vec![computer, bare] },
        &vec![
            ChangedComputer { id: "pc-1".to_owned(), change: ComputerChange::NewParent },
            ChangedComputer { id: "pc-2".to_owned(), change: ComputerChange::Deleted },
        ],
    );
    let number = LastRollupNumber { id: "pc-1".to_owned(), number: 2 };
    reads_back::<GetOutOfSyncComputers>(
        &GetOutOfSyncComputersRequest { parent: Uuid::from_u128(1), numbers: vec![number] },
        &vec!["pc-1".to_owned()],
    );
    let update = UpdateStatus { update_id: Uuid::from_u128(4), state: 5, changed_at: Some(at()) };
    let status = ComputerStatus {
        instance: Uuid::from_u128(5),
        id: "pc-1".to_owned(),
        last_detection: None,
        number: 3,
        full: true,
        updates: vec![update],
    };
    for taken in [true, false] {
        reads_back::<RollupComputerStatus>(
            &RollupComputerStatusRequest {
                client_time: at(),
                parent: Uuid::from_u128(1),
                computers: vec![status.clone()],
            },
            &taken,
        );
    }
}

#[test]
fn calls_of_computers_read_back() {
    let event = ReportedEvent {
        computer_id: "pc-1".to_owned(),
        at: Some(at()),
        instance: Uuid::from_u128(6),
        event_id: 156,
        computer_name: "pc.example.org".to_owned(),
    };
    let events = vec![event];
    reads_back::<ReportEventBatch>(
        &ReportEventBatchRequest { client_time: at(), events: events.clone() },
        &true,
    );
    reads_back::<ReportEventBatch2>(
        &ReportEventBatch2Request { computer_id: "pc-1".to_owned(), client_time: at(), events },
        &true,
    );
    reads_back::<GetRequiredInventoryType>(
        &GetRequiredInventoryTypeRequest {
            rules_id: Uuid::from_u128(7),
            rules_version: "1".to_owned(),
        },
        &0,
    );
    reads_back::<ReportInventory>(&ReportInventoryRequest { client_time: at() }, &false);
    reads_back::<Ping>(
        &PingRequest { level: 1 },
        &ServiceHealth {
            success: true,
            time: at(),
            name: "ReportingWebService".to_owned(),
            https: false,
            database: "SQLite".to_owned(),
        },
    );
}

#[test]
fn examples_of_the_specification_are_read() {
    assert!(
        GetRollupConfiguration::decode_request(example!("GetRollupConfiguration.request")).is_ok()
    );
    let configuration =
        GetRollupConfiguration::decode_response(example!("GetRollupConfiguration.response"));
    let configuration = configuration.unwrap();
    assert!(configuration.detailed);
    assert_eq!(
        (configuration.max_client_summaries, configuration.max_computer_statuses),
        (5_000, 500)
    );
    let request =
        RollupDownstreamServers::decode_request(example!("RollupDownstreamServers.request"));
    let server = &request.unwrap().servers[0];
    assert_eq!((server.parent, server.last_synchronization), (None, None));
    assert!(server.replica && server.last_rollup.is_some());
    assert_eq!((server.summary.updates, server.summary.not_approved), (1_002, 971));
    assert_eq!((server.clients[0].suite_mask, server.clients[0].activities[0].installed), (272, 1));
    let request = RollupComputers::decode_request(example!("RollupComputers.request")).unwrap();
    let computer = &request.computers[0];
    assert_eq!((computer.last_result, computer.last_reboot), (1, None));
    let details = computer.details.as_ref().unwrap();
    assert_eq!((details.os_version, details.requested_groups.len()), ([5, 2, 3790], 2));
    let changed = RollupComputers::decode_response(example!("RollupComputers.response"));
    assert_eq!(changed.unwrap(), []);
    let request = GetOutOfSyncComputers::decode_request(example!("GetOutOfSyncComputers.request"));
    assert_eq!(request.unwrap().numbers[0].number, 2);
    let wanted = GetOutOfSyncComputers::decode_response(example!("GetOutOfSyncComputers.response"));
    assert!(wanted.unwrap().is_empty());
    let request = RollupComputerStatus::decode_request(example!("RollupComputerStatus.request"));
    let computer = &request.unwrap().computers[0];
    assert!(computer.full);
    assert_eq!(computer.updates.iter().map(|it| it.state).collect::<Vec<_>>(), [4, 5]);
    let taken = RollupComputerStatus::decode_response(example!("RollupComputerStatus.response"));
    assert!(taken.unwrap());
}

#[test]
fn the_example_of_a_fault_is_read() {
    let error = GetRollupConfiguration::decode_response(example!("fault.InvalidCookie.response"));
    let SoapError::Fault(fault) = error.unwrap_err() else { panic!() };
    assert_eq!(fault.code, ErrorCode::InvalidCookie);
    assert_eq!(fault.method, "http://www.microsoft.com/SoftwareDistribution/GetDeployments");
}

#[test]
fn absent_and_nil_lists_are_named() {
    let body = RollupDownstreamServers::encode_request(&RollupDownstreamServersRequest {
        client_time: at(),
        servers: Vec::new(),
    });
    let body = String::from_utf8(body.unwrap()).unwrap();
    let decode = |body: &str| {
        Request::decode(parse_request(body.as_bytes(), 1 << 20).unwrap(), Uuid::from_u128(1))
    };
    assert!(decode(&body).is_ok());
    let list = "<downstreamServers></downstreamServers>";
    let nil = "<downstreamServers xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" \
               i:nil=\"true\" />";
    let broken = "<downstreamServers><DownstreamServerRollupInfo><ServerId>x</ServerId>\
                  </DownstreamServerRollupInfo></downstreamServers>";
    for instead in ["", nil, broken] {
        let fault = decode(&body.replace(list, instead)).unwrap_err();
        assert_eq!(fault.code, ErrorCode::InvalidParameters, "{instead}");
        assert_eq!(fault.message, "downstreamServers", "{instead}");
    }
    let fault = decode(&body.replace("clientTime", "time")).unwrap_err();
    assert_eq!(fault.message, "clientTime");
}
