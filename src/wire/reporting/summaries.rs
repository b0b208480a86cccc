//! What is told of a server and its computers in numbers.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::wire::{
    soap::{SoapError, bounded_text, list, number, required_guid, whole},
    xml::{XmlReader, XmlWriter},
};

macro_rules! counts {
    ($($(#[$documentation:meta])* $field:ident: $element:literal,)+) => {
        /// How many updates and computers a server has
        /// (`DownstreamServerRollupServerSummary`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        pub struct ServerSummary {
            $(
                #[doc = concat!("`", $element, "`.")]
                pub $field: i32,
            )+
        }

        impl ServerSummary {
            pub(super) fn write(self, writer: &mut XmlWriter) {
                writer.open("ServerSummary");
                $(writer.value($element, self.$field);)+
                writer.close("ServerSummary");
            }

            pub(super) fn read(xml: &mut XmlReader<'_>) -> Result<Self, SoapError> {
                let mut summary = Self::default();
                while let Some(tag) = xml.next_child()? {
                    match tag.local_name() {
                        $($element => summary.$field = number(xml, $element)?,)+
                        _ => xml.skip()?,
                    }
                }
                Ok(summary)
            }
        }
    };
}

counts! {
    updates: "UpdateCount",
    declined: "DeclinedUpdateCount",
    approved: "ApprovedUpdateCount",
    not_approved: "NotApprovedUpdateCount",
    with_stale_approvals: "UpdatesWithStaleUpdateApprovalsCount",
    expired: "ExpiredUpdateCount",
    critical_not_approved: "CriticalOrSecurityUpdatesNotApprovedForInstallCount",
    infrastructure_not_approved: "WsusInfrastructureUpdatesNotApprovedForInstallCount",
    with_client_errors: "UpdatesWithClientErrorsCount",
    with_server_errors: "UpdatesWithServerErrorsCount",
    needing_files: "UpdatesNeedingFilesCount",
    needed_by_computers: "UpdatesNeededByComputersCount",
    up_to_date: "UpdatesUpToDateCount",
    custom_groups: "CustomComputerTargetGroupCount",
    computers: "ComputerTargetCount",
    computers_needing_updates: "ComputerTargetsNeedingUpdatesCount",
    computers_with_errors: "ComputerTargetsWithUpdateErrorsCount",
    computers_up_to_date: "ComputersUpToDateCount",
}

/// The computers of a server that run the same system (`DownstreamServerRollupClientSummary`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientSummary {
    /// `OSMajorVersion`.
    pub major: i32,
    /// `OSMinorVersion`.
    pub minor: i32,
    /// `OSBuildNumber`.
    pub build: i32,
    /// `OSServicePackMajorNumber`.
    pub service_pack_major: i32,
    /// `OSServicePackMinorNumber`.
    pub service_pack_minor: i32,
    /// `OSLocale`.
    pub locale: String,
    /// `SuiteMask`.
    pub suite_mask: i16,
    /// `OldProductType`.
    pub old_product_type: u8,
    /// `NewProductType`.
    pub new_product_type: i32,
    /// `SystemMetrics`.
    pub system_metrics: i32,
    /// `ProcessorArchitecture`.
    pub architecture: String,
    /// `Count`: how many.
    pub count: i32,
    /// `ActivitySummaries`.
    pub activities: Vec<ActivitySummary>,
}

/// How often an update was installed (`DownstreamServerRollupClientActivitySummary`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ActivitySummary {
    /// `UpdateId`.
    pub update_id: Uuid,
    /// `RevisionNumber`.
    pub revision: i32,
    /// `InstallSuccessCount`, since it was told of last.
    pub installed: i32,
    /// `InstallFailureCount`, since it was told of last.
    pub failed: i32,
}

impl ClientSummary {
    pub(super) fn write(&self, writer: &mut XmlWriter) -> Result<(), SoapError> {
        writer.open("DownstreamServerRollupClientSummary");
        writer.value("OSMajorVersion", self.major);
        writer.value("OSMinorVersion", self.minor);
        writer.value("OSBuildNumber", self.build);
        writer.value("OSServicePackMajorNumber", self.service_pack_major);
        writer.value("OSServicePackMinorNumber", self.service_pack_minor);
        writer.element("OSLocale", &self.locale)?;
        writer.value("SuiteMask", self.suite_mask);
        writer.value("OldProductType", self.old_product_type);
        writer.value("NewProductType", self.new_product_type);
        writer.value("SystemMetrics", self.system_metrics);
        writer.element("ProcessorArchitecture", &self.architecture)?;
        writer.value("Count", self.count);
        writer.open("ActivitySummaries");
        for activity in &self.activities {
            writer.open("DownstreamServerRollupClientActivitySummary");
            writer.value("UpdateId", activity.update_id);
            writer.value("RevisionNumber", activity.revision);
            writer.value("InstallSuccessCount", activity.installed);
            writer.value("InstallFailureCount", activity.failed);
            writer.close("DownstreamServerRollupClientActivitySummary");
        }
        writer.close("ActivitySummaries");
        writer.close("DownstreamServerRollupClientSummary");
        Ok(())
    }

    pub(super) fn read(xml: &mut XmlReader<'_>) -> Result<Self, SoapError> {
        let mut it = Self::default();
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "OSMajorVersion" => it.major = number(xml, "OSMajorVersion")?,
                "OSMinorVersion" => it.minor = number(xml, "OSMinorVersion")?,
                "OSBuildNumber" => it.build = number(xml, "OSBuildNumber")?,
                "OSServicePackMajorNumber" => {
                    it.service_pack_major = number(xml, "OSServicePackMajorNumber")?;
                }
                "OSServicePackMinorNumber" => {
                    it.service_pack_minor = number(xml, "OSServicePackMinorNumber")?;
                }
                "OSLocale" => it.locale = bounded_text(xml, "OSLocale")?,
                "SuiteMask" => it.suite_mask = whole(xml, "SuiteMask")?,
                "OldProductType" => it.old_product_type = whole(xml, "OldProductType")?,
                "NewProductType" => it.new_product_type = number(xml, "NewProductType")?,
                "SystemMetrics" => it.system_metrics = number(xml, "SystemMetrics")?,
                "ProcessorArchitecture" => {
                    it.architecture = bounded_text(xml, "ProcessorArchitecture")?;
                }
                "Count" => it.count = number(xml, "Count")?,
                "ActivitySummaries" => {
                    let item = "DownstreamServerRollupClientActivitySummary";
                    it.activities = list(xml, item, read_activity)?;
                }
                _ => xml.skip()?,
            }
        }
        Ok(it)
    }
}

fn read_activity(xml: &mut XmlReader<'_>) -> Result<ActivitySummary, SoapError> {
    let mut activity = ActivitySummary::default();
    while let Some(tag) = xml.next_child()? {
        match tag.local_name() {
            "UpdateId" => activity.update_id = required_guid(xml, "UpdateId")?,
            "RevisionNumber" => activity.revision = number(xml, "RevisionNumber")?,
            "InstallSuccessCount" => activity.installed = number(xml, "InstallSuccessCount")?,
            "InstallFailureCount" => activity.failed = number(xml, "InstallFailureCount")?,
            _ => xml.skip()?,
        }
    }
    Ok(activity)
}
