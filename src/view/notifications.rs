//! What is told by notifications, and how it stands with those who are told.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::{
    engine::notifications::{
        Memory, Message, MessageContent, ReceiverMemory, Told, ToldState, Trouble,
    },
    model::{CommitId, EventSeverity, FormatVersion, Name},
};

use super::{
    counted,
    plain::{add, plain},
    status::second,
};

/// The version of the JSON that webhooks get: raised when a reader of the old form would misread it.
const FORMAT_VERSION: FormatVersion = FormatVersion { major: 1, minor: 0 };

/// Who tells what to whom.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    /// The name of the notification.
    pub notification: &'a Name,
    /// Where manifests come from.
    pub source: &'a str,
    /// What is told.
    pub message: &'a Message,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    format_version: String,
    id: &'a str,
    at: Timestamp,
    notification: &'a Name,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    commit: Option<&'a str>,
    severity: EventSeverity,
    events: &'a [Told],
    more: usize,
}

/// What a webhook gets: JSON on one line.
pub fn notification_json(telling: Telling<'_>) -> String {
    let Telling { notification, source, message } = telling;
    let (events, more) = events(message);
    let body = Body {
        format_version: FORMAT_VERSION.to_string(),
        id: &message.id,
        at: message.at,
        notification,
        source,
        commit: message.commit.as_ref().map(CommitId::as_str),
        severity: message.severity(),
        events,
        more,
    };
    // Texts, numbers and times: nothing of it can fail.
    serde_json::to_string(&body).unwrap_or_default()
}

/// What a channel of Slack gets: JSON with a text, in which three signs mean something.
pub fn notification_slack(telling: Telling<'_>) -> String {
    let text = notification_text(telling);
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    json!({ "text": text }).to_string()
}

/// What people read: a line for each event, and where it comes from.
pub fn notification_text(telling: Telling<'_>) -> String {
    let Telling { notification: _, source, message } = telling;
    let (events, more) = events(message);
    let mut text = String::new();
    for told in events {
        add(&mut text, format_args!("{}\n", line(told)));
    }
    if more > 0 {
        add(&mut text, format_args!("and {more} more: see `headwater status`\n"));
    }
    let commit = message.commit.as_ref().map(|it| format!(", commit {}", it.short()));
    add(&mut text, format_args!("Headwater, {source}{}\n", commit.unwrap_or_default()));
    text
}

/// What people see first: one line.
pub fn notification_subject(telling: Telling<'_>) -> String {
    let (events, more) = events(telling.message);
    let Some(first) = events.first() else { return "Headwater".to_owned() };
    let number = events.len() + more;
    let rest = if number > 1 { format!(", and {} more", number - 1) } else { String::new() };
    format!("[Headwater] {}{rest}", heading(first))
}

fn events(message: &Message) -> (&[Told], usize) {
    match &message.content {
        MessageContent::Events { events, more } => (events, *more),
        MessageContent::CommitStatus(_) => (&[], 0),
    }
}

fn heading(told: &Told) -> String {
    let state = match told.state {
        ToldState::Begun | ToldState::Happened => "",
        ToldState::Lasting => " still",
        ToldState::Ended => " is over",
    };
    let site = told.site.as_ref().map(|site| format!(" at {site}")).unwrap_or_default();
    format!("{}: {}{state}{site}", told.severity.as_str(), told.event.as_str())
}

fn line(told: &Told) -> String {
    // Some subjects stand in the text already.
    let subject = match told.subject.as_str() {
        "controller" | "manifests" | "source" => String::new(),
        subject if told.text.contains(subject) => String::new(),
        subject => format!("{}: ", plain(subject)),
    };
    let since = match told.state {
        ToldState::Begun | ToldState::Happened => String::new(),
        ToldState::Lasting | ToldState::Ended => format!(" (since {})", second(told.since)),
    };
    format!("{}: {subject}{}{since}", heading(told), plain(&told.text))
}

/// How it stands with somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationStatus {
    /// The name of the notification.
    pub name: Name,
    /// How many messages wait to be delivered.
    pub waiting: usize,
    /// How many were never delivered.
    pub lost: u64,
    /// When one was last delivered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Timestamp>,
    /// Why the last try failed, unless a later one did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
}

impl NotificationStatus {
    /// Of all who are told, by name.
    pub fn all(memory: &Memory) -> Vec<Self> {
        let status = |(name, its): (&Name, &ReceiverMemory)| {
            let outbox = its.outbox();
            Self {
                name: name.clone(),
                waiting: outbox.waiting(),
                lost: outbox.lost(),
                delivered_at: outbox.delivered_at(),
                trouble: outbox.trouble().cloned(),
            }
        };
        memory.receivers().iter().map(status).collect()
    }
}

/// How it stands with those who are told: a line for each.
pub fn notifications_text(all: &[NotificationStatus]) -> String {
    let mut text = String::new();
    for NotificationStatus { name, waiting, lost, delivered_at, trouble } in all {
        let delivered = match delivered_at {
            Some(at) => format!("last delivered {}", second(*at)),
            None => "nothing delivered yet".to_owned(),
        };
        add(&mut text, format_args!("Notification {name}: {delivered}"));
        if *waiting > 0 {
            let verb = if *waiting == 1 { "waits" } else { "wait" };
            add(&mut text, format_args!("; {} {verb}", counted(*waiting, "message")));
        }
        if *lost > 0 {
            add(&mut text, format_args!("; never delivered: {lost}"));
        }
        if let Some(Trouble { at, why }) = trouble {
            add(&mut text, format_args!("; failed {}: {}", second(*at), plain(why)));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::EventKind;

    fn message() -> Message {
        let told = |event: EventKind, state, subject: &str, text: &str| Told {
            event,
            state,
            severity: event.severity(),
            site: Some("AMS".parse().unwrap()),
            subject: subject.to_owned(),
            text: text.to_owned(),
            since: Timestamp::UNIX_EPOCH,
        };
        let events = vec![
            told(EventKind::Failed, ToldState::Begun, "ConfigureSsl:x", "no <room> & \u{1b}[2J"),
            told(EventKind::Drift, ToldState::Ended, "y", "y is other"),
        ];
        Message {
            id: "0-1".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            commit: Some("a".repeat(40).parse().unwrap()),
            content: MessageContent::Events { events, more: 3 },
        }
    }

    #[test]
    fn people_and_programs_read_the_same() {
        let (name, message) = ("operators".parse().unwrap(), message());
        let telling = Telling { notification: &name, source: "git+file:///a", message: &message };
        assert_eq!(
            notification_text(telling),
            "Error: Failed at AMS: ConfigureSsl:x: no <room> & \\u{1b}[2J\n\
             Warning: Drift is over at AMS: y is other (since 1970-01-01 00:00:00Z)\n\
             and 3 more: see `headwater status`\n\
             Headwater, git+file:///a, commit aaaaaaaaaaaa\n"
        );
        let subject = notification_subject(telling);
        assert_eq!(subject, "[Headwater] Error: Failed at AMS, and 4 more");
        let slack: serde_json::Value = serde_json::from_str(&notification_slack(telling)).unwrap();
        let text = slack["text"].as_str().unwrap();
        assert!(text.contains("no &lt;room&gt; &amp; ") && !text.contains(['<', '>']), "{text}");
        let body: serde_json::Value = serde_json::from_str(&notification_json(telling)).unwrap();
        assert_eq!((&body["formatVersion"], &body["id"]), (&json!("1.0"), &json!("0-1")));
        assert_eq!((&body["severity"], &body["more"]), (&json!("Error"), &json!(3)));
        assert_eq!(body["events"][1]["state"], "Ended");
        assert_eq!(body["events"][0]["site"], "AMS");
    }

    #[test]
    fn those_who_are_told_stand_on_a_line_each() {
        let at = Timestamp::UNIX_EPOCH;
        let trouble = Trouble { at, why: "it answers\n503".to_owned() };
        let mut status = NotificationStatus {
            name: "operators".parse().unwrap(),
            waiting: 0,
            lost: 0,
            delivered_at: None,
            trouble: None,
        };
        let text = |status: &NotificationStatus| notifications_text(std::slice::from_ref(status));
        assert_eq!(text(&status), "Notification operators: nothing delivered yet\n");
        (status.waiting, status.lost, status.trouble) = (2, 1, Some(trouble));
        status.delivered_at = Some(at);
        assert_eq!(
            text(&status),
            "Notification operators: last delivered 1970-01-01 00:00:00Z; 2 messages wait; never \
             delivered: 1; failed 1970-01-01 00:00:00Z: it answers\\u{a}503\n"
        );
    }
}
