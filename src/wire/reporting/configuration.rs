//! `GetRollupConfiguration`: what a parent wants to be told, and how much at a time.

use uuid::Uuid;

use super::{PATH, write_dummy_cookie};
use crate::wire::{
    soap::{Operation, SoapError, number, required_guid, truth},
    xml::{Namespace, XmlReader, XmlWriter},
};

/// Asks what the parent wants to be told.
#[derive(Debug, Clone, Copy)]
pub struct GetRollupConfiguration;

/// Request of `GetRollupConfiguration`: nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetRollupConfigurationRequest;

/// What a parent wants to be told (`RollupConfiguration`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RollupConfiguration {
    /// `DoDetailedRollup`: of each computer, too.
    pub detailed: bool,
    /// `RollupResetGuid`: once it is another one, all is to be told anew.
    pub reset_guid: Uuid,
    /// `ServerId`: who the parent is.
    pub server_id: Uuid,
    /// `RollupDownstreamServersMaxBatchSize`: client summaries of all servers of a call.
    pub max_client_summaries: i32,
    /// `RollupComputersMaxBatchSize`: computers of a call.
    pub max_computers: i32,
    /// `GetOutOfSyncComputersMaxBatchSize`: numbers of a call.
    pub max_rollup_numbers: i32,
    /// `RollupComputerStatusMaxBatchSize`: computers of a call.
    pub max_computer_statuses: i32,
}

impl Operation for GetRollupConfiguration {
    type Request = GetRollupConfigurationRequest;
    type Response = RollupConfiguration;

    const NAME: &'static str = "GetRollupConfiguration";
    const NAMESPACE: Namespace = Namespace::SoftwareDistribution;
    const ACTION: &'static str =
        "http://www.microsoft.com/SoftwareDistribution/GetRollupConfiguration";
    const PATH: &'static str = PATH;

    fn write_request(
        writer: &mut XmlWriter,
        _: &GetRollupConfigurationRequest,
    ) -> Result<(), SoapError> {
        write_dummy_cookie(writer)
    }

    fn read_request(xml: &mut XmlReader<'_>) -> Result<GetRollupConfigurationRequest, SoapError> {
        xml.skip()?;
        Ok(GetRollupConfigurationRequest)
    }

    fn write_result(
        writer: &mut XmlWriter,
        configuration: &RollupConfiguration,
    ) -> Result<(), SoapError> {
        writer.value("DoDetailedRollup", configuration.detailed);
        writer.value("RollupResetGuid", configuration.reset_guid);
        writer.value("ServerId", configuration.server_id);
        writer.value("RollupDownstreamServersMaxBatchSize", configuration.max_client_summaries);
        writer.value("RollupComputersMaxBatchSize", configuration.max_computers);
        writer.value("GetOutOfSyncComputersMaxBatchSize", configuration.max_rollup_numbers);
        writer.value("RollupComputerStatusMaxBatchSize", configuration.max_computer_statuses);
        Ok(())
    }

    fn read_result(xml: &mut XmlReader<'_>) -> Result<RollupConfiguration, SoapError> {
        let mut configuration = RollupConfiguration::default();
        while let Some(tag) = xml.next_child()? {
            match tag.local_name() {
                "DoDetailedRollup" => configuration.detailed = truth(xml, "DoDetailedRollup")?,
                "RollupResetGuid" => {
                    configuration.reset_guid = required_guid(xml, "RollupResetGuid")?;
                }
                "ServerId" => configuration.server_id = required_guid(xml, "ServerId")?,
                "RollupDownstreamServersMaxBatchSize" => {
                    configuration.max_client_summaries =
                        number(xml, "RollupDownstreamServersMaxBatchSize")?;
                }
                "RollupComputersMaxBatchSize" => {
                    configuration.max_computers = number(xml, "RollupComputersMaxBatchSize")?;
                }
                "GetOutOfSyncComputersMaxBatchSize" => {
                    configuration.max_rollup_numbers =
                        number(xml, "GetOutOfSyncComputersMaxBatchSize")?;
                }
                "RollupComputerStatusMaxBatchSize" => {
                    configuration.max_computer_statuses =
                        number(xml, "RollupComputerStatusMaxBatchSize")?;
                }
                _ => xml.skip()?,
            }
        }
        Ok(configuration)
    }
}
