//! What the server at the head of a chain has: invented updates, more of them each round.

use std::{collections::BTreeMap, fmt::Write};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use headwater::{
    clock,
    model::UpdateIdentity,
    store::catalog::{Catalog, NewRevision, PackedDocument},
    wire::update_document::UpdateDocument,
};
use uuid::Uuid;

use super::super::random::Random;

const HEAD: &str = "<upd:Update xmlns:upd=\"http://schemas.microsoft.com/msus/2002/12/Update\" \
     xmlns:cat=\"http://schemas.microsoft.com/msus/2002/12/UpdateHandlers/Category\" \
     xmlns:bar=\"http://schemas.microsoft.com/msus/2002/12/BaseApplicabilityRules\">";

/// Titles of the classifications, which the top chooses.
pub(super) const CLASSIFICATIONS: [&str; 2] = ["Security Updates", "Mises à jour critiques"];

/// The longest rules of a document, in bytes: most have a few hundred, and some are packed on the wire.
const LONGEST_RULES: u64 = 60_000;

/// The updates that are there so far, each revision with its document.
#[derive(Default)]
pub(super) struct Source {
    pub(super) documents: BTreeMap<UpdateIdentity, String>,
    products: Vec<Uuid>,
    classifications: Vec<Uuid>,
    detectoids: Vec<Uuid>,
    /// Software, each with the number of its newest revision.
    software: Vec<(Uuid, i32)>,
}

impl Source {
    /// Brings something new: updates, further revisions, some that say that an update has expired,
    /// sometimes a product, and sometimes nothing. Tells the identities.
    pub(super) fn grow(&mut self, random: &mut Random) -> Vec<(UpdateIdentity, String)> {
        let mut new = Vec::new();
        if self.products.is_empty() {
            for title in CLASSIFICATIONS {
                let id = uuid(random);
                self.classifications.push(id);
                new.push(category(id, "UpdateClassification", title));
            }
        }
        for _ in 0..if self.products.is_empty() { 3 } else { random.below(5) / 4 } {
            let id = uuid(random);
            self.products.push(id);
            let title = format!("Product {}", self.products.len());
            new.push(category(id, "Product", &title));
            self.detectoids.push(uuid(random));
            new.push(self.detectoid());
        }
        let count = random.one_of(&[0, 7, 100, 101, 180, 250, 330, 520]);
        for _ in 0..count {
            let id = uuid(random);
            new.push(self.software(id, 1, random));
            self.software.push((id, 1));
        }
        for _ in 0..if self.software.is_empty() { 0 } else { random.below(12) } {
            let at = usize::try_from(random.below(self.software.len() as u64)).unwrap();
            let (id, revision) = self.software[at];
            self.software[at].1 = revision + 1;
            new.push(self.software(id, revision + 1, random));
        }
        self.documents.extend(new.iter().cloned());
        new
    }

    fn detectoid(&self) -> (UpdateIdentity, String) {
        let id = *self.detectoids.last().unwrap();
        let rest = "<upd:ApplicabilityRules><upd:IsInstalled><bar:WindowsVersion \
             MajorVersion=\"10\"/></upd:IsInstalled></upd:ApplicabilityRules>";
        document(id, 1, "Detectoid", "Published", &[("en", "a detectoid")], rest)
    }

    fn software(&self, id: Uuid, revision: i32, random: &mut Random) -> (UpdateIdentity, String) {
        let state = if revision > 1 && random.percent(30) { "Expired" } else { "Published" };
        let number = random.below(9_000_000);
        let english = format!("Update {number} for <Product> (KB{number})").replace('<', "&lt;");
        let titles = [
            ("en", english),
            ("fr", format!("Mise à jour n° {number}")),
            ("ja", format!("更新プログラム {number}")),
        ];
        let titles: Vec<_> = titles.iter().map(|(language, it)| (*language, it.as_str())).collect();
        let mut rest = String::from("<upd:Relationships><upd:Prerequisites>");
        let detectoid = random.one_of(&self.detectoids);
        write!(rest, "<upd:UpdateIdentity UpdateID=\"{detectoid}\"/>").unwrap();
        for category in [random.one_of(&self.products), random.one_of(&self.classifications)] {
            let member = format!("<upd:UpdateIdentity UpdateID=\"{category}\"/>");
            write!(rest, "<upd:AtLeastOne IsCategory=\"true\">{member}</upd:AtLeastOne>").unwrap();
        }
        rest += "</upd:Prerequisites>";
        if !self.software.is_empty() && random.percent(40) {
            let (superseded, _) = random.one_of(&self.software);
            write!(
                rest,
                "<upd:SupersededUpdates><upd:UpdateIdentity UpdateID=\"{superseded}\"/>\
                 </upd:SupersededUpdates>"
            )
            .unwrap();
        }
        rest += "</upd:Relationships>\r\n<upd:ApplicabilityRules><upd:IsInstallable>";
        let longest = if random.percent(3) { LONGEST_RULES } else { 2_000 };
        let length = rest.len() + usize::try_from(random.below(longest)).unwrap();
        while rest.len() < length {
            write!(rest, "<bar:RegDword Subkey=\"S\\{:x}\" Data=\"1\"/>", random.next()).unwrap();
        }
        let sha1 = STANDARD.encode([uuid(random).as_bytes().as_slice(), b"file"].concat());
        write!(
            rest,
            "</upd:IsInstallable></upd:ApplicabilityRules><upd:Files><upd:File Digest=\"{sha1}\" \
             FileName=\"{number}.exe\" Size=\"{number}\"/></upd:Files>"
        )
        .unwrap();
        document(id, revision, "Software", state, &titles, &rest)
    }
}

/// Stores revisions as a server has them.
pub(super) fn store(catalog: &std::path::Path, revisions: &[(UpdateIdentity, String)]) {
    let catalog = Catalog::open(catalog, clock::now()).unwrap();
    let revision = |(_, text): &(UpdateIdentity, String)| {
        let index = UpdateDocument::index(text).unwrap();
        let file_digests = index.files.iter().map(|it| it.digest_sha1.clone()).collect();
        NewRevision { index, document: PackedDocument::pack(text), file_digests }
    };
    let revisions: Vec<_> = revisions.iter().map(revision).collect();
    catalog.store_batch(&revisions, &[], clock::now()).unwrap();
}

fn uuid(random: &mut Random) -> Uuid {
    Uuid::from_u64_pair(random.next(), random.next())
}

fn category(id: Uuid, category_type: &str, title: &str) -> (UpdateIdentity, String) {
    let rest = format!(
        "<upd:HandlerSpecificData><cat:CategoryInformation CategoryType=\"{category_type}\"/>\
         </upd:HandlerSpecificData>"
    );
    document(id, 1, "Category", "Published", &[("en", title)], &rest)
}

fn document(
    id: Uuid,
    revision: i32,
    update_type: &str,
    state: &str,
    titles: &[(&str, &str)],
    rest: &str,
) -> (UpdateIdentity, String) {
    let mut text = format!(
        "{HEAD}<upd:UpdateIdentity UpdateID=\"{id}\" RevisionNumber=\"{revision}\"/>\
         <upd:Properties UpdateType=\"{update_type}\" DefaultPropertiesLanguage=\"en\" \
         PublicationState=\"{state}\" CreationDate=\"2026-10-04T12:00:58Z\"/>\
         <upd:LocalizedPropertiesCollection>"
    );
    for (language, title) in titles {
        write!(
            text,
            "<upd:LocalizedProperties><upd:Language>{language}</upd:Language><upd:Title>{title}\
             </upd:Title></upd:LocalizedProperties>"
        )
        .unwrap();
    }
    write!(text, "</upd:LocalizedPropertiesCollection>{rest}</upd:Update>").unwrap();
    (UpdateIdentity { update_id: id, revision }, text)
}
