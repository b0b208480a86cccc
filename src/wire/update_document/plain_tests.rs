//! The quick reader beside the one that knows all of XML: what it takes, that one reads in the same way.

use proptest::prelude::*;

use super::UpdateDocument;

macro_rules! documents {
    ($($name:literal),+ $(,)?) => {
        [$(include_str!(concat!("../../../tests/data/updates/", $name, ".xml"))),+]
    };
}

const GENUINE: [&str; 9] = documents![
    "1f9bd9bb-7390-4aa3-bbdb-ded99fac2583-r200",
    "266f6222-c89d-43f2-9f8a-69340271e677-r200",
    "56309036-4c77-4dd9-951a-99ee9c246a94-r101",
    "6964aab4-c5b5-43bd-a17d-ffb4346a8e1d-r100",
    "7366a74a-ef29-44e1-b738-570b516aca1f-r200",
    "a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe-r200",
    "ccb78947-6453-4ecc-9de8-bc0305c98f2d-r200",
    "dd78b8a1-0b20-45c1-add6-4da72e9364cf-r202",
    "ff36f0b5-dded-4780-8664-cd78af8b62c1-r200",
];

/// What is put into documents: what is plain, what is not, and what is wrong.
const PIECES: [&str; 56] = [
    "<",
    ">",
    "/",
    "/>",
    "</",
    "\"",
    "'",
    "=",
    ":",
    "&",
    "&amp;",
    "&lt;",
    "&#x41;",
    "&#10;",
    "&#0;",
    "&nbsp;",
    ";",
    " ",
    "\n",
    "\r\n",
    "\t",
    "\u{1}",
    "\u{E9}",
    "\u{FFFE}",
    "]]>",
    "<a>",
    "</a>",
    "<a/>",
    "<a />",
    "<a b='>'/>",
    "<a b=\">\" >",
    "<!-- -->",
    "<![CDATA[<]]>",
    "<?a b?>",
    " a=\"b\"",
    " a='\"'",
    " a = \"b\"",
    " a=b",
    " xmlns=\"\"",
    " xmlns:upd=\"other\"",
    " xmlns:upd=\"\"",
    " xmlns:xml=\"other\"",
    " xmlns=\"http://schemas.microsoft.com/msus/2002/12/Update\"",
    "upd:",
    "pub:",
    "a:b:",
    "xmlns",
    "UpdateID=\"7\"",
    "<upd:Title>&amp;\r</upd:Title>",
    "<upd:Files>",
    "</upd:Files>",
    "</upd:Update>",
    "<upd:Language/>",
    "<upd:SecuredFragment\n/>",
    "-",
    ".",
];

/// A change of a document, at a place between nothing and everything.
#[derive(Debug, Clone)]
enum Change {
    Insert(usize, &'static str),
    Remove(usize, usize),
    /// Puts a part of it in at another place.
    Repeat(usize, usize, usize),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let at = || 0_usize..1 << 20;
    let change = prop_oneof![
        4 => (at(), prop::sample::select(&PIECES[..])).prop_map(|(at, it)| Change::Insert(at, it)),
        2 => (at(), 1_usize..24).prop_map(|(at, length)| Change::Remove(at, length)),
        1 => (at(), at(), 1_usize..200).prop_map(|(to, at, length)| Change::Repeat(to, at, length)),
    ];
    prop::collection::vec(change, 1..4)
}

fn changed(text: &str, changes: &[Change]) -> String {
    // Changes shall meet markup more often than a text that is long.
    let places: Vec<_> =
        text.match_indices(['<', '>', '"', '=', ' ', '/', ':']).map(|(at, _)| at).collect();
    let place = |number: usize| places[number % places.len()] + number / places.len() % 2;
    let mut bytes = text.as_bytes().to_vec();
    for change in changes {
        let within = |number: usize| place(number).min(bytes.len());
        match *change {
            Change::Insert(at, piece) => {
                let at = within(at);
                bytes.splice(at..at, piece.bytes());
            }
            Change::Remove(at, length) => {
                let at = within(at);
                bytes.drain(at..(at + length).min(bytes.len()));
            }
            Change::Repeat(to, at, length) => {
                let (to, at) = (within(to), within(at));
                let part = bytes[at..(at + length).min(bytes.len())].to_vec();
                bytes.splice(to..to, part);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn compare(text: &str) {
    if let Ok(index) = UpdateDocument::index_plainly(text) {
        let carefully = UpdateDocument::index_carefully(text);
        assert_eq!(carefully.ok(), Some(index), "{text}");
    }
}

#[test]
fn genuine_documents_are_plain() {
    for text in GENUINE {
        let index = UpdateDocument::index_plainly(text).unwrap();
        assert_eq!(index, UpdateDocument::index_carefully(text).unwrap());
    }
}

#[test]
fn each_piece_at_each_place_is_read_in_the_same_way_or_not_at_all() {
    let text = "<u:Update xmlns:u='http://schemas.microsoft.com/msus/2002/12/Update'>\
        <u:UpdateIdentity UpdateID='56309036-4C77-4DD9-951A-99EE9C246A94' RevisionNumber='7'/>\
        <u:Properties UpdateType=\"Driver\" EulaID='e' ><u:KBArticleID>1</u:KBArticleID>\
        </u:Properties><u:LocalizedPropertiesCollection><u:LocalizedProperties>\
        <u:Language>en</u:Language><u:Title>&lt; a</u:Title></u:LocalizedProperties>\
        </u:LocalizedPropertiesCollection><x><y z='1'>a</y></x></u:Update>\n";
    assert!(UpdateDocument::index_plainly(text).is_ok());
    let mut plain = 0;
    for at in 0..=text.len() {
        for piece in PIECES {
            let changed = format!("{}{piece}{}", &text[..at], &text[at..]);
            compare(&changed);
            plain += usize::from(UpdateDocument::index_plainly(&changed).is_ok());
        }
    }
    assert!(plain > text.len(), "only {plain} are plain");
}

#[test]
fn what_is_not_plain_is_read_all_the_same() {
    let text = GENUINE[5];
    let head = text.find("><").unwrap() + 1;
    for piece in ["<!-- a -->", "<?a b?>", "<a><![CDATA[<]]></a>", "<a b = 'c'></a >"] {
        let changed = format!("{}{piece}{}", &text[..head], &text[head..]);
        let index = UpdateDocument::index(&changed).unwrap();
        assert_eq!(index, UpdateDocument::index(text).unwrap(), "{piece}");
    }
    let declared = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>{text}");
    assert!(UpdateDocument::index(&declared).is_ok());
    let other = declared.replace("utf-8", "latin1");
    assert!(UpdateDocument::index(&other).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn changed_documents_are_read_in_the_same_way(
        text in prop::sample::select(&GENUINE[..]),
        changes in changes(),
    ) {
        compare(&changed(text, &changes));
    }
}
