//! Agents on computers of their own, and the tokens by which they join.

use jiff::Timestamp;
use serde::Serialize;

use super::{
    json_text::json_text,
    plain::plain,
    table::{lines, table},
};
use crate::model::Name;

/// Agents on computers of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentsReport {
    /// The version of this form: raised when a reader of the old one would misread it.
    pub format_version: &'static str,
    /// The agents, by name.
    pub agents: Vec<AgentLine>,
    /// When they were looked up.
    #[serde(skip)]
    now: Timestamp,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentLine {
    /// The name of its site system.
    pub name: Name,
    /// The address of its admin port, once it has joined.
    pub url: Option<String>,
    /// When it joined.
    pub joined: Option<Timestamp>,
    /// When its certificate ends.
    pub certificate_ends: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked: Option<Timestamp>,
    /// Until when a token waits for it, if there is one.
    pub token_ends: Option<Timestamp>,
}

impl AgentsReport {
    /// These agents.
    pub fn of(agents: Vec<AgentLine>, now: Timestamp) -> Self {
        Self { format_version: "1.0", agents, now }
    }
}

/// For people.
pub fn agents_text(report: &AgentsReport) -> String {
    if report.agents.is_empty() {
        return "No agent has joined: `headwater join-token NAME` makes a token for one\n"
            .to_owned();
    }
    let mut table = table(&["agent", "address", "joined", "certificate ends", "state"], &[]);
    let time = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    for line in &report.agents {
        let url = line.url.as_deref().map_or_else(|| "-".into(), plain);
        let (joined, ends) = (time(line.joined), time(line.certificate_ends));
        let name = line.name.to_string();
        table.add_row([name, url.into_owned(), joined, ends, state(line, report.now)]);
    }
    lines(&table)
}

fn state(line: &AgentLine, now: Timestamp) -> String {
    let state = match (line.revoked, line.joined, line.certificate_ends) {
        (Some(since), ..) => Some(format!("revoked at {since}")),
        (None, Some(_), Some(ends)) if ends <= now => Some("its certificate has ended".to_owned()),
        (None, Some(_), _) => Some("joined".to_owned()),
        (None, None, _) => None,
    };
    let token = line.token_ends.map(|ends| {
        if ends <= now {
            format!("its token has ended at {ends}")
        } else {
            format!("a token waits for it until {ends}")
        }
    });
    state.into_iter().chain(token).collect::<Vec<_>>().join("; ")
}

/// For programs.
pub fn agents_json(report: &AgentsReport) -> String {
    json_text(report)
}

/// A token that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinTokenView<'a> {
    /// The name of the site system.
    pub name: &'a Name,
    /// Its text, a secret.
    pub token: &'a str,
    /// Until when it is good.
    pub ends: Timestamp,
}

/// For programs.
pub fn join_token_json(token: &JoinTokenView<'_>) -> String {
    json_text(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str) -> AgentLine {
        AgentLine {
            name: name.parse().unwrap(),
            url: None,
            joined: None,
            certificate_ends: None,
            revoked: None,
            token_ends: None,
        }
    }

    #[test]
    fn each_state_is_told_in_words() {
        let at = |text: &str| text.parse().ok();
        let joined = AgentLine {
            url: Some("https://10.0.0.5:8550".to_owned()),
            joined: at("2026-01-01T00:00:00Z"),
            certificate_ends: at("2026-04-01T00:00:00Z"),
            ..line("sea-dp")
        };
        let revoked = AgentLine { revoked: at("2026-02-01T00:00:00Z"), ..joined.clone() };
        let waiting = AgentLine { token_ends: at("2026-02-02T01:00:00Z"), ..line("ams-dp") };
        let again = AgentLine { token_ends: at("2026-02-01T12:00:00Z"), ..revoked.clone() };
        let now = "2026-02-02T00:00:00Z".parse().unwrap();
        insta::assert_snapshot!(
            agents_text(&AgentsReport::of(vec![waiting, joined.clone(), revoked, again], now)),
            @r"
        agent   address                joined                certificate ends      state
        ams-dp  -                      -                     -                     a token waits for it until 2026-02-02T01:00:00Z
        sea-dp  https://10.0.0.5:8550  2026-01-01T00:00:00Z  2026-04-01T00:00:00Z  joined
        sea-dp  https://10.0.0.5:8550  2026-01-01T00:00:00Z  2026-04-01T00:00:00Z  revoked at 2026-02-01T00:00:00Z
        sea-dp  https://10.0.0.5:8550  2026-01-01T00:00:00Z  2026-04-01T00:00:00Z  revoked at 2026-02-01T00:00:00Z; its token has ended at 2026-02-01T12:00:00Z
        "
        );
        let later = "2026-05-01T00:00:00Z".parse().unwrap();
        let text = agents_text(&AgentsReport::of(vec![joined], later));
        assert!(text.contains("its certificate has ended"), "{text}");
        assert!(agents_text(&AgentsReport::of(Vec::new(), now)).contains("join-token"));
    }
}
