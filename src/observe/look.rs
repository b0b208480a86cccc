//! Looks at all site systems at once.

use futures::{StreamExt, stream};

use crate::{
    error_text::with_causes,
    model::{Known, ObservedBuilder, SiteSystemState, without_secrets},
    net::AgentError,
};

use super::{AT_ONCE, Agents};

/// What all site systems say they are, beside what was observed before. One that does not answer is
/// unknown, with the reason; the others are not held up.
pub async fn observe_into(agents: &Agents, observed: &mut ObservedBuilder) {
    let answers = stream::iter(agents.all()).map(|(name, agent)| async move {
        let known = match agent.state().await {
            Ok(Some(state)) => Known::Present(state),
            Ok(None) => Known::Absent,
            Err(error @ AgentError::Failed(_)) => unknown(&error.to_string()),
            Err(error) => unknown(&with_causes(&error)),
        };
        (name, known)
    });
    // Taken in one by one: all reports at once would fill the memory.
    let mut answers = answers.buffer_unordered(AT_ONCE);
    while let Some((name, known)) = answers.next().await {
        observed.insert(name, known);
    }
}

/// What is observed is written into files, and what other programs say may name a URL with a password.
fn unknown(why: &str) -> Known<SiteSystemState> {
    Known::Unknown(without_secrets(why).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_site_system_cannot_be_asked_is_told_without_passwords() {
        let Known::Unknown(why) = unknown("failed to reach http://bob:hunter2@a:1") else {
            panic!("it is unknown");
        };
        assert_eq!(why, "failed to reach http://***@a:1");
    }
}
