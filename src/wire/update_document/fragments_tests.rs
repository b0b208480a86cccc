//! Fragments against those that WSUS on Windows Server 2025 has sent.

use proptest::prelude::*;

use super::{DocumentError, UpdateDocument, UpdateFragments};
use crate::wire::xml::XmlReader;

macro_rules! data {
    ($path:literal) => {
        include_str!(concat!("../../../tests/data/", $path))
    };
}

fn fragments(document: &str) -> UpdateFragments {
    UpdateDocument::fragments(document).unwrap()
}

fn wrapped(inside: &str) -> String {
    format!(
        "<u:Update xmlns:u=\"http://schemas.microsoft.com/msus/2002/12/Update\" \
         xmlns:r=\"http://schemas.microsoft.com/msus/2002/12/BaseApplicabilityRules\" \
         xmlns:m=\"http://schemas.microsoft.com/msus/2002/12/MsiApplicabilityRules\" \
         xmlns:w=\"http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/WindowsDriver\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <u:UpdateIdentity UpdateID=\"56309036-4C77-4DD9-951A-99EE9C246A94\" RevisionNumber=\"7\"/>\
         {inside}</u:Update>"
    )
}

#[test]
fn core_fragments_are_those_of_a_genuine_server() {
    for (document, core) in [
        (
            data!("updates/266f6222-c89d-43f2-9f8a-69340271e677-r200.xml"),
            data!("fragments/266f6222-c89d-43f2-9f8a-69340271e677-r200.core.txt"),
        ),
        (
            data!("updates/a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe-r200.xml"),
            data!("fragments/a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe-r200.core.txt"),
        ),
        (
            data!("updates/dd78b8a1-0b20-45c1-add6-4da72e9364cf-r202.xml"),
            data!("fragments/dd78b8a1-0b20-45c1-add6-4da72e9364cf-r202.core.txt"),
        ),
        (
            data!("updates/56309036-4c77-4dd9-951a-99ee9c246a94-r101.xml"),
            data!("fragments/56309036-4c77-4dd9-951a-99ee9c246a94-r101.core.txt"),
        ),
    ] {
        assert_eq!(fragments(document).core, core);
    }
}

#[test]
fn extended_and_localized_fragments_are_those_of_a_genuine_server() {
    let made = fragments(data!("updates/266f6222-c89d-43f2-9f8a-69340271e677-r200.xml"));
    let extended = data!("fragments/266f6222-c89d-43f2-9f8a-69340271e677-r200.extended.txt");
    assert_eq!(made.extended, extended);
    assert_eq!(made.default_language.as_deref(), Some("en"));
    let english = made.localized.iter().find(|it| it.language == "en").unwrap();
    let localized = data!("fragments/266f6222-c89d-43f2-9f8a-69340271e677-r200.localized-en.txt");
    assert_eq!(english.text, localized);
    let made = fragments(data!("updates/a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe-r200.xml"));
    let extended = data!("fragments/a2fef9b0-7951-4c2c-a42b-9e351dd1c1fe-r200.extended.txt");
    assert_eq!(made.extended, extended);
    assert!(made.localized.len() > 10, "{}", made.localized.len());
}

#[test]
fn rules_of_other_namespaces_have_prefixes_and_nothing_else_has() {
    let made = fragments(&wrapped(
        "<u:Properties UpdateType=\"Driver\" OSUpgrade=\"true\" EulaID=\"e\" AutoSelectOnWebSites=\"false\" \
         IsBeta=\"false\" Handler=\"h\"><u:Language>en</u:Language><u:Language> de </u:Language>\
         </u:Properties><u:ApplicabilityRules><u:Metadata><w:WindowsDriverMetaData a=\"&lt;&quot;'\" \
         xmlns:more=\"urn:more\" more:b=\"2\"/></u:Metadata><u:IsInstalled><!-- why --><m:MsiProductInstalled>\
         <r:RegSz Data=\"1 &amp; 2\"/>a &amp; b<![CDATA[<c>]]></m:MsiProductInstalled></u:IsInstalled>\
         </u:ApplicabilityRules><u:HandlerSpecificData xsi:type=\"cmd:It\"></u:HandlerSpecificData>",
    ));
    assert_eq!(
        made.core,
        "<UpdateIdentity UpdateID=\"56309036-4C77-4DD9-951A-99EE9C246A94\" RevisionNumber=\"7\" />\
         <Properties UpdateType=\"Driver\" OSUpgrade=\"true\" EulaID=\"e\" /><ApplicabilityRules><Metadata>\
         <d.WindowsDriverMetaData a=\"&lt;&quot;'\" b=\"2\" /></Metadata><IsInstalled>\
         <m.MsiProductInstalled><b.RegSz Data=\"1 &amp; 2\" />a &amp; b&lt;c&gt;</m.MsiProductInstalled>\
         </IsInstalled></ApplicabilityRules>"
    );
    assert_eq!(
        made.extended,
        "<ExtendedProperties IsBeta=\"false\" Handler=\"h\"><Language>en</Language>\
         <Language> de </Language></ExtendedProperties><HandlerSpecificData type=\"cmd:It\" />"
    );
    assert_eq!(made.languages, ["en", "de"]);
    assert_eq!(made.default_language, None);
}

#[test]
fn of_a_language_that_is_there_twice_the_first_counts_and_what_is_no_update_is_none() {
    let title = |language: &str, title: &str| {
        format!(
            "<u:LocalizedProperties><u:Language>{language}</u:Language><u:Title>{title}</u:Title>\
             </u:LocalizedProperties>"
        )
    };
    let titles = [title("en", "one"), title("EN", "two"), title("de", "drei")].concat();
    let collection = format!(
        "<u:LocalizedPropertiesCollection>{titles}<u:EulaFile/></u:LocalizedPropertiesCollection>"
    );
    let made = fragments(&wrapped(&collection));
    let languages: Vec<_> = made.localized.iter().map(|it| it.language.as_str()).collect();
    assert_eq!(languages, ["en", "de"]);
    assert!(made.localized[0].text.contains("<Title>one</Title>"));
    let whole = wrapped("<u:Properties/>");
    let cut = &whole[..whole.len() - 3];
    assert!(matches!(UpdateDocument::fragments(cut), Err(DocumentError::Xml(_))));
    // Without their prefixes they would be an end tag, a comment, and no attribute.
    for harmful in ["<x:/u></x:/u>", "<x:!--></x:!-->", "<a x:=\"1\"/>", "<a x:a<b=\"1\"/>"] {
        let rules = format!("<u:ApplicabilityRules>{harmful}</u:ApplicabilityRules>");
        let told = UpdateDocument::fragments(&wrapped(&rules));
        assert!(matches!(told, Err(DocumentError::Invalid { .. } | DocumentError::Xml(_))));
    }
    let empty = "<Update xmlns=\"http://schemas.microsoft.com/msus/2002/12/Update\"/>";
    assert!(matches!(UpdateDocument::fragments(empty), Err(DocumentError::Missing { .. })));
}

proptest! {
    /// Whatever the text is: one that is refused, or fragments that are well-formed below a root.
    #[test]
    fn fragments_are_well_formed(inside in "(<[a-z:/!]{1,4}( [a-z:]{1,2}='[ -%(-;=-~]{0,5}')?>|</[a-z:]{1,4}>|<[a-z:]{1,3}/>|&lt;|&#13;|[ -%'-;=-~]){0,30}") {
        let rules = format!("<u:ApplicabilityRules>{inside}</u:ApplicabilityRules>");
        if let Ok(made) = UpdateDocument::fragments(&wrapped(&rules)) {
            let below_root = format!("<root>{}</root>", made.core);
            let mut xml = XmlReader::new(&below_root, 1 << 20).unwrap();
            xml.root().unwrap();
            xml.skip().unwrap();
            xml.finish().unwrap();
        }
    }
}
