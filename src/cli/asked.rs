//! Site systems, asked one by one: for the commands that are about one of them.

use std::path::{Path, PathBuf};

use super::{Failure, Printer, operation, sources};
use crate::{
    model::{Declared, Hierarchy, Name, SiteSystemState},
    net::AgentClient,
    observe::Agents,
    role::controller::{Purpose, Session},
};

/// A site system that answers, and what it says.
pub(super) struct Asked {
    pub(super) name: Name,
    pub(super) agent: AgentClient,
    pub(super) state: SiteSystemState,
}

/// Opens the way to the site systems, and asks them; those that do not answer are told.
pub(super) async fn ask(
    data: &Path,
    manifests: &[PathBuf],
    purpose: Purpose,
    printer: &mut Printer,
) -> Result<(Session, Vec<Asked>), Failure> {
    let hierarchy = if manifests.is_empty() {
        Hierarchy::resolve(&Declared::default()).map_err(operation)?
    } else {
        sources::load_hierarchy(manifests, printer)?.0
    };
    let session = Session::open(data, purpose).await.map_err(operation)?;
    let (host, http) = (session.host().clone(), session.http().clone());
    let addresses = session.addresses().clone();
    let agents = Agents::find(host, http, addresses, &hierarchy.remote_agents()).await;
    let mut asked = Vec::new();
    for (name, agent) in agents.map_err(operation)?.all() {
        match agent.state().await {
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
