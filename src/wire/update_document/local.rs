//! Documents of local publishers' updates and of their categories (SYNC-10), written as Microsoft's
//! own are (protocol §2.2). The same publication is the same document, byte for byte.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    model::{Digest, InstallCommand, LocalUpdate, company_id, product_id},
    wire::update_content::{ContentName, Sha1, UpdateContent},
    wire::xml::{ForbiddenCharacter, XmlError, XmlReader, XmlWriter, escape_attribute},
};

const MSUS: &str = "http://schemas.microsoft.com/msus/2002/12/";

/// Revision of the documents of categories, which never change: their identities are made of what they
/// say.
pub const CATEGORY_REVISION: i32 = 1;

/// Longest rule that is written, in bytes.
const LONGEST_RULE: usize = 1 << 20;

/// A revision of a local publisher's update, with all that its document says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalPublication {
    /// What was declared.
    pub declared: LocalUpdate,
    /// The classification that the declared one is.
    pub classification: Uuid,
    /// The number of the revision, from 1.
    pub revision: i32,
    /// Whether it says that the update has expired.
    pub expired: bool,
    /// When it was published.
    pub published_at: Timestamp,
    /// The files, in their order.
    pub files: Vec<PublishedFile>,
}

/// A file of a publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublishedFile {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-1 in hexadecimal digits.
    pub sha1: String,
    /// SHA-256 in hexadecimal digits.
    pub sha256: String,
    /// When it was changed last.
    pub modified: Timestamp,
}

impl PublishedFile {
    /// What it has to be; `None` if its digests are none.
    pub fn content(&self) -> Option<UpdateContent> {
        let sha1 = Sha1::from_slice(&hex::decode(&self.sha1).ok()?)?;
        Some(UpdateContent {
            name: ContentName::new(sha1, &self.name),
            sha256: Some(Digest::from_hex(&self.sha256).ok()?),
            size: self.size,
        })
    }
}

/// Why a document cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum LocalDocumentError {
    /// A letter that no XML can have.
    #[error("a text of the update")]
    Text(#[from] ForbiddenCharacter),
    /// A rule that is no XML element.
    #[error("the rule `{rule}`")]
    Rule {
        /// Which one.
        rule: &'static str,
        /// What is wrong with it.
        #[source]
        source: XmlError,
    },
    /// A digest that is none.
    #[error("the digest of `{0}` is not in hexadecimal digits")]
    Digest(String),
}

/// The document of an update.
///
/// # Errors
///
/// What was declared cannot be written as XML.
pub fn local_update(publication: &LocalPublication) -> Result<String, LocalDocumentError> {
    let spec = &publication.declared.spec;
    let mut xml = root(&[
        ("bar", "BaseApplicabilityRules"),
        ("lar", "LogicalApplicabilityRules"),
        ("msiar", "MsiApplicabilityRules"),
        ("mar", "MsiApplicabilityRules"),
        ("cbsar", "CbsApplicabilityRules"),
        ("cmd", "UpdateHandlers/CommandLineInstallation"),
    ])?;
    identity(&mut xml, spec.update_id, publication.revision)?;
    properties(&mut xml, publication)?;
    localized(&mut xml, &spec.language, &spec.title, spec.description.as_deref())?;
    relationships(&mut xml, publication)?;
    xml.open("upd:ApplicabilityRules");
    let rules = &spec.applicability;
    // In the order of the schema.
    rule(&mut xml, "IsInstalled", Some(&rules.is_installed))?;
    rule(&mut xml, "IsSuperseded", rules.is_superseded.as_deref())?;
    rule(&mut xml, "IsInstallable", Some(&rules.is_installable))?;
    xml.close("upd:ApplicabilityRules");
    files(&mut xml, &publication.files)?;
    if let Some(install) = &spec.install {
        command(&mut xml, install)?;
    }
    xml.close("upd:Update");
    Ok(xml.finish())
}

/// The document of the category of a company.
///
/// # Errors
///
/// Its name cannot be written as XML.
pub fn local_company(publisher: &str) -> Result<String, LocalDocumentError> {
    category(company_id(publisher), publisher, "Company", None, publisher)
}

/// The document of the category of a product.
///
/// # Errors
///
/// Its name cannot be written as XML.
pub fn local_product(publisher: &str, product: &str) -> Result<String, LocalDocumentError> {
    let company = company_id(publisher);
    category(product_id(publisher, product), product, "Product", Some(company), publisher)
}

fn category(
    id: Uuid,
    title: &str,
    category_type: &str,
    below: Option<Uuid>,
    publisher: &str,
) -> Result<String, LocalDocumentError> {
    let title = title.trim();
    let mut xml =
        root(&[("lar", "LogicalApplicabilityRules"), ("cat", "UpdateHandlers/Category")])?;
    identity(&mut xml, id, CATEGORY_REVISION)?;
    xml.open_with(
        "upd:Properties",
        &[
            ("DefaultPropertiesLanguage", "en"),
            ("UpdateType", "Category"),
            ("Handler", &format!("{MSUS}UpdateHandlers/Category")),
            ("PublicationState", "Published"),
            // The document is the same whoever writes it, and when.
            ("CreationDate", "2026-01-01T00:00:00.000Z"),
            ("PublisherID", &company_id(publisher).to_string()),
        ],
    )?;
    xml.close("upd:Properties");
    localized(&mut xml, "en", title, None)?;
    if let Some(below) = below {
        xml.raw("<upd:Relationships><upd:Prerequisites>");
        at_least_one(&mut xml, below)?;
        xml.raw("</upd:Prerequisites></upd:Relationships>");
    }
    xml.raw(
        "<upd:ApplicabilityRules><upd:IsInstalled><lar:True /></upd:IsInstalled>\
         </upd:ApplicabilityRules>",
    );
    handler(&mut xml, "cat:Category")?;
    // A company has products and no updates of its own; a product the other way round.
    let has_products = below.is_none();
    empty_with(
        &mut xml,
        "cat:CategoryInformation",
        &[
            ("CategoryType", category_type),
            ("ProhibitsSubcategories", if has_products { "false" } else { "true" }),
            ("ProhibitsUpdates", if has_products { "true" } else { "false" }),
        ],
    )?;
    xml.raw("</upd:HandlerSpecificData></upd:Update>");
    Ok(xml.finish())
}

fn root(prefixes: &[(&str, &str)]) -> Result<XmlWriter, ForbiddenCharacter> {
    let mut xml = XmlWriter::with_capacity(4_096);
    let declared: Vec<(String, String)> = [("pub", "Publishing")]
        .iter()
        .chain(prefixes)
        .chain(&[("upd", "Update")])
        .map(|(prefix, name)| (format!("xmlns:{prefix}"), format!("{MSUS}{name}")))
        .collect();
    let attributes: Vec<(&str, &str)> =
        declared.iter().map(|(prefix, name)| (prefix.as_str(), name.as_str())).collect();
    xml.open_with("upd:Update", &attributes)?;
    Ok(xml)
}

fn identity(xml: &mut XmlWriter, id: Uuid, revision: i32) -> Result<(), ForbiddenCharacter> {
    let (id, revision) = (id.to_string(), revision.to_string());
    empty_with(xml, "upd:UpdateIdentity", &[("UpdateID", &id), ("RevisionNumber", &revision)])
}

fn empty_with(
    xml: &mut XmlWriter,
    name: &str,
    attributes: &[(&str, &str)],
) -> Result<(), ForbiddenCharacter> {
    let mut tag = format!("<{name}");
    for (attribute, value) in attributes {
        tag.extend([" ", attribute, "=\""]);
        escape_attribute(&mut tag, value)?;
        tag.push('"');
    }
    tag.push_str(" />");
    xml.raw(&tag);
    Ok(())
}

fn properties(xml: &mut XmlWriter, it: &LocalPublication) -> Result<(), LocalDocumentError> {
    let spec = &it.declared.spec;
    let created = date(it.published_at);
    let publisher = company_id(&spec.publisher).to_string();
    let size = it.files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.size)).to_string();
    let handler = format!("{MSUS}UpdateHandlers/CommandLineInstallation");
    let mut attributes =
        vec![("UpdateType", "Software"), ("DefaultPropertiesLanguage", spec.language.as_str())];
    if spec.install.is_some() {
        attributes.extend([
            ("Handler", handler.as_str()),
            ("MaxDownloadSize", size.as_str()),
            ("MinDownloadSize", "0"),
        ]);
    }
    attributes.extend([
        ("PublicationState", if it.expired { "Expired" } else { "Published" }),
        ("CreationDate", created.as_str()),
        ("PublisherID", publisher.as_str()),
        ("ExplicitlyDeployable", "true"),
        ("AutoSelectOnWebSites", "true"),
    ]);
    if let Some(severity) = spec.severity {
        attributes.push(("MsrcSeverity", severity.as_str()));
    }
    xml.open_with("upd:Properties", &attributes)?;
    if let Some(install) = &spec.install {
        let truth = |it: bool| if it { "true" } else { "false" };
        empty_with(
            xml,
            "upd:InstallationBehavior",
            &[
                ("Impact", install.impact.as_str()),
                ("RebootBehavior", install.reboot_behavior.as_str()),
                ("CanRequestUserInput", truth(install.can_request_user_input)),
                ("RequiresNetworkConnectivity", truth(install.requires_network_connectivity)),
            ],
        )?;
    }
    xml.optional("upd:SupportUrl", spec.support_url.as_deref())?;
    xml.optional("upd:SecurityBulletinID", spec.security_bulletin.as_deref())?;
    let article = spec.knowledge_base_article.as_deref();
    xml.optional("upd:KBArticleID", article.map(|it| it.strip_prefix("KB").unwrap_or(it)))?;
    xml.close("upd:Properties");
    Ok(())
}

fn localized(
    xml: &mut XmlWriter,
    language: &str,
    title: &str,
    description: Option<&str>,
) -> Result<(), ForbiddenCharacter> {
    xml.raw("<upd:LocalizedPropertiesCollection><upd:LocalizedProperties>");
    xml.element("upd:Language", language)?;
    xml.element("upd:Title", title)?;
    xml.optional("upd:Description", description)?;
    xml.raw("</upd:LocalizedProperties></upd:LocalizedPropertiesCollection>");
    Ok(())
}

fn relationships(xml: &mut XmlWriter, it: &LocalPublication) -> Result<(), ForbiddenCharacter> {
    let spec = &it.declared.spec;
    xml.raw("<upd:Relationships><upd:Prerequisites>");
    for id in &spec.prerequisites {
        empty_with(xml, "upd:UpdateIdentity", &[("UpdateID", &id.to_string())])?;
    }
    at_least_one(xml, it.classification)?;
    at_least_one(xml, product_id(&spec.publisher, &spec.product))?;
    xml.close("upd:Prerequisites");
    if !spec.supersedes.is_empty() {
        xml.open("upd:SupersededUpdates");
        for id in &spec.supersedes {
            empty_with(xml, "upd:UpdateIdentity", &[("UpdateID", &id.to_string())])?;
        }
        xml.close("upd:SupersededUpdates");
    }
    xml.close("upd:Relationships");
    Ok(())
}

/// That something belongs to a category.
fn at_least_one(xml: &mut XmlWriter, category: Uuid) -> Result<(), ForbiddenCharacter> {
    xml.open_with("upd:AtLeastOne", &[("IsCategory", "true")])?;
    empty_with(xml, "upd:UpdateIdentity", &[("UpdateID", &category.to_string())])?;
    xml.close("upd:AtLeastOne");
    Ok(())
}

/// A rule as it was declared, once it is known to end where it began.
fn rule(
    xml: &mut XmlWriter,
    name: &'static str,
    text: Option<&str>,
) -> Result<(), LocalDocumentError> {
    let Some(text) = text else { return Ok(()) };
    one_element(text).map_err(|source| LocalDocumentError::Rule { rule: name, source })?;
    let name = format!("upd:{name}");
    xml.open(&name);
    xml.raw(text.trim());
    xml.close(&name);
    Ok(())
}

fn one_element(text: &str) -> Result<(), XmlError> {
    let mut reader = XmlReader::new(text, LONGEST_RULE)?;
    reader.root()?;
    reader.skip()?;
    reader.finish()
}

fn files(xml: &mut XmlWriter, files: &[PublishedFile]) -> Result<(), LocalDocumentError> {
    if files.is_empty() {
        return Ok(());
    }
    xml.open("upd:Files");
    for file in files {
        let base64 = |digits: &str| {
            let bytes = hex::decode(digits);
            let bytes = bytes.map_err(|_| LocalDocumentError::Digest(file.name.clone()))?;
            Ok::<_, LocalDocumentError>(STANDARD.encode(bytes))
        };
        xml.open_with(
            "upd:File",
            &[
                ("Digest", &base64(&file.sha1)?),
                ("DigestAlgorithm", "SHA1"),
                ("FileName", &file.name),
                ("Size", &file.size.to_string()),
                ("Modified", &date(file.modified)),
                ("PatchingType", "SelfContained"),
            ],
        )?;
        xml.open_with("upd:AdditionalDigest", &[("Algorithm", "SHA256")])?;
        xml.text(&base64(&file.sha256)?)?;
        xml.close("upd:AdditionalDigest");
        xml.close("upd:File");
    }
    xml.close("upd:Files");
    Ok(())
}

fn command(xml: &mut XmlWriter, install: &InstallCommand) -> Result<(), ForbiddenCharacter> {
    handler(xml, "cmd:CommandLineInstallation")?;
    xml.open_with(
        "cmd:InstallCommand",
        &[
            ("Arguments", install.arguments.as_deref().unwrap_or_default()),
            ("Program", &install.program),
            ("RebootByDefault", "false"),
            ("DefaultResult", "Failed"),
        ],
    )?;
    let codes = install.success_codes.iter().map(|code| (code, "false"));
    for (code, reboot) in codes.chain(install.restart_codes.iter().map(|code| (code, "true"))) {
        let code = code.to_string();
        let attributes = [("Reboot", reboot), ("Result", "Succeeded"), ("Code", &code)];
        empty_with(xml, "cmd:ReturnCode", &attributes)?;
    }
    xml.close("cmd:InstallCommand");
    xml.close("upd:HandlerSpecificData");
    Ok(())
}

fn handler(xml: &mut XmlWriter, name: &str) -> Result<(), ForbiddenCharacter> {
    let xsi = "http://www.w3.org/2001/XMLSchema-instance";
    xml.open_with("upd:HandlerSpecificData", &[("xsi:type", name), ("xmlns:xsi", xsi)])
}

/// A time as documents write it: with milliseconds.
fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
