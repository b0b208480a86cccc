//! Flows as a Markdown table, for a pull request or a wiki.

use crate::{
    ports::{Flow, Scenario},
    view::{
        counted,
        plain::{add, plain},
    },
};

/// Flows as a Markdown table, with the scenarios that occur in it explained below.
pub fn ports_markdown(flows: &[Flow]) -> String {
    let mut text = "| From | To | Port | Protocol | Scenario | Requirement | Reason |\n\
                    |---|---|---|---|---|---|---|\n"
        .to_owned();
    for flow in flows {
        let Flow { from, to, ports, transport, application, scenario, requirements, reason } = flow;
        add(
            &mut text,
            format_args!(
                "| {} | {} | {} {ports} | {} | {} | {} | {} |\n",
                cell(&from.to_string()),
                cell(&to.to_string()),
                transport.as_str(),
                application.as_str(),
                scenario.map_or("-".to_owned(), |it| it.to_string()),
                requirements.join(", "),
                cell(reason),
            ),
        );
    }
    add(&mut text, format_args!("\n{}.\n", counted(flows.len(), "flow")));
    let occurring = [Scenario::A, Scenario::B, Scenario::C]
        .into_iter()
        .filter(|scenario| flows.iter().any(|flow| flow.scenario == Some(*scenario)));
    let explained: Vec<String> =
        occurring.map(|scenario| format!("{scenario} = {}", scenario.describe())).collect();
    if !explained.is_empty() {
        add(&mut text, format_args!("Scenarios: {}.\n", explained.join("; ")));
    }
    text
}

/// A text that stays in its cell and is no markup, but for the backticks that our own words have.
fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for letter in plain(text).chars() {
        match letter {
            '|' | '\\' | '*' | '_' | '[' | ']' | '#' => {
                cell.push('\\');
                cell.push(letter);
            }
            '<' => cell.push_str("&lt;"),
            '&' => cell.push_str("&amp;"),
            _ => cell.push(letter),
        }
    }
    cell
}
