use proptest::prelude::*;

use super::*;

fn text_of(document: &str) -> Result<String, XmlError> {
    let mut xml = XmlReader::new(document, 1 << 20)?;
    xml.root()?;
    let text = xml.text()?.into_owned();
    xml.finish()?;
    Ok(text)
}

#[test]
fn texts_are_joined_and_unescaped() {
    let document = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- c --><a>1 &lt;&#x20AC;&#13;\
        <![CDATA[<&>]]><!-- no --><b>no<c/></b>&amp;2\r\n</a>\n";
    assert_eq!(text_of(document).unwrap(), "1 <€\r<&>&2\n");
}

#[test]
fn children_are_walked_by_namespace() {
    let document = "<x:a xmlns:x=\"http://schemas.microsoft.com/msus/2002/12/Update\" \
        xmlns=\"urn:z\">text<x:b k=\"v &quot;&#10;\" x:l=\"m\"/><c><d/></c>\
        <b xmlns=\"http://schemas.microsoft.com/msus/2002/12/Update\"/><y:b/></x:a>";
    let mut xml = XmlReader::new(document, 1 << 10).unwrap();
    let root = xml.root().unwrap();
    assert!(root.is(Namespace::Update, "a"));
    let first = xml.next_child().unwrap().unwrap();
    assert!(first.is(Namespace::Update, "b"));
    assert_eq!(first.attribute("k").unwrap().as_deref(), Some("v \"\n"));
    assert_eq!(first.attribute("l").unwrap(), None);
    xml.skip().unwrap();
    let second = xml.next_child().unwrap().unwrap();
    assert_eq!(
        (second.namespace(), xml.namespace_name(&second).as_str()),
        (Namespace::Other, "urn:z")
    );
    xml.skip().unwrap();
    assert!(xml.next_child().unwrap().unwrap().is(Namespace::Update, "b"));
    xml.skip().unwrap();
    assert_eq!(xml.next_child().unwrap().unwrap().namespace(), Namespace::Other);
    xml.skip().unwrap();
    assert!(xml.next_child().unwrap().is_none());
    xml.finish().unwrap();
}

#[test]
fn entities_and_document_types_are_refused() {
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bb\">]><a>&b;</a>";
    assert!(matches!(text_of(bomb), Err(XmlError::DocumentType { .. })));
    assert!(matches!(text_of("<a>&b;</a>"), Err(XmlError::Entity { name, .. }) if name == "b"));
    for reference in ["#0", "#1", "#xFFFE", "#xD800", "#x110000", "#", "#x"] {
        assert!(text_of(&format!("<a>&{reference};</a>")).is_err(), "{reference}");
    }
    let mut xml = XmlReader::new("<a b=\"&c;\"/>", 99).unwrap();
    assert!(xml.root().unwrap().attribute("b").is_err());
}

#[test]
fn damage_is_refused() {
    for document in
        ["", "text", "<a>", "<a></b>", "<a/><b/>", "<a/>text", "<a></a></a>", "<a", "<a>&lt"]
    {
        assert!(text_of(document).is_err(), "{document}");
    }
    assert!(matches!(XmlReader::new("<a/>", 3), Err(XmlError::TooLarge { size: 4, limit: 3 })));
    assert!(text_of("<?xml version=\"1.0\" encoding=\"windows-1252\"?><a/>").is_err());
    assert!(matches!(decode_body(b"\xFF\xFE<\0", 9), Err(XmlError::Encoding(_))));
    assert_eq!(decode_body(b"\xEF\xBB\xBF<a/>", 9).unwrap(), "<a/>");
}

#[test]
fn depth_and_attributes_are_bounded() {
    let deep = |depth| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(text_of(&deep(MAX_DEPTH)).is_ok());
    assert!(matches!(text_of(&deep(MAX_DEPTH + 1)), Err(XmlError::TooDeep { .. })));
    // Very deep: nothing may recurse.
    assert!(matches!(text_of(&deep(100_000)), Err(XmlError::TooDeep { .. })));
    let attributes: Vec<_> = (0..=MAX_ATTRIBUTES).map(|it| format!(" a{it}=\"\"")).collect();
    let document = format!("<a{}/>", attributes.concat());
    let mut xml = XmlReader::new(&document, 1 << 16).unwrap();
    let error = xml.root().unwrap().attribute("b").unwrap_err();
    assert!(matches!(error, XmlError::TooManyAttributes { .. }));
}

#[test]
fn line_ends_survive_as_references() {
    let mut out = String::new();
    escape_text(&mut out, "a\r\nb\n<c/>&\u{FF0C}]]>").unwrap();
    assert_eq!(out, "a&#xD;\nb\n&lt;c/&gt;&amp;\u{FF0C}]]&gt;");
    out.clear();
    escape_attribute(&mut out, "\t\"\r\n<").unwrap();
    assert_eq!(out, "&#x9;&quot;&#xD;&#xA;&lt;");
}

#[test]
fn forbidden_characters_are_named() {
    for (text, code_point, offset) in
        [("a\0", 0, 1), ("é\u{1F}", 0x1F, 2), ("\u{FFFE}", 0xFFFE, 0), ("ab\u{FFFF}", 0xFFFF, 2)]
    {
        let expected = ForbiddenCharacter { code_point, offset };
        assert_eq!(escape_text(&mut String::new(), text), Err(expected));
        assert_eq!(escape_attribute(&mut String::new(), text), Err(expected));
        assert_eq!(check_characters(text), Err(expected));
    }
    check_characters("\t\r\n \u{FFFD}\u{F000}\u{10FFFF}").unwrap();
}

/// Any text that XML can carry, rich in what needs care.
fn allowed_text() -> impl Strategy<Value = String> {
    let character = prop_oneof![
        Just('\r'),
        Just('\n'),
        Just('\t'),
        Just('<'),
        Just('>'),
        Just('&'),
        Just('"'),
        Just(']'),
        any::<char>().prop_filter("allowed", |it| is_allowed(*it)),
    ];
    proptest::collection::vec(character, 0..40).prop_map(|it| it.into_iter().collect())
}

proptest! {
    #[test]
    fn written_texts_read_back(text in allowed_text(), attribute in allowed_text()) {
        let mut document = "<a b=\"".to_owned();
        escape_attribute(&mut document, &attribute).unwrap();
        document.push_str("\">");
        escape_text(&mut document, &text).unwrap();
        document.push_str("</a>");
        let mut xml = XmlReader::new(&document, 1 << 16).unwrap();
        let root = xml.root().unwrap();
        prop_assert_eq!(root.attribute("b").unwrap(), Some(attribute));
        prop_assert_eq!(xml.text().unwrap().into_owned(), text);
        xml.finish().unwrap();
    }

    #[test]
    fn any_text_is_survived(document in "[<>/a&;!\\[\\]\"'= -?#x:0-9\r\n]{0,60}") {
        let _ = text_of(&document);
    }
}
