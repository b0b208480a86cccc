//! Whether the XML text of an applicability rule is one that clients can evaluate: well-formed, within
//! bounds, and made of known elements (see `applicability_elements`).

use quick_xml::{
    XmlVersion,
    events::{BytesStart, Event},
    name::{NamespaceResolver, ResolveResult},
    reader::Reader,
};

use super::{
    applicability_elements::{Attribute, ELEMENTS, Element, Inside, PREFIXES, Schema},
    closest,
};

/// The longest rule, in bytes: the largest genuine ones of updates have 50 KiB.
const LONGEST: usize = 64 << 10;

/// How deep elements are nested at most: in genuine rules a dozen.
const DEEPEST: usize = 64;

/// What is wrong with the text of a rule; the first of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleProblem {
    /// In which line of the text, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub help: String,
}

impl std::fmt::Display for RuleProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// What is wrong with the text of a rule, if something is.
pub fn rule_problem(text: &str) -> Option<RuleProblem> {
    if text.len() > LONGEST {
        let what = format!("the rule has {} bytes, and {LONGEST} are the most", text.len());
        return Some(RuleProblem { line: 1, what, help: "write it shorter".to_owned() });
    }
    let opening = opening();
    let wrapped = format!("{opening}{text}</rule>");
    let mut reading = Reading::new(&wrapped);
    let (what, help) = reading.read().err()?;
    let before = wrapped.get(opening.len()..reading.began).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    Some(RuleProblem { line: line.min(text.lines().count().max(1)), what, help })
}

/// What declares the prefixes.
fn opening() -> String {
    let mut opening = "<rule".to_owned();
    for (prefix, namespace, _) in PREFIXES {
        opening.extend([" xmlns:", prefix, "=\"", namespace, "\""]);
    }
    opening + ">"
}

/// What is wrong, and what to write instead.
type Wrong = (String, String);

fn wrong<T>(what: impl Into<String>, help: impl Into<String>) -> Result<T, Wrong> {
    Err((what.into(), help.into()))
}

/// An element that is open.
struct Open {
    /// None: what holds the rule as a whole, or an element with a text.
    element: Option<&'static Element>,
    /// The names of what was in it.
    inside: Vec<String>,
    has_text: bool,
}

struct Reading<'a> {
    reader: Reader<&'a [u8]>,
    resolver: NamespaceResolver,
    open: Vec<Open>,
    /// Where what is read now begins.
    began: usize,
}

impl<'a> Reading<'a> {
    fn new(wrapped: &'a str) -> Self {
        let mut reader = Reader::from_str(wrapped);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, resolver: NamespaceResolver::default(), open: Vec::new(), began: 0 }
    }

    fn read(&mut self) -> Result<(), Wrong> {
        loop {
            self.began = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
            let event = self.reader.read_event().map_err(|error| malformed(&error))?;
            match event {
                Event::Start(start) => self.start(&start)?,
                Event::End(_) => {
                    let Some(open) = self.open.pop() else { return not_one() };
                    self.resolver.pop();
                    complete(&open)?;
                    if self.open.is_empty() {
                        let is_last = matches!(self.reader.read_event(), Ok(Event::Eof));
                        return if is_last { Ok(()) } else { not_one() };
                    }
                }
                Event::Text(text) if text.trim_ascii().is_empty() => {}
                Event::Text(_) | Event::GeneralRef(_) => self.text()?,
                Event::Comment(_) => {}
                Event::Eof => {
                    return wrong(
                        "the text ends inside an element",
                        "add what closes every element",
                    );
                }
                _ => {
                    return wrong(
                        "only elements and comments can stand in a rule",
                        "remove declarations, instructions and `CDATA`",
                    );
                }
            }
        }
    }

    /// A text, which only some elements of Windows Installer's rules have.
    fn text(&mut self) -> Result<(), Wrong> {
        let is_inside = self.open.len() > 1;
        match self.open.last_mut().filter(|it| is_inside && it.element.is_none()) {
            Some(open) => {
                open.has_text = true;
                Ok(())
            }
            None => wrong(
                "a text stands where an element should",
                "write rules as elements, such as `<lar:True />`",
            ),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), Wrong> {
        if self.open.len() > DEEPEST {
            let what = format!("elements are nested deeper than {DEEPEST}");
            return wrong(what, "write it flatter");
        }
        self.resolver.push(start).map_err(|error| malformed(&error.into()))?;
        if self.open.is_empty() {
            self.open.push(Open { element: None, inside: Vec::new(), has_text: false });
            return Ok(());
        }
        let name = start.local_name().into_inner().to_owned();
        let schema = match self.resolver.resolve_element(start.name()).0 {
            ResolveResult::Bound(bound) => {
                PREFIXES.iter().find(|(_, known, _)| *known == bound.0).map(|(_, _, it)| *it)
            }
            ResolveResult::Unbound | ResolveResult::Unknown(_) => None,
        };
        let element = self.place(start.name().0, &name, schema)?;
        if let Some(element) = element {
            attributes(start, element)?;
        }
        self.open.push(Open { element, inside: Vec::new(), has_text: false });
        Ok(())
    }

    /// The element that stands here; none if it is one with a text.
    fn place(
        &mut self,
        written: &str,
        name: &str,
        schema: Option<Schema>,
    ) -> Result<Option<&'static Element>, Wrong> {
        let is_whole = self.open.len() == 1;
        let Some(around) = self.open.last_mut() else { return not_one() };
        around.inside.push(name.to_owned());
        match around.element.map(|it| it.inside) {
            None if is_whole && around.inside.len() == 1 => {}
            None if is_whole => return not_one(),
            Some(Inside::Rules(most)) if around.inside.len() <= most => {}
            Some(Inside::Texts(names)) if schema == Some(Schema::Msi) && names.contains(&name) => {
                return Ok(None);
            }
            Some(Inside::Texts(names)) => {
                let help = format!("write `{}` there", names.join("` and `"));
                return wrong(format!("`{written}` cannot stand there"), help);
            }
            Some(Inside::Rules(_)) => {
                let help = "use `<lar:And>` or `<lar:Or>` around several rules";
                return wrong("one rule too many stands there", help);
            }
            Some(Inside::Nothing) | None => {
                return wrong(
                    format!("`{written}` cannot stand inside that element"),
                    "move it out",
                );
            }
        }
        let Some(schema) = schema else {
            let prefixes: Vec<&str> = PREFIXES.iter().map(|(prefix, ..)| *prefix).collect();
            let what = format!("`{written}` is of no schema of applicability rules");
            return wrong(what, format!("use one of the prefixes `{}`", prefixes.join("`, `")));
        };
        let found = ELEMENTS.iter().find(|it| it.schema == schema && it.name == name);
        found.map(Some).ok_or_else(|| unknown(written, name, schema))
    }
}

fn unknown(written: &str, name: &str, schema: Schema) -> Wrong {
    let what = format!("there is no rule `{written}`, or none that a local update can have");
    let elsewhere = ELEMENTS.iter().find(|it| it.name == name).map(|it| (it.name, it.schema));
    let of_schema = ELEMENTS.iter().filter(|it| it.schema == schema).map(|it| it.name);
    let near = closest(name, of_schema).map(|it| (it, schema)).or(elsewhere);
    let prefix = |schema| PREFIXES.iter().find(|it| it.2 == schema).map_or("bar", |it| it.0);
    let help = match near {
        Some((near, schema)) => format!("did you mean `{}:{near}`?", prefix(schema)),
        None => "use a rule of the schemas `bar`, `lar` and `msiar`".to_owned(),
    };
    (what, help)
}

fn attributes(start: &BytesStart<'_>, element: &'static Element) -> Result<(), Wrong> {
    let name = element.name;
    let mut written: Vec<&'static Attribute> = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| malformed(&error.into()))?;
        let key = attribute.key.0;
        if key == "xmlns" || key.starts_with("xmlns:") {
            continue;
        }
        let Some(known) = element.attributes().find(|it| it.name == key) else {
            let near = closest(key, element.attributes().map(|it| it.name));
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "remove it".to_owned(),
            };
            return wrong(format!("`{name}` has no attribute `{key}`"), help);
        };
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|error| malformed(&error))?;
        if !known.holds.takes(&value) {
            let shown: String = value.chars().take(80).collect();
            let what = format!("`{shown}` cannot be the `{key}` of `{name}`");
            return wrong(what, format!("write {}", known.holds.words()));
        }
        written.push(known);
    }
    let missing = element
        .attributes()
        .find(|it| it.required && !written.iter().any(|written| written.name == it.name));
    match missing {
        Some(it) => {
            let help = format!("add `{}`: {}", it.name, it.holds.words());
            wrong(format!("`{name}` needs the attribute `{}`", it.name), help)
        }
        None => Ok(()),
    }
}

/// Whether what an element needs was in it.
fn complete(open: &Open) -> Result<(), Wrong> {
    let Some(element) = open.element else {
        // The whole, which holds a rule; or an element with a text.
        return if open.inside.is_empty() && !open.has_text { not_one() } else { Ok(()) };
    };
    let name = element.name;
    match element.inside {
        Inside::Rules(_) if open.inside.is_empty() => {
            wrong(format!("`{name}` has no rule in it"), "add a rule, or remove the element")
        }
        Inside::Texts(names) => {
            let missing = names.iter().find(|it| !open.inside.iter().any(|inside| inside == *it));
            match missing {
                Some(it) => wrong(format!("`{name}` needs `{it}` in it"), format!("add `{it}`")),
                None => Ok(()),
            }
        }
        Inside::Nothing | Inside::Rules(_) => Ok(()),
    }
}

fn not_one<T>() -> Result<T, Wrong> {
    let help = "write one element, such as `<lar:And>` with the rules in it";
    wrong("a rule is exactly one element with what belongs into it", help)
}

fn malformed(error: &quick_xml::Error) -> Wrong {
    let help = "check the brackets, quotes and prefixes there";
    // What holds the text is not for people to see.
    let what = match error.to_string() {
        text if text.contains("</rule>") => "an element ends that did not begin".to_owned(),
        text => text,
    };
    (format!("the text is no well-formed XML: {what}"), help.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> String {
        rule_problem(text).map_or("nothing".to_owned(), |it| format!("{it}; {}", it.help))
    }

    /// The rules of genuine documents.
    #[test]
    fn genuine_rules_are_accepted() {
        let mut rules = 0;
        for document in [
            include_str!("../../tests/data/updates/266f6222-c89d-43f2-9f8a-69340271e677-r200.xml"),
            include_str!("../../tests/data/updates/7366a74a-ef29-44e1-b738-570b516aca1f-r200.xml"),
            include_str!("../../tests/data/updates/56309036-4c77-4dd9-951a-99ee9c246a94-r101.xml"),
            include_str!("../../tests/data/updates/dd78b8a1-0b20-45c1-add6-4da72e9364cf-r202.xml"),
        ] {
            for name in ["IsInstalled", "IsInstallable", "IsSuperseded"] {
                let (from, to) = (format!("<upd:{name}>"), format!("</upd:{name}>"));
                let Some((_, rest)) = document.split_once(&from) else { continue };
                let (rule, _) = rest.split_once(&to).unwrap();
                assert_eq!(told(rule), "nothing");
                rules += 1;
            }
        }
        assert_eq!(rules, 6);
    }

    #[test]
    fn what_is_no_rule_is_told_with_its_line() {
        for (text, what) in [
            ("", "a rule is exactly one element"),
            ("True", "a text stands where an element should"),
            ("<lar:True/><lar:True/>", "a rule is exactly one element"),
            ("<lar:True/></rule><rule>", "a rule is exactly one element"),
            ("<lar:And>\n<lar:True/>\n</lar:Or>", "line 3: the text is no well-formed XML"),
            ("<lar:And>\n<lar:True/>\n", "the text is no well-formed XML"),
            ("<lar:And/>", "`And` has no rule in it"),
            ("<lar:Not><lar:True/><lar:False/></lar:Not>", "one rule too many"),
            ("<lar:Any><lar:True/></lar:Any>", "there is no rule `lar:Any`"),
            ("<bar:And><lar:True/></bar:And>", "did you mean `lar:And`?"),
            ("<And><True/></And>", "`And` is of no schema"),
            ("<x:And><lar:True/></x:And>", "`x:And` is of no schema"),
            ("<bar:RegKeyExist Key='A' Subkey='b'/>", "did you mean `bar:RegKeyExists`?"),
            ("<bar:RegKeyExists Key='A'/>", "needs the attribute `Subkey`"),
            ("<bar:RegKeyExists key='A' Subkey='b'/>", "did you mean `Key`?"),
            ("<bar:WindowsVersion Comparison='Equals'/>", "`Equals` cannot be the `Comparison`"),
            ("<bar:FileVersion Path='a' Comparison='EqualTo' Version='1.2'/>", "a version of 4"),
            ("<bar:RegSz Key='A' Subkey='b' Comparison='EqualTo' Data='&x;'/>", "no well-formed"),
            ("<!DOCTYPE a [<!ENTITY x 'y'>]><lar:True/>", "only elements and comments"),
            ("<msiar:MsiProductInstalled ProductCode='{1}'/>", "a GUID"),
            (
                "<msiar:MsiFeatureInstalledForProduct><msiar:Feature>a</msiar:Feature></msiar:\
                 MsiFeatureInstalledForProduct>",
                "needs `Product` in it",
            ),
        ] {
            let told = told(text);
            assert!(told.contains(what), "{text}: {told}");
        }
        let deep = format!("{}<lar:True/>{}", "<lar:Not>".repeat(80), "</lar:Not>".repeat(80));
        assert!(told(&deep).contains("nested deeper than 64"));
        assert!(told(&" ".repeat(1 << 20)).contains("are the most"));
    }

    #[test]
    fn declared_prefixes_and_comments_are_fine() {
        let bar = "http://schemas.microsoft.com/msus/2002/12/BaseApplicabilityRules";
        let text = format!("<!-- once --><a:InstalledOnce xmlns:a=\"{bar}\"/>\n");
        assert_eq!(told(&text), "nothing");
        let text = "<lar:And>\n  <!-- two -->\n  <lar:True />\n  <bar:MuiInstalled/>\n</lar:And>";
        assert_eq!(told(text), "nothing");
    }
}
