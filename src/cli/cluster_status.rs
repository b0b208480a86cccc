//! How it stands with a hierarchy in a Kubernetes cluster: for `headwater status --kube` and `kubectl
//! headwater status`.

use super::{ExitCode, Failure, OutputFormat, Printer, cluster::Looked, operation};
use crate::{
    model::{Hierarchy, Observation},
    operator::{ClusterChoice, overview},
    view::{
        ContentFilter, ContentInputs, ContentReport, MessagesReport, content_json, content_text,
        messages_json, messages_text, objects_json, objects_text,
    },
};

/// What is shown of a cluster.
pub(super) struct ClusterStatus<'a> {
    /// Where.
    pub(super) choice: &'a ClusterChoice,
    /// Of all namespaces.
    pub(super) everywhere: bool,
    /// What of it.
    pub(super) what: What<'a>,
    /// How it is printed.
    pub(super) output: OutputFormat,
}

/// What is shown.
pub(super) enum What<'a> {
    /// The objects, and how they stand.
    Objects,
    /// How packages stand at distribution points, and, by a hierarchy, what is missing.
    Content(Option<&'a Hierarchy>),
    /// The newest status messages.
    Messages,
}

impl ClusterStatus<'_> {
    /// Prints it.
    pub(super) async fn show(
        &self,
        filter: &ContentFilter,
        printer: &mut Printer,
    ) -> Result<ExitCode, Failure> {
        let looked = Looked::at(self.choice).await?;
        let json = self.output == OutputFormat::Json;
        let text = match self.what {
            What::Objects => {
                let namespace = (!self.everywhere).then_some(looked.namespace.as_str());
                let objects = overview(&looked.cluster.client, namespace).await;
                let objects = objects.map_err(operation)?;
                if json {
                    objects_json(&objects)
                } else if objects.is_empty() {
                    // As `kubectl get` says it: a result that is empty, and why.
                    let place = namespace
                        .map_or("any namespace".to_owned(), |it| format!("namespace {it}"));
                    printer.message(&format!("no objects of Headwater are in {place}\n"))?;
                    String::new()
                } else {
                    objects_text(&objects, self.everywhere)
                }
            }
            What::Content(hierarchy) => {
                let Observation { observed, observed_at, .. } = looked.observation().await?;
                let (observed, transfers) = (&observed, &[]);
                let inputs = ContentInputs { observed, hierarchy, transfers, now: observed_at };
                filter.check(&inputs).map_err(|error| Failure::new(ExitCode::Usage, error))?;
                let report = ContentReport::of(inputs, filter);
                if json { content_json(&report) } else { content_text(&report) }
            }
            What::Messages => {
                let Observation { observed, .. } = looked.observation().await?;
                let report = MessagesReport::of(&observed, filter);
                if json { messages_json(&report) } else { messages_text(&report) }
            }
        };
        printer.result(&text)?;
        Ok(ExitCode::Success)
    }
}
