//! Site systems, asked one by one: for the commands that are about one of them.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::Args;
use futures::{StreamExt, stream};

use super::{Failure, OutputFormat, Printer, operation, sources};
use crate::{
    model::{Name, SiteSystemState},
    net::AgentClient,
    observe::AT_ONCE,
    role::controller::{Purpose, Session},
};

/// Which site systems are asked besides those of this computer, and how results are printed.
#[derive(Debug, Clone, Args)]
pub(super) struct Asking {
    /// Manifests that declare site systems with `placement: Remote`.
    #[arg(long, value_name = "PATH")]
    pub(super) manifests: Vec<PathBuf>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) output: OutputFormat,
}

/// A site system that answers, and what it says.
pub(super) struct Asked {
    pub(super) name: Name,
    pub(super) agent: AgentClient,
    pub(super) state: SiteSystemState,
}

impl Asked {
    /// Whether it carries the software update point of this name.
    pub(super) fn has_update_point(&self, point: &Name) -> bool {
        self.state.update_point.as_ref().is_some_and(|there| there.name == *point)
    }

    /// The agent for requests that nothing answers before all of them is taken in, however long that
    /// takes.
    pub(super) fn sender(&self) -> AgentClient {
        self.agent.sender()
    }
}

/// Opens the way to the site systems, and asks them; those that do not answer are told.
pub(super) async fn ask(
    data: &Path,
    manifests: &[PathBuf],
    purpose: Purpose,
    printer: &mut Printer,
) -> Result<(Session, Vec<Asked>), Failure> {
    let remote = sources::remote_agents(manifests, printer)?;
    let session = Session::open(data, purpose).await.map_err(operation)?;
    let agents = session.agents(&remote).await;
    let mut asked = Vec::new();
    let answers = stream::iter(agents.map_err(operation)?.all()).map(|(name, agent)| async move {
        let answer = agent.state().await;
        (name, agent, answer)
    });
    let mut answers = answers.buffered(AT_ONCE);
    while let Some((name, agent, answer)) = answers.next().await {
        match answer {
            Ok(Some(state)) => asked.push(Asked { name, agent, state }),
            Ok(None) => {}
            Err(error) => {
                let why = crate::error_text::with_causes(&error);
                let text = crate::view::plain(&why).into_owned();
                printer.message(&format!("warning: `{name}` cannot be asked: {text}\n"))?;
            }
        }
    }
    Ok((session, asked))
}

/// The site system that carries a software update point of this name.
pub(super) fn with_update_point<'a>(
    asked: &'a [Asked],
    point: &Name,
) -> Result<&'a Asked, Failure> {
    asked.iter().find(|it| it.has_update_point(point)).ok_or_else(|| no_update_point(point))
}

/// There is no software update point of this name.
pub(super) fn no_update_point(point: &Name) -> Failure {
    operation(anyhow!(
        "there is no software update point `{point}`: `headwater apply` makes what the manifests \
         declare, and `headwater status` shows what there is"
    ))
}
