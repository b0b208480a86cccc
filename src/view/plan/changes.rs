//! What changes, as the lines of a diff of YAML.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::{
    field::{Field, Side},
    paint::Paint,
    words::{Part, compared, whole},
    yaml,
};

/// A line of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DiffLine {
    /// `+`, `-`, or a space for what stays.
    pub(super) sign: char,
    /// The line; nothing where only a remark stands.
    pub(super) parts: Vec<Part>,
    /// What else there is to say.
    pub(super) remark: Option<String>,
}

impl DiffLine {
    /// A line on which nothing but a remark stands.
    pub(super) fn remark(text: String) -> Self {
        Self { sign: ' ', parts: Vec::new(), remark: Some(text) }
    }

    /// The line without colours and without its end.
    pub(super) fn plain(&self) -> String {
        Paint { coloured: false }.line(self)
    }
}

/// Deeper paths are written as they are: none of a settings type is.
const DEEPEST: usize = 16;

/// Lists with more lines than this are not compared line by line: the time grows with the square.
const MOST_COMPARED: usize = 4000;

/// As many unchanged lines are shown around a change: the item of a list that it belongs to.
const AROUND: usize = 2;

/// A field shows as many lines in a plan that is not shown in full: what does not fit is counted.
const MOST_LINES: usize = 16;

/// A line shows as many letters then.
const LONGEST_LINE: usize = 240;

/// The lines of some fields, in the order of their paths. Not in full, long lists and lines are cut.
pub(super) fn changes(fields: &[Field<'_>], full: bool) -> Vec<DiffLine> {
    let made = fields.iter().all(|field| field.before.is_nothing());
    let ended = fields.iter().all(|field| field.after.is_nothing());
    // Whether what holds a field is there already cannot be seen in a field that is new.
    let of_parents = if made {
        '+'
    } else if ended {
        '-'
    } else {
        ' '
    };
    let mut lines = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    for field in fields {
        let mut parents: Vec<&str> = field.path.splitn(DEEPEST, '.').collect();
        let key = parents.pop().unwrap_or_default();
        let common = open.iter().zip(&parents).take_while(|(one, other)| one == other).count();
        for (depth, parent) in parents.iter().enumerate().skip(common) {
            let line = format!("{}{}:", "  ".repeat(depth), yaml::scalar(parent));
            lines.push(line_of(of_parents, whole(line)));
        }
        let indent = "  ".repeat(parents.len());
        let mut of_field = field_lines(field, key, &indent);
        if !full {
            of_field = shortened(of_field);
        }
        lines.extend(of_field);
        open = parents;
    }
    lines
}

fn line_of(sign: char, parts: Vec<Part>) -> DiffLine {
    DiffLine { sign, parts, remark: None }
}

fn field_lines(field: &Field<'_>, key: &str, indent: &str) -> Vec<DiffLine> {
    let side = |side: &Side<'_>| -> Vec<String> {
        side.lines(key).iter().map(|line| format!("{indent}{line}")).collect()
    };
    let (before, after) = (side(&field.before), side(&field.after));
    let mut lines = Vec::with_capacity(before.len() + after.len());
    for op in compare(&before, &after) {
        let (old, new) = (&before[op.old_range()], &after[op.new_range()]);
        if let DiffOp::Equal { .. } = op {
            lines.extend(old.iter().map(|line| line_of(' ', whole(line.clone()))));
            continue;
        }
        // Lines that replace each other one by one are compared word by word.
        let pairs: Vec<_> = old.iter().zip(new).map(|(old, new)| compared(old, new)).collect();
        let (left, right): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        for (sign, parts, all) in [('-', left, old), ('+', right, new)] {
            let alone = all.iter().skip(parts.len()).map(|line| whole(line.clone()));
            lines.extend(parts.into_iter().chain(alone).map(|parts| line_of(sign, parts)));
        }
    }
    for (sign, side) in [('-', &field.before), ('+', &field.after)] {
        // Each line that has a field of its own, and the last one in any case.
        let last = lines.iter().rposition(|line| line.sign == sign);
        for (number, line) in lines.iter_mut().enumerate().filter(|(_, it)| it.sign == sign) {
            let text: String = line.parts.iter().map(|part| part.text.as_str()).collect();
            if Some(number) == last || text.contains(": ") {
                line.remark.clone_from(&side.remark);
            }
        }
    }
    lines
}

/// What leads from some lines to others.
fn compare(before: &[String], after: &[String]) -> Vec<DiffOp> {
    let (old_len, new_len) = (before.len(), after.len());
    let replaced = DiffOp::Replace { old_index: 0, old_len, new_index: 0, new_len };
    // The same texts: what differs is hidden in them.
    if before == after || old_len + new_len > MOST_COMPARED {
        return vec![replaced];
    }
    capture_diff_slices(Algorithm::Myers, before, after)
}

/// The lines of a field as a person needs them: what changes and what is around it, cut.
fn shortened(lines: Vec<DiffLine>) -> Vec<DiffLine> {
    let mut near = vec![false; lines.len()];
    for (number, line) in lines.iter().enumerate() {
        if line.sign != ' ' {
            let until = (number + AROUND + 1).min(lines.len());
            near[number.saturating_sub(AROUND)..until].fill(true);
        }
    }
    // The first line has the name of the field.
    if let Some(first) = near.first_mut() {
        *first = true;
    }
    bridge(&mut near);
    let mut result = Vec::new();
    let mut unchanged = 0;
    let count = lines.len();
    let mut shown = 0;
    let mut left = 0;
    for (number, (line, near)) in lines.into_iter().zip(near).enumerate() {
        if !near {
            unchanged += 1;
            continue;
        }
        if unchanged > 0 {
            result.push(DiffLine::remark(format!("… {unchanged} unchanged lines")));
            unchanged = 0;
        }
        // A remark that a single line makes room for would be as long as the line.
        if shown >= MOST_LINES && number + 1 < count {
            left += 1;
            continue;
        }
        shown += 1;
        result.push(cut(line));
    }
    if left > 0 {
        let last = result.pop();
        result.push(DiffLine::remark(format!("… {left} more lines")));
        result.extend(last);
    }
    if unchanged > 0 {
        result.push(DiffLine::remark(format!("… {unchanged} unchanged lines")));
    }
    result
}

/// Shows gaps that are no longer than what would tell of them.
fn bridge(near: &mut [bool]) {
    let mut shown = 0;
    for number in 0..near.len() {
        if near[number] {
            if number - shown <= AROUND + 1 {
                near[shown..number].fill(true);
            }
            shown = number;
        }
    }
    if near.len() - shown <= AROUND + 1 {
        near[shown..].fill(true);
    }
}

/// A line without what is too far to the right to be read.
fn cut(mut line: DiffLine) -> DiffLine {
    let mut room = LONGEST_LINE;
    for number in 0..line.parts.len() {
        let text = &mut line.parts[number].text;
        if let Some((end, _)) = text.char_indices().nth(room) {
            text.truncate(end);
            text.push('…');
            line.parts.truncate(number + 1);
            break;
        }
        room -= text.chars().count();
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::FieldChange;

    #[test]
    fn each_field_of_a_list_that_differs_says_where_it_is_written() {
        let change: FieldChange = serde_json::from_value(json!({
            "path": "sources",
            "before": [{"priority": 1, "url": "http://a:80"}],
            "after": [{"priority": 2, "url": "http://a:81"}],
            "written": [{
                "resource": "DistributionPoint/b", "field": "spec.pull.sources",
                "file": "b.yaml", "line": 7, "column": 5,
            }],
            "found": {"siteSystem": "b", "at": "127.0.0.5"},
        }))
        .unwrap();
        let lines: Vec<String> =
            changes(&[Field::of(&change)], false).iter().map(DiffLine::plain).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
          sources:
        -   - priority: 1
        -     url: http://a:80
        +   - priority: 2  # b.yaml:7:5
        +     url: http://a:81  # b.yaml:7:5
        ");
    }
}
