//! `GetDeployments`: what a replica takes over from its parent beside the updates: groups of
//! computers, and what is approved for them (protocol §1.4).

use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Cookie, PATH,
    cookies::{read_cookie, write_cookie},
    lists::{read_guids, write_guids},
};
use crate::{
    model::UpdateIdentity,
    wire::{
        date_time,
        soap::{
            Operation, SoapError, bounded_text, deadline, list, number, optional_text,
            required_guid, truth, whole, write_deadline,
        },
        xml::{Namespace, XmlReader, XmlWriter},
    },
};

/// Asks for groups and approvals: replicas only.
#[derive(Debug, Clone, Copy)]
pub struct GetDeployments;

/// Request of `GetDeployments`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GetDeploymentsRequest {
    /// `cookie`.
    pub cookie: Cookie,
    /// `deploymentAnchor`: what the parent gave after the last call.
    pub deployment_anchor: Option<String>,
    /// `syncAnchor`: what the parent gave after the last `GetRevisionIdList`. The server says what
    /// is wrong with one that is absent.
    pub sync_anchor: Option<String>,
}

/// Groups and approvals (`ServerSyncDeploymentResult`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeploymentResult {
    /// `Anchor`: to be sent with the next call.
    pub anchor: Option<String>,
    /// `Groups`: all of them.
    pub groups: Vec<TargetGroup>,
    /// `Deployments`: those that were made or changed since the anchor.
    pub deployments: Vec<Deployment>,
    /// `DeadDeployments`: those that were removed since the anchor.
    pub dead_deployments: Vec<Uuid>,
    /// `HiddenUpdates`: all updates that are declined.
    pub hidden_updates: Vec<Uuid>,
    /// `AcceptedEulas`: all licence terms that are accepted.
    pub accepted_eulas: Vec<Uuid>,
}

/// A group of computers (`ServerSyncTargetGroup`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// `TargetGroupID`.
    pub id: Uuid,
    /// `ParentGroupId`; all zeros on the wire where there is none.
    pub parent: Option<Uuid>,
    /// `Name`.
    pub name: String,
    /// `IsBuiltin`: not made by an administrator.
    pub built_in: bool,
}

/// What is to be done with a revision on the computers of a group (`ServerSyncDeployment`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// `DeploymentGuid`.
    pub id: Uuid,
    /// `UpdateId` and `RevisionNumber`.
    pub identity: UpdateIdentity,
    /// `Action`.
    pub action: DeploymentAction,
    /// `AdminName`: who made it.
    pub admin_name: String,
    /// `Deadline`.
    pub deadline: Option<Timestamp>,
    /// `IsAssigned`: kept for the clients.
    pub is_assigned: bool,
    /// `GoLiveTime`: not before.
    pub go_live: Timestamp,
    /// `TargetGroupId`.
    pub group: Uuid,
    /// `DownloadPriority`, from 1, the lowest, to 3.
    pub download_priority: u8,
}

/// What is to be done with a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DeploymentAction {
    /// Install it.
    Install,
    /// Remove it.
    Uninstall,
    /// Look whether it is there.
    Scan,
    /// Keep it away.
    Block,
}

impl DeploymentAction {
    const ALL: [Self; 4] = [Self::Install, Self::Uninstall, Self::Scan, Self::Block];

    /// The number on the wire.
    pub const fn number(self) -> i32 {
        match self {
            Self::Install => 0,
            Self::Uninstall => 1,
            Self::Scan => 2,
            Self::Block => 3,
        }
    }

    /// The action of this number.
    pub fn of_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.number() == number)
    }
}

impl TargetGroup {
    /// The group that every computer belongs to.
    pub const ALL_COMPUTERS: Uuid = Uuid::from_u128(0xa0a0_8746_4dbe_4a37_9adf_9e76_52c0_b421);

    /// The group of computers that belong to no other one.
    pub const UNASSIGNED_COMPUTERS: Uuid =
        Uuid::from_u128(0xb73c_a6ed_5727_47f3_84de_015e_03f6_a88a);

    /// The two groups that every server has (protocol §1.4).
    pub fn built_in() -> [Self; 2] {
        let group =
            |id, parent, name: &str| Self { id, parent, name: name.to_owned(), built_in: true };
        [
            group(Self::ALL_COMPUTERS, None, "All Computers"),
            group(Self::UNASSIGNED_COMPUTERS, Some(Self::ALL_COMPUTERS), "Unassigned Computers"),
        ]
    }
}

impl Operation for GetDeployments {
    type Request = GetDeploymentsRequest;
    type Response = DeploymentResult;

    const NAME: &'static str = "GetDeployments";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str = "http://www.microsoft.com/SoftwareDistribution/GetDeployments";
    const PATH: &'static str = PATH;

    fn write_request(
        writer: &mut XmlWriter,
        request: &GetDeploymentsRequest,
    ) -> Result<(), SoapError> {
        write_cookie(writer, "cookie", &request.cookie)?;
        writer.optional("deploymentAnchor", request.deployment_anchor.as_deref())?;
        writer.optional("syncAnchor", request.sync_anchor.as_deref())?;
        Ok(())
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<GetDeploymentsRequest, SoapError> {
        let mut request = GetDeploymentsRequest::default();
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "cookie" => request.cookie = read_cookie(xml, "cookie")?,
                "deploymentAnchor" => {
                    request.deployment_anchor = optional_text(xml, "deploymentAnchor")?;
                }
                "syncAnchor" => request.sync_anchor = optional_text(xml, "syncAnchor")?,
                _ => xml.skip()?,
            }
        }
        Ok(request)
    }

    fn write_result(writer: &mut XmlWriter, result: &DeploymentResult) -> Result<(), SoapError> {
        writer.optional("Anchor", result.anchor.as_deref())?;
        writer.open("Groups");
        for group in &result.groups {
            write_group(writer, group)?;
        }
        writer.close("Groups");
        writer.open("Deployments");
        for deployment in &result.deployments {
            write_deployment(writer, deployment)?;
        }
        writer.close("Deployments");
        write_guids(writer, "DeadDeployments", &result.dead_deployments);
        write_guids(writer, "HiddenUpdates", &result.hidden_updates);
        write_guids(writer, "AcceptedEulas", &result.accepted_eulas);
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<DeploymentResult, SoapError> {
        let mut result = DeploymentResult::default();
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "Anchor" => result.anchor = optional_text(xml, "Anchor")?,
                "Groups" => result.groups = list(xml, "ServerSyncTargetGroup", read_group)?,
                "Deployments" => {
                    result.deployments = list(xml, "ServerSyncDeployment", read_deployment)?;
                }
                "DeadDeployments" => result.dead_deployments = read_guids(xml, "DeadDeployments")?,
                "HiddenUpdates" => result.hidden_updates = read_guids(xml, "HiddenUpdates")?,
                "AcceptedEulas" => result.accepted_eulas = read_guids(xml, "AcceptedEulas")?,
                _ => xml.skip()?,
            }
        }
        Ok(result)
    }

    fn response_capacity(result: &DeploymentResult) -> usize {
        let guids = result
            .dead_deployments
            .len()
            .saturating_add(result.hidden_updates.len())
            .saturating_add(result.accepted_eulas.len());
        let deployments = result.deployments.len().saturating_mul(640);
        let groups = result.groups.len().saturating_mul(320);
        guids.saturating_mul(50).saturating_add(deployments).saturating_add(groups) + (1 << 10)
    }
}

fn write_group(writer: &mut XmlWriter, group: &TargetGroup) -> Result<(), SoapError> {
    writer.open("ServerSyncTargetGroup");
    writer.value("TargetGroupID", group.id);
    writer.value("ParentGroupId", group.parent.unwrap_or(Uuid::nil()));
    writer.element("Name", &group.name)?;
    writer.value("IsBuiltin", group.built_in);
    writer.close("ServerSyncTargetGroup");
    Ok(())
}

fn read_group(xml: &mut XmlReader<'_>) -> Result<TargetGroup, SoapError> {
    let (mut id, mut parent, mut name, mut built_in) = (None, None, String::new(), false);
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "TargetGroupID" => id = Some(required_guid(xml, "TargetGroupID")?),
            "ParentGroupId" => parent = Some(required_guid(xml, "ParentGroupId")?),
            "Name" => name = bounded_text(xml, "Name")?,
            "IsBuiltin" => built_in = truth(xml, "IsBuiltin")?,
            _ => xml.skip()?,
        }
    }
    let id = id.ok_or(SoapError::Missing { element: "TargetGroupID" })?;
    Ok(TargetGroup { id, parent: parent.filter(|it| !it.is_nil()), name, built_in })
}

fn write_deployment(writer: &mut XmlWriter, deployment: &Deployment) -> Result<(), SoapError> {
    writer.open("ServerSyncDeployment");
    writer.value("UpdateId", deployment.identity.update_id);
    writer.value("RevisionNumber", deployment.identity.revision);
    writer.value("Action", deployment.action.number());
    writer.element("AdminName", &deployment.admin_name)?;
    write_deadline(writer, "Deadline", deployment.deadline)?;
    writer.value("IsAssigned", deployment.is_assigned);
    writer.element("GoLiveTime", &date_time::format(deployment.go_live))?;
    writer.value("DeploymentGuid", deployment.id);
    writer.value("TargetGroupId", deployment.group);
    writer.value("DownloadPriority", deployment.download_priority);
    writer.close("ServerSyncDeployment");
    Ok(())
}

fn read_deployment(xml: &mut XmlReader<'_>) -> Result<Deployment, SoapError> {
    let (mut id, mut update_id, mut revision, mut action, mut group) =
        (None, None, None, None, None);
    let (mut admin_name, mut until, mut is_assigned) = (String::new(), None, false);
    let (mut go_live, mut download_priority) = (None, 1);
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "UpdateId" => update_id = Some(required_guid(xml, "UpdateId")?),
            "RevisionNumber" => revision = Some(number(xml, "RevisionNumber")?),
            "Action" => action = Some(number(xml, "Action")?),
            "AdminName" => admin_name = bounded_text(xml, "AdminName")?,
            "Deadline" => until = deadline(xml, "Deadline")?,
            "IsAssigned" => is_assigned = truth(xml, "IsAssigned")?,
            "GoLiveTime" => go_live = deadline(xml, "GoLiveTime")?,
            "DeploymentGuid" => id = Some(required_guid(xml, "DeploymentGuid")?),
            "TargetGroupId" => group = Some(required_guid(xml, "TargetGroupId")?),
            "DownloadPriority" => download_priority = whole(xml, "DownloadPriority")?,
            _ => xml.skip()?,
        }
    }
    let missing = |element| SoapError::Missing { element };
    let action = action.ok_or_else(|| missing("Action"))?;
    Ok(Deployment {
        id: id.ok_or_else(|| missing("DeploymentGuid"))?,
        identity: UpdateIdentity {
            update_id: update_id.ok_or_else(|| missing("UpdateId"))?,
            revision: revision.ok_or_else(|| missing("RevisionNumber"))?,
        },
        action: DeploymentAction::of_number(action)
            .ok_or_else(|| SoapError::invalid("Action", &action.to_string()))?,
        admin_name,
        deadline: until,
        is_assigned,
        go_live: go_live.unwrap_or(Timestamp::UNIX_EPOCH),
        group: group.ok_or_else(|| missing("TargetGroupId"))?,
        download_priority,
    })
}
