//! The JSON Schemas of the types as structural schemas: what Kubernetes takes of them.
//!
//! What is left out on purpose:
//!
//! - `nullable`: the loader reads null as absent, and so does an API server, which removes a null where a
//!   field is not nullable, before any rule sees it.
//! - `additionalProperties: false`: unknown fields are removed, or refused by whoever asks for that.
//! - What only narrows a combination of fields (`oneOf` of fields, `allOf`, `if`, `not`): rules in CEL say
//!   it, with a message. Where exactly one of some fields is wanted, the rule is made here.
//! - Defaults that are no single value. A default that is one means the same as its absence to the
//!   loader, and to the digest of manifests, which is over what was read. That of an object would put
//!   fields into objects that nobody wrote, and refuse to follow when one of them is removed.

use serde_json::{Map, Value, json};

use super::{not_structural::NotStructural, rule::Rule};

/// The schema of a field with everything below it, and the rules that its types bring along.
pub(super) fn structural(
    schema: &Value,
    definitions: &Value,
    path: &str,
) -> Result<(Value, Vec<Rule>), NotStructural> {
    let mut conversion = Conversion { definitions, open: Vec::new(), rules: Vec::new() };
    let converted = conversion.node(schema, path)?;
    Ok((Value::Object(converted), conversion.rules))
}

type Node = Map<String, Value>;

struct Conversion<'a> {
    definitions: &'a Value,
    /// The definitions that are being followed.
    open: Vec<&'a str>,
    rules: Vec<Rule>,
}

impl<'a> Conversion<'a> {
    fn node(&mut self, schema: &'a Value, path: &str) -> Result<Node, NotStructural> {
        let untyped = || NotStructural::Untyped { path: path.to_owned() };
        let keywords = schema.as_object().ok_or_else(untyped)?;
        if let Some(to) = keywords.get("$ref").and_then(Value::as_str) {
            let below = self.definition(to, path)?;
            return over(below, keywords, "$ref", path);
        }
        if let Some(choices) = keywords.get("anyOf").and_then(Value::as_array) {
            let mut others = choices.iter().filter(|it| it["type"] != "null");
            let (Some(one), None) = (others.next(), others.next()) else {
                return Err(unknown(path, "anyOf"));
            };
            let below = self.node(one, path)?;
            return over(below, keywords, "anyOf", path);
        }
        let mut node = Node::new();
        for (keyword, value) in keywords {
            self.keyword(keyword, value, path, &mut node)?;
        }
        if node.get("format").is_some_and(|it| !is_kept(it, &node)) {
            node.remove("format");
        }
        match node.get("type") {
            None => return Err(untyped()),
            Some(of) if of == "array" => {
                // Order and repetitions mean something to the loader, which only warns of the latter.
                node.entry("x-kubernetes-list-type").or_insert(json!("atomic"));
            }
            Some(_) => {}
        }
        Ok(node)
    }

    fn definition(&mut self, to: &'a str, path: &str) -> Result<Node, NotStructural> {
        let name = to.trim_start_matches("#/$defs/");
        if self.open.contains(&name) {
            return Err(NotStructural::Recursive { path: path.to_owned() });
        }
        let undefined = || NotStructural::Undefined { path: path.to_owned(), to: name.to_owned() };
        let target = self.definitions.get(name).ok_or_else(undefined)?;
        self.open.push(name);
        let below = self.node(target, path);
        self.open.pop();
        below
    }

    fn keyword(
        &mut self,
        keyword: &str,
        value: &'a Value,
        path: &str,
        node: &mut Node,
    ) -> Result<(), NotStructural> {
        match keyword {
            "$defs" | "$schema" | "allOf" | "else" | "examples" | "if" | "not" | "then"
            | "title" => {}
            "default" if !is_single(value) => {}
            "description" => {
                // The choices may have added to it already.
                let choices = node.remove(keyword);
                let choices = choices.as_ref().and_then(Value::as_str).unwrap_or_default();
                let text = value.as_str().unwrap_or_default();
                node.insert(keyword.to_owned(), json!(format!("{text}{choices}")));
            }
            "type" => {
                let mut types = value.as_array().into_iter().flatten().filter(|it| *it != "null");
                let of = types.next().unwrap_or(value);
                node.insert(keyword.to_owned(), of.clone());
            }
            "default" | "enum" | "format" | "maxItems" | "maxLength" | "maxProperties"
            | "maximum" | "minItems" | "minLength" | "minimum" | "pattern" | "required" => {
                node.insert(keyword.to_owned(), value.clone());
            }
            "oneOf" => self.choices(value, path, node)?,
            "properties" => {
                let mut properties = Node::new();
                for (name, property) in value.as_object().into_iter().flatten() {
                    let below = self.node(property, &format!("{path}.{name}"))?;
                    properties.insert(name.clone(), Value::Object(below));
                }
                node.insert(keyword.to_owned(), Value::Object(properties));
            }
            "items" => {
                let below = self.node(value, &format!("{path}[]"))?;
                node.insert(keyword.to_owned(), Value::Object(below));
            }
            "additionalProperties" if *value == json!(false) => {}
            "additionalProperties" => {
                let below = self.node(value, &format!("{path}.*"))?;
                node.insert(keyword.to_owned(), Value::Object(below));
            }
            _ if keyword.starts_with("x-kubernetes-") => {
                node.insert(keyword.to_owned(), value.clone());
            }
            _ => return Err(unknown(path, keyword)),
        }
        Ok(())
    }

    /// `oneOf`: words of which one is written, or fields of which exactly one is.
    fn choices(
        &mut self,
        choices: &'a Value,
        path: &str,
        node: &mut Node,
    ) -> Result<(), NotStructural> {
        let choices = choices.as_array().map(Vec::as_slice).unwrap_or_default();
        let words: Vec<&Value> = choices.iter().filter_map(|it| it.get("const")).collect();
        if words.len() == choices.len() {
            let mut description = node.remove("description").unwrap_or_default();
            for choice in choices {
                let word = choice["const"].as_str().ok_or_else(|| unknown(path, "oneOf"))?;
                let means = choice["description"].as_str().unwrap_or_default();
                let before = description.as_str().unwrap_or_default();
                let space = if before.contains("\n- ") { "\n" } else { "\n\n" };
                description = json!(format!("{before}{space}- `{word}`: {means}"));
            }
            node.insert("description".to_owned(), description);
            node.insert("enum".to_owned(), json!(words));
            node.insert("type".to_owned(), json!("string"));
            return Ok(());
        }
        let fields: Option<Vec<(&str, String)>> = choices.iter().map(field).collect();
        let fields = fields.ok_or_else(|| unknown(path, "oneOf"))?;
        self.rules.extend(Rule::exactly_one(path, &fields));
        Ok(())
    }
}

/// The field that a choice wants, and the expression that says whether it is written.
fn field(choice: &Value) -> Option<(&str, String)> {
    let [name] = choice["required"].as_array()?.as_slice() else { return None };
    let name = name.as_str()?;
    let narrowed = &choice["properties"][name];
    let written = if narrowed["const"] == json!(true) {
        format!("has(self.{name}) && self.{name}")
    } else if narrowed["minItems"] == json!(1) {
        format!("has(self.{name}) && self.{name}.size() > 0")
    } else {
        format!("has(self.{name})")
    };
    Some((name, written))
}

/// What is said of a field, over what is said of its type.
fn over(mut below: Node, keywords: &Node, by: &str, path: &str) -> Result<Node, NotStructural> {
    for (keyword, value) in keywords {
        match keyword.as_str() {
            "examples" | "title" => {}
            "default" if !is_single(value) => {}
            "default" => {
                below.insert(keyword.clone(), value.clone());
            }
            "description" => {
                // The words that can be written stay explained.
                let before = below.get(keyword).and_then(Value::as_str).unwrap_or_default();
                let choices = before.find("\n\n- ").map_or("", |at| &before[at..]);
                let text = value.as_str().unwrap_or_default();
                below.insert(keyword.clone(), json!(format!("{text}{choices}")));
            }
            _ if keyword == by => {}
            _ => return Err(unknown(path, keyword)),
        }
    }
    Ok(below)
}

/// Whether a format is one that Kubernetes knows, and says no more than the pattern: its times are
/// narrower than those that the loader reads.
fn is_kept(format: &Value, node: &Node) -> bool {
    let known = matches!(format.as_str(), Some("date-time" | "int32" | "int64"));
    known && !node.contains_key("pattern")
}

fn is_single(value: &Value) -> bool {
    !value.is_object() && !value.is_array() && !value.is_null()
}

fn unknown(path: &str, keyword: &str) -> NotStructural {
    NotStructural::Unknown { path: path.to_owned(), keyword: keyword.to_owned() }
}
