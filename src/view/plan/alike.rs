//! What makes actions alike: all is the same but for the names of what they are done to.

use std::borrow::Cow;

use serde_json::Value;

use crate::{model::Kind, plan::Action};

/// Stands for the name of a resource.
const NAME: &str = "<name>";
/// Stands for the name of the site system that carries it, where that is another one.
const ON: &str = "<site system>";

/// Replaces the names in what an action says by what they mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Meaning<'a> {
    name: &'a str,
    on: Option<&'a str>,
}

impl<'a> Meaning<'a> {
    pub(super) fn of(action: &'a Action) -> Self {
        // What content goes to is what tells the actions of a package apart.
        let on = match action.targets.as_slice() {
            _ if action.resource.kind == Kind::Package => None,
            [on] if *on != action.resource.name => Some(on.as_str()),
            _ => None,
        };
        Self { name: action.resource.name.as_str(), on }
    }

    pub(super) fn text(self, text: &str) -> String {
        let text = replaced(Cow::Borrowed(text), self.name, NAME);
        match self.on {
            Some(on) => replaced(text, on, ON).into_owned(),
            None => text.into_owned(),
        }
    }

    pub(super) fn value(self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(list) => list.iter().map(|value| self.value(value)).collect(),
            Value::Object(map) => {
                map.iter().map(|(key, value)| (key.clone(), self.value(value))).collect()
            }
            other => other.clone(),
        }
    }
}

/// A text with a name replaced wherever it stands by itself: not as a part of a longer name.
fn replaced<'a>(text: Cow<'a, str>, name: &str, by: &str) -> Cow<'a, str> {
    let of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let mut result = String::new();
    let mut copied = 0;
    for (at, _) in text.match_indices(name) {
        let end = at + name.len();
        let inside = text[..at].ends_with(of_name) || text[end..].starts_with(of_name);
        if !inside {
            result.push_str(&text[copied..at]);
            result.push_str(by);
            copied = end;
        }
    }
    if copied == 0 {
        return text;
    }
    result.push_str(&text[copied..]);
    Cow::Owned(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_replaced_where_it_stands_by_itself() {
        let text = "dp-1 is not dp-10, but `dp-1` and http://dp-1.contoso.example, my-dp-1";
        assert_eq!(
            replaced(Cow::Borrowed(text), "dp-1", NAME),
            "<name> is not dp-10, but `<name>` and http://<name>.contoso.example, my-dp-1"
        );
    }
}
