//! A rule of a custom resource: an expression in CEL that an API server evaluates, and what it says to
//! whom it refuses.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::not_structural::NotStructural;

/// What a rule wants of a value, and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// The value that is `self` in it: a path with `[]` for the items of a list, empty for the object.
    at: String,
    cel: String,
    /// What is wrong, as `check` says it. What stands between `<<` and `>>` is an expression.
    message: String,
    /// What to write instead.
    help: String,
    /// The field that is at fault, seen from `at`.
    field: &'static str,
    reason: &'static str,
}

/// A bound of a value, where the loader has the same one.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    pub(super) at: &'static str,
    pub(super) keyword: &'static str,
    pub(super) value: Value,
}

impl Rule {
    pub(super) fn new(
        at: impl Into<String>,
        cel: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            at: at.into(),
            cel: cel.into(),
            message: message.into(),
            help: String::new(),
            field: "",
            reason: "FieldValueInvalid",
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    pub(super) const fn field(mut self, field: &'static str) -> Self {
        self.field = field;
        self
    }

    /// Something is missing.
    pub(super) const fn required(mut self) -> Self {
        self.reason = "FieldValueRequired";
        self
    }

    /// Something is too much.
    pub(super) const fn forbidden(mut self) -> Self {
        self.reason = "FieldValueForbidden";
        self
    }

    /// Of some fields exactly one is written; each with the expression that says whether it is.
    pub(super) fn exactly_one(path: &str, fields: &[(&str, String)]) -> [Self; 2] {
        let quoted: Vec<String> = fields.iter().map(|(name, _)| format!("`{name}`")).collect();
        let quoted = quoted.join(", ");
        let written: Vec<&str> = fields.iter().map(|(_, written)| written.as_str()).collect();
        let written = written.join(", ");
        let help = format!("write exactly one of {quoted}");
        [
            Self::new(
                path,
                format!("[{written}].exists(it, it)"),
                format!("`{path}` has none of {quoted}"),
            )
            .help(help.clone())
            .required(),
            Self::new(
                path,
                format!("[{written}].filter(it, it).size() <= 1"),
                format!("`{path}` has more than one of {quoted}"),
            )
            .help(help)
            .forbidden(),
        ]
    }

    /// Adds it to the schema of an object.
    pub(super) fn add_to(&self, schema: &mut Value) -> Result<(), NotStructural> {
        let Self { at, cel, message, help, field, reason } = self;
        let message = if help.is_empty() { message.clone() } else { format!("{message}; {help}") };
        let mut rule = json!({"rule": cel, "reason": reason});
        match expression(&message) {
            Some(expression) => rule["messageExpression"] = json!(expression),
            None => rule["message"] = json!(message),
        }
        if !field.is_empty() {
            rule["fieldPath"] = json!(field);
        }
        let node = node(schema, at)?;
        if node["x-kubernetes-validations"].is_null() {
            node["x-kubernetes-validations"] = json!([]);
        }
        if let Value::Array(rules) = &mut node["x-kubernetes-validations"] {
            rules.push(rule);
        }
        Ok(())
    }
}

impl Bound {
    /// Adds it to the schema of an object.
    pub(super) fn add_to(&self, schema: &mut Value) -> Result<(), NotStructural> {
        node(schema, self.at)?[self.keyword] = self.value.clone();
        Ok(())
    }
}

/// A text of which parts between `<<` and `>>` are expressions, as an expression; none where it has no
/// such part.
///
/// It is a format, not a sum: an API server takes a number that becomes a text for one without end, and
/// refuses a sum that might take as long.
fn expression(text: &str) -> Option<String> {
    if !text.contains("<<") {
        return None;
    }
    let mut format = String::new();
    let mut values = Vec::new();
    for part in text.split(">>") {
        let (words, value) = part.split_once("<<").unwrap_or((part, ""));
        format += &words.replace('%', "%%");
        if !value.is_empty() {
            format += "%s";
            values.push(value);
        }
    }
    Some(format!("{}.format([{}])", quoted(&format), values.join(", ")))
}

/// A text as CEL writes it.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for letter in text.chars() {
        match letter {
            '\'' | '\\' => {
                let _ = write!(quoted, "\\{letter}");
            }
            _ => quoted.push(letter),
        }
    }
    quoted.push('\'');
    quoted
}

/// The schema of the field at a path.
fn node<'s>(schema: &'s mut Value, path: &str) -> Result<&'s mut Value, NotStructural> {
    let mut node = schema;
    for name in path.split('.').filter(|it| !it.is_empty()) {
        let (name, is_item) = match name.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (name, false),
        };
        let below = node.get_mut("properties").and_then(|it| it.get_mut(name));
        let below = if is_item { below.and_then(|it| it.get_mut("items")) } else { below };
        node = below.ok_or_else(|| NotStructural::NoField { path: path.to_owned() })?;
    }
    Ok(node)
}
