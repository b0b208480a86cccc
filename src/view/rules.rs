//! Rules, for those who want to know why.

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::{json_text::json_text, plain::add};
use crate::check::{RULES, Rule, Severity};

#[derive(Serialize)]
struct RuleView {
    rule: &'static str,
    severity: &'static str,
    summary: &'static str,
    why: &'static str,
    wrong: &'static str,
    right: &'static str,
}

impl RuleView {
    fn of(rule: &Rule) -> Self {
        let Rule { id, severity, summary, why, wrong, right } = *rule;
        Self { rule: id, severity: severity.as_str(), summary, why, wrong, right }
    }
}

/// The width in which sentences are set: that of the examples.
const WIDTH: usize = 100;

/// A rule for people: what it wants, why, and a wrong and a right example.
pub fn rule_text(rule: &Rule, coloured: bool) -> String {
    let Colours { severity, heading } = Colours::of(rule, coloured);
    let mut text = String::new();
    let title = format!("{}[{}]", rule.severity.as_str(), rule.id);
    let summary = wrapped(&format!("{title}: {}", rule.summary));
    let rest = summary.strip_prefix(title.as_str()).unwrap_or_default();
    add(&mut text, format_args!("{severity}{title}{severity:#}{rest}\n\n{}\n", wrapped(rule.why)));
    for (title, example) in [("Wrong", rule.wrong), ("Right", rule.right)] {
        add(&mut text, format_args!("\n{heading}{title}:{heading:#}\n\n{}", indented(example)));
    }
    text
}

/// A rule for programs, and a line end.
pub fn rule_json(rule: &Rule) -> String {
    json_text(&RuleView::of(rule))
}

/// All rules for people, one a line.
pub fn rules_text(coloured: bool) -> String {
    let mut text = String::new();
    let longest = RULES.iter().map(|rule| rule.id.len()).max().unwrap_or_default();
    for rule in RULES {
        let Colours { severity, .. } = Colours::of(rule, coloured);
        let (id, word) = (rule.id, rule.severity.as_str());
        let summary = rule.summary;
        add(&mut text, format_args!("{id:longest$}  {severity}{word:7}{severity:#}  {summary}\n"));
    }
    text
}

/// All rules for programs, and a line end.
pub fn rules_json() -> String {
    #[derive(Serialize)]
    struct All {
        rules: Vec<RuleView>,
    }
    json_text(&All { rules: RULES.iter().map(|rule| RuleView::of(rule)).collect() })
}

/// The examples of a rule as plain text.
pub(super) fn examples_text(rule: &Rule) -> String {
    format!(
        "{}\n\nWrong:\n\n{}\nRight:\n\n{}",
        rule.why,
        indented(rule.wrong),
        indented(rule.right)
    )
}

/// The examples of a rule as Markdown.
pub(super) fn examples_markdown(rule: &Rule) -> String {
    format!(
        "{}\n\nWrong:\n\n```yaml\n{}```\n\nRight:\n\n```yaml\n{}```\n",
        rule.why, rule.wrong, rule.right
    )
}

struct Colours {
    severity: Style,
    heading: Style,
}

impl Colours {
    fn of(rule: &Rule, coloured: bool) -> Self {
        if !coloured {
            return Self { severity: Style::new(), heading: Style::new() };
        }
        let severity = match rule.severity {
            Severity::Error => AnsiColor::Red.on_default().bold(),
            Severity::Warning => AnsiColor::Yellow.on_default().bold(),
            Severity::Info => AnsiColor::Cyan.on_default().bold(),
        };
        Self { severity, heading: Style::new().bold() }
    }
}

fn indented(example: &str) -> String {
    example.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect()
}

fn wrapped(text: &str) -> String {
    let mut wrapped = String::with_capacity(text.len());
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            wrapped.push('\n');
            column = 0;
        } else if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}
