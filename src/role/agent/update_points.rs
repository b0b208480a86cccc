//! What an agent is told of its software update point.

use uuid::Uuid;

use super::{Agent, commands::Carried};
use crate::{
    model::{LocalUpdate, Name, UpdatePointSettings},
    wire::agent::AgentOutcome,
};

impl Agent {
    pub(super) async fn configure_update_point(
        &self,
        name: Name,
        settings: UpdatePointSettings,
    ) -> Carried {
        self.update_point().await?.configure(name, settings).await?;
        Ok(AgentOutcome::Done)
    }

    pub(super) async fn configure_ssl(&self, name: Name, settings: UpdatePointSettings) -> Carried {
        let shown = self.update_point().await?.configure_ssl(name, settings).await?;
        Ok(shown.map_or(AgentOutcome::Done, AgentOutcome::Secured))
    }

    pub(super) async fn publish(&self, update: LocalUpdate) -> Carried {
        Ok(self.update_point().await?.publish(update).await?)
    }

    pub(super) async fn expire(&self, update_id: Uuid) -> Carried {
        Ok(self.update_point().await?.expire(update_id).await?)
    }

    pub(super) async fn remove_update_point(&self) -> Carried {
        if let Ok(point) = self.update_point().await {
            point.remove().await?;
        }
        Ok(AgentOutcome::Done)
    }
}
