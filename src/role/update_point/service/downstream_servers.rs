//! Which downstream servers may synchronize: all, or those of a list.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::model::UpdatePointSettings;

/// The downstream servers that are let in.
#[derive(Debug, Clone, Default)]
pub(super) struct DownstreamServers(Option<Listed>);

#[derive(Debug, Clone, Default)]
struct Listed {
    /// In lower case.
    names: BTreeSet<String>,
    guids: BTreeSet<Uuid>,
}

impl DownstreamServers {
    pub(super) fn of(settings: &UpdatePointSettings) -> Self {
        Self(settings.downstream_servers.as_ref().map(|all| {
            let mut listed = Listed::default();
            for server in all.iter().map(|it| it.trim()) {
                // What can be read as a GUID is one: no computer is called so.
                match Uuid::try_parse(server) {
                    Ok(guid) => listed.guids.insert(guid),
                    Err(_) => listed.names.insert(server.to_lowercase()),
                };
            }
            listed
        }))
    }

    /// Whether the server that gives this name and this GUID is let in. Both are what it says of itself.
    pub(super) fn let_in(&self, name: &str, guid: Uuid) -> bool {
        let Some(Listed { names, guids }) = &self.0 else { return true };
        guids.contains(&guid) || names.contains(&name.trim().to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::role::update_point::fixture::settings;

    #[test]
    fn servers_are_let_in_by_name_or_by_guid() {
        let mut settings = settings(8530, &json!({"type": "None"}));
        let guid = Uuid::from_u128(7);
        assert!(DownstreamServers::of(&settings).let_in("anybody", guid), "without a list");
        let listed = ["WSUS.fabrikam.example".to_owned(), format!("{{{guid}}}")];
        settings.downstream_servers = Some(listed.into());
        let servers = DownstreamServers::of(&settings);
        assert!(servers.let_in("wsus.FABRIKAM.example", Uuid::nil()));
        assert!(servers.let_in("anybody", guid));
        assert!(!servers.let_in("wsus.fabrikam.example.com", Uuid::nil()));
        assert!(!servers.let_in("", Uuid::nil()));
        settings.downstream_servers = Some(Vec::new());
        assert!(!DownstreamServers::of(&settings).let_in("anybody", guid));
    }
}
