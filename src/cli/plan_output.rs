//! How a plan is printed: the options that all commands have that print one.

use anyhow::anyhow;
use clap::{Args, ValueEnum};

use super::{ExitCode, Failure, Printer, operation};
use crate::{
    model::{ActionRecord, Hierarchy, RunRecord, SiteCode},
    plan::Plan,
    view::{
        PlanDigests, PlanFilter, PlanView, ShownKind, digests_json, digests_text, plain, plan_json,
        plan_markdown, plan_summary_json, plan_summary_markdown, plan_summary_text, plan_text,
        run_markdown, run_record_json, run_record_text, unknown_site,
    },
};

/// In which form a plan is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people.
    #[default]
    Text,
    /// For programs; a whole plan in this form can be shown again with `headwater show`.
    Json,
    /// For a comment on a pull request: at most 65,000 characters.
    Markdown,
}

/// What of a plan is printed, and how.
#[derive(Debug, Clone, Args)]
pub struct PlanOutput {
    /// How the plan is printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: PlanFormat,
    /// Print only what is done in this site; may be given several times.
    #[arg(long, value_name = "CODE")]
    site: Vec<SiteCode>,
    /// Print only actions of this kind, such as `AddDistributionPoint`, or on resources of this
    /// kind, such as `Package`; may be given several times.
    #[arg(long, value_name = "KIND")]
    kind: Vec<ShownKind>,
    /// Print only how many actions there are, by site and by kind.
    #[arg(long)]
    summary: bool,
    /// Print every action by itself and with every line; otherwise actions that are alike are
    /// printed once, and long lists are cut.
    #[arg(long, conflicts_with = "summary")]
    full: bool,
}

impl PlanOutput {
    /// In which form it is printed.
    pub(super) const fn format(&self) -> PlanFormat {
        self.output
    }

    /// The digests of a plan, in the form in which it would be printed.
    pub(super) fn digests(&self, digests: &PlanDigests) -> String {
        match self.output {
            PlanFormat::Json => digests_json(digests),
            PlanFormat::Text | PlanFormat::Markdown => digests_text(digests),
        }
    }

    /// Prints a plan, made for this hierarchy if it is known.
    ///
    /// # Errors
    ///
    /// A site is asked for that is not there ([`ExitCode::Usage`]), or nothing can be printed.
    pub(super) fn print(
        &self,
        plan: &Plan,
        hierarchy: Option<&Hierarchy>,
        printer: &mut Printer,
    ) -> Result<(), Failure> {
        let Self { output, site, kind, summary, full } = self;
        let filter = PlanFilter { sites: site.clone(), kinds: kind.clone() };
        let view = PlanView { filter: Some(&filter), hierarchy, full: *full };
        match unknown_site(plan, view) {
            // A plan alone does not know of sites in which nothing is to be done.
            Some(unknown) if hierarchy.is_none() => {
                printer.message(&format!("note: {}\n", plain(&unknown)))?;
            }
            Some(unknown) => return Err(Failure::new(ExitCode::Usage, anyhow!(unknown))),
            None => {}
        }
        let coloured = printer.results_coloured();
        Ok(printer.result(&drawn(plan, view, (*output, *summary), coloured))?)
    }

    /// Prints a run, and its plan if that is kept.
    ///
    /// # Errors
    ///
    /// Nothing can be printed.
    pub(super) fn print_run(
        &self,
        run: &RunRecord,
        actions: &[ActionRecord],
        plan: Option<&Plan>,
        printer: &mut Printer,
    ) -> Result<(), Failure> {
        let Self { output, site, kind, summary, full } = self;
        let filter = PlanFilter { sites: site.clone(), kinds: kind.clone() };
        let view = PlanView { filter: Some(&filter), hierarchy: None, full: *full };
        let coloured = printer.results_coloured();
        let drawn = plan.map(|plan| drawn(plan, view, (*output, *summary), coloured));
        let text = match output {
            PlanFormat::Json => {
                let plan = drawn.map(|text| serde_json::from_str(&text)).transpose();
                run_record_json(run, actions, plan.map_err(operation)?)
            }
            PlanFormat::Text => {
                let plan = drawn.map(|text| format!("\n{text}")).unwrap_or_default();
                run_record_text(run, actions) + &plan
            }
            PlanFormat::Markdown => {
                let text = drawn.ok_or_else(|| {
                    operation(anyhow!("the plan of run {} is not kept: there is only text", run.id))
                })?;
                text + &run_markdown(run)
            }
        };
        Ok(printer.result(&text)?)
    }
}

/// A plan in a form, or only its summary.
fn drawn(
    plan: &Plan,
    view: PlanView<'_>,
    (output, summary): (PlanFormat, bool),
    coloured: bool,
) -> String {
    match (output, summary) {
        (PlanFormat::Text, false) => plan_text(plan, view, coloured),
        (PlanFormat::Json, false) => plan_json(plan, view),
        (PlanFormat::Markdown, false) => plan_markdown(plan, view),
        (PlanFormat::Text, true) => plan_summary_text(plan, view),
        (PlanFormat::Json, true) => plan_summary_json(plan, view),
        (PlanFormat::Markdown, true) => plan_summary_markdown(plan, view),
    }
}
