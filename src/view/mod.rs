//! What people read, and its twin for programs: values in, text and JSON out. Only this module
//! knows colour. Pure.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod adoption;
mod agents;
mod approval;
mod brought_back;
mod carried_out;
mod content;
pub mod diagram;
mod distribution_points;
mod downstream;
#[cfg(test)]
mod fixture;
pub mod graph;
mod history;
mod history_json;
mod holder;
mod in_force;
mod json_text;
mod management_points;
mod messages;
mod moved;
mod notifications;
mod objects;
mod observation;
mod operator_plan;
mod outcome;
mod plain;
mod plan;
mod ports;
mod prestaged;
mod problems;
mod problems_json;
mod readiness;
mod rules;
mod sarif;
mod simulation;
mod site_servers;
mod status;
mod synchronization;
mod table;
mod update_content;
mod updates;
mod updates_file;
mod validation;

pub use adoption::{adopted_files, adoption_notes};
pub use agents::{
    AgentLine, AgentsReport, JoinTokenView, agents_json, agents_text, join_token_json,
};
pub use approval::{
    ApprovalReport, PlanDigests, approval_json, approval_text, digests_json, digests_text,
    to_approve_line,
};
pub use brought_back::{BroughtBack, brought_back_text};
pub use carried_out::{
    CarriedOutSummary, carried_out_json, carried_out_text, saved_text, way_back_text,
};
pub use content::{
    ContentFilter, ContentInputs, ContentReport, ContentState, PackageWord, Placement, PullLine,
    PullsShown, UnknownInFilter, content_json, content_schema, content_text, pull_line,
    pull_line_json, pull_schema, pulls_text, transfers_under_way,
};
pub use distribution_points::DistributionPointStatus;
pub use history::{run_markdown, run_record_text, runs_text};
pub use history_json::{run_record_json, run_record_schema, runs_json, runs_schema};
pub use holder::{alive_text, held_by_text, holder_name, silent_text, waiting_text};
pub use in_force::in_force_text;
pub use management_points::ManagementPointStatus;
pub use messages::{MessagesReport, messages_json, messages_schema, messages_text};
pub use moved::{moved_json, moved_text};
pub use notifications::{
    NotificationStatus, Telling, notification_json, notification_slack, notification_subject,
    notification_text, notifications_text,
};
pub use objects::{ObjectStatus, objects_json, objects_text};
pub use observation::observation_json;
pub use operator_plan::{OperatorAction, OperatorPlan, operator_plan_text};
pub use outcome::{
    FailedAction, LastRunSummary, LeftAction, NextTry, RunSummary, last_run_text, next_tries_text,
    outcome_line, run_json, run_text, synchronized_text,
};
pub use plain::{counted, plain};
pub use plan::{
    PlanFilter, PlanView, ShownKind, UnknownKind, plan_json, plan_markdown, plan_summary_json,
    plan_summary_markdown, plan_summary_schema, plan_summary_text, plan_text, sign, unknown_site,
};
pub use ports::{
    PolicyPeer, PolicyRule, PortsCheck, policy_rules, ports_check_json, ports_check_text,
    ports_csv, ports_diagram, ports_json, ports_markdown, ports_network_policies, ports_nftables,
    ports_text, ports_windows_firewall,
};
pub use prestaged::{Carried, exported_text, extracted_text, prestaged_json};
pub use problems::{Summary, problems_text, summary_line};
pub use problems_json::problems_json;
pub use readiness::{ReadinessCheck, readiness_json, readiness_text};
pub use rules::{rule_json, rule_text, rules_json, rules_text};
pub use sarif::problems_sarif;
pub use simulation::{
    comparison_json, comparison_schema, comparison_text, policies_json, policies_text,
    simulation_json, simulation_schema, simulation_svg, simulation_text,
};
pub use status::{
    SiteSystemStatus, StatusReport, UpdatePointStatus, status_json, status_schema, status_text,
};
pub use synchronization::{
    SynchronizationPhase, SynchronizationReport, SynchronizationStatus, synchronization_json,
    synchronization_line, synchronization_line_json, synchronization_schema, synchronization_text,
};
pub use updates::{
    CheckedCatalog, ListedUpdates, ShownUpdate, catalog_check_json, catalog_check_schema,
    catalog_check_text, update_json, update_schema, update_text, updates_json, updates_schema,
    updates_text,
};
pub use updates_file::{
    UpdatesFile, updates_file_json, updates_imported_text, updates_written_text,
};
pub use validation::{
    Repair, ValidatedLibrary, ValidationReport, bytes_line, updates_line, validation_json,
    validation_schema, validation_text,
};
