//! Flows as a table for people.

use crate::{
    ports::Flow,
    view::{
        counted,
        plain::{add, plain},
        table,
    },
};

/// Flows as a table, with a last line that counts them.
pub fn ports_text(flows: &[Flow]) -> String {
    let mut text = String::new();
    if !flows.is_empty() {
        let header = ["FROM", "TO", "PORT", "PROTOCOL", "SCENARIO", "REQUIREMENT", "REASON"];
        let rows = flows.iter().map(row);
        text = lines(&header, rows);
        text.push('\n');
    }
    let counts = counted(flows.len(), "flow");
    add(&mut text, format_args!("{counts}.\n"));
    text
}

fn row(flow: &Flow) -> Vec<String> {
    let Flow { from, to, ports, transport, application, scenario, requirements, reason } = flow;
    vec![
        plain(&from.to_string()).into_owned(),
        plain(&to.to_string()).into_owned(),
        format!("{} {ports}", transport.as_str()),
        application.as_str().to_owned(),
        scenario.map_or("-".to_owned(), |it| it.to_string()),
        requirements.join(", "),
        plain(reason).into_owned(),
    ]
}

/// Rows below their titles.
pub(super) fn lines<const N: usize>(
    header: &[&str; N],
    rows: impl Iterator<Item = Vec<String>>,
) -> String {
    let mut table = table::table(header, &[]);
    for row in rows {
        table.add_row(row);
    }
    table::lines(&table)
}
