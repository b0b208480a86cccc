//! `headwater explain`: what a rule wants, and why.

use clap::Args;

use super::{ExitCode, Failure, OutputFormat, Printer};
use crate::{
    check::{RULES, closest, rule},
    view::{rule_json, rule_text, rules_json, rules_text},
};

/// What `headwater explain` is given.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Exit codes: 0 done, 2 the command line is wrong or there is no such rule\n\n\
                  Examples:\n  headwater explain PDP-11\n  headwater explain --output json"
)]
pub struct Arguments {
    /// The ID of the rule, such as `PDP-11`; without it, all rules are listed.
    #[arg(value_name = "RULE")]
    rule: Option<String>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    output: OutputFormat,
}

pub(super) fn run(arguments: &Arguments, printer: &mut Printer) -> Result<ExitCode, Failure> {
    let Arguments { rule: id, output } = arguments;
    let wanted = id.as_deref().map(|id| rule(id).ok_or_else(|| unknown(id))).transpose()?;
    let coloured = printer.results_coloured();
    printer.result(&match (wanted, output) {
        (Some(rule), OutputFormat::Text) => rule_text(rule, coloured),
        (Some(rule), OutputFormat::Json) => rule_json(rule),
        (None, OutputFormat::Text) => rules_text(coloured),
        (None, OutputFormat::Json) => rules_json(),
    })?;
    Ok(ExitCode::Success)
}

/// How many requirements each area of the domain has. They cannot be counted here: those that are
/// no rules of manifests stand in no table of the code, only in the text that numbers them.
const REQUIREMENTS: [(&str, u8); 7] =
    [("TOP", 4), ("SUP", 9), ("SYNC", 12), ("AGT", 2), ("PORT", 5), ("PDP", 15), ("REC", 5)];

/// Whether an ID is that of a requirement.
fn is_required(id: &str) -> bool {
    id.split_once('-').is_some_and(|(area, number)| {
        let known = REQUIREMENTS.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(area));
        let number: Option<u8> = number.parse().ok();
        known.zip(number).is_some_and(|((_, last), number)| (1..=last).contains(&number))
    })
}

fn unknown(id: &str) -> Failure {
    if is_required(id) {
        let error = anyhow::anyhow!(
            "`{id}` is no rule of manifests, but how Headwater behaves when it runs: `headwater \
             explain` lists the rules"
        );
        return Failure::new(ExitCode::Usage, error);
    }
    let what = match closest(id, RULES.iter().map(|rule| rule.id)) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => "`headwater explain` lists all".to_owned(),
    };
    Failure::new(ExitCode::Usage, anyhow::anyhow!("`{id}` is not a rule: {what}"))
}
