//! Status messages, on their way to the site servers that keep them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    clock,
    error_text::with_causes,
    model::{Name, SiteCode, StatusMessage, StatusMessageId},
    plan::Action,
    wire::agent::AgentCommand,
};

use super::Apply;

/// How many messages one command brings at most.
const TOGETHER: usize = 256;

/// The messages of a site. Those that come while others are being kept go together after them: a site server
/// makes what it keeps durable, which takes as long for one as for many.
#[derive(Debug, Default)]
pub(super) struct MessageLine {
    waiting: Mutex<Vec<StatusMessage>>,
    /// Held by the one who brings them.
    turn: tokio::sync::Mutex<()>,
}

impl MessageLine {
    /// Those that go together next.
    fn next(&self) -> Vec<StatusMessage> {
        let mut waiting = self.waiting();
        let count = waiting.len().min(TOGETHER);
        waiting.drain(..count).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<StatusMessage>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Apply {
    /// Keeps a status message with its site, in the order in which they came. That it cannot be kept stops
    /// nothing.
    pub(super) async fn message(
        &self,
        action: &Action,
        code: &SiteCode,
        id: StatusMessageId,
        subject: &Name,
        text: String,
    ) {
        let message = StatusMessage {
            id,
            at: clock::now(),
            site: code.clone(),
            subject: subject.to_string(),
            text,
        };
        tracing::info!(%id, site = %code, subject = %message.subject, "{}", message.text);
        let line = self.machines.messages(code);
        line.waiting().push(message);
        let _turn = line.turn.lock().await;
        loop {
            let messages = line.next();
            if messages.is_empty() {
                // Somebody else may have brought it meanwhile.
                return;
            }
            let count = messages.len();
            let recorded = async {
                let server = self.agents.get(&self.site(code)?.site_server)?;
                let command = AgentCommand::RecordStatusMessages(messages);
                self.ask(action, &server, &command).await
            };
            if let Err(error) = recorded.await {
                let error = with_causes(&error);
                tracing::warn!(count, site = %code, %error, "status messages are lost");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_wait_go_together_in_their_order_and_never_too_many() {
        let line = MessageLine::default();
        let message = |number: usize| StatusMessage {
            id: StatusMessageId::PackageProcessed,
            at: jiff::Timestamp::UNIX_EPOCH,
            site: "ONE".parse().unwrap(),
            subject: number.to_string(),
            text: String::new(),
        };
        line.waiting().extend((0..TOGETHER + 2).map(message));
        let gone: Vec<Vec<_>> = std::iter::from_fn(|| {
            Some(line.next()).filter(|it| !it.is_empty()).map(|messages| {
                messages.into_iter().map(|it| it.subject.parse::<usize>().unwrap()).collect()
            })
        })
        .collect();
        assert_eq!(gone, [(0..TOGETHER).collect(), vec![TOGETHER, TOGETHER + 1]]);
    }
}
