//! Asks agents of which nothing is known but their addresses.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};

use super::AT_ONCE;
use crate::{
    error_text::with_causes,
    model::{Known, Name, ObservedBuilder, SiteSystemState},
    net::{AdminHttp, AgentClient, AgentError},
};

/// What agents answered who were asked by their addresses.
#[derive(Debug, Default)]
pub struct Identified {
    /// The addresses of those that said who they are.
    pub agents: BTreeMap<Name, String>,
    /// Those that did not, each with the reason; and those that are called as another one.
    pub strangers: Vec<(String, String)>,
}

/// Asks the agents at some admin addresses who they are and what they report, which goes into
/// `observed`.
pub async fn identify(
    urls: &[String],
    http: &AdminHttp,
    observed: &mut ObservedBuilder,
) -> Identified {
    let answers = stream::iter(urls).map(|url| {
        let agent = http.agent(url);
        async move { (agent.url().to_owned(), ask(&agent).await) }
    });
    // In the order of the addresses, so that the first of two with the same name is the same.
    let mut answers = answers.buffered(AT_ONCE);
    let mut identified = Identified::default();
    while let Some((url, answer)) = answers.next().await {
        let (name, known) = match answer {
            Ok(answer) => answer,
            Err(error) => {
                identified.strangers.push((url, with_causes(&error)));
                continue;
            }
        };
        match identified.agents.get(&name) {
            Some(other) if *other == url => {}
            Some(other) => {
                let why = format!("it is called `{name}`, as the one at {other}");
                identified.strangers.push((url, why));
            }
            None => {
                identified.agents.insert(name.clone(), url);
                observed.insert(name, known);
            }
        }
    }
    identified
}

async fn ask(agent: &AgentClient) -> Result<(Name, Known<SiteSystemState>), AgentError> {
    let name = agent.identity().await?.name;
    Ok((name, agent.state().await?.map_or(Known::Absent, Known::Present)))
}
