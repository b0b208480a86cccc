//! Updates of local publishers: what they are published as (SYNC-10).

use super::{
    documents::{Documents, document, kept, name_of},
    origin::spec,
    settings_by_path::SettingsByPath,
};
use crate::model::{Kind, LocalUpdateSpec, Name};

impl Documents<'_> {
    pub(super) fn local_update(&self, name: &Name) -> Option<SettingsByPath> {
        let resource = self.declared.local_updates.get(name)?;
        let of = document(Kind::LocalUpdate, resource);
        let mut all = SettingsByPath::default();
        // A field that is new does not compile before it has an origin here.
        let LocalUpdateSpec {
            update_id: _,
            title: _,
            description: _,
            language: _,
            publisher: _,
            product: _,
            classification: _,
            files: _,
            prerequisites: _,
            supersedes: _,
            applicability: _,
            install: _,
            knowledge_base_article: _,
            security_bulletin: _,
            severity: _,
            support_url: _,
        } = &resource.spec;
        all.field("name", name_of(&of));
        all.field("keep", kept(&of));
        for (path, key) in [
            ("spec.updateId", "updateId"),
            ("spec.title", "title"),
            ("spec.publisher", "publisher"),
            ("spec.product", "product"),
            ("spec.classification", "classification"),
        ] {
            all.field(path, of.required(spec(key)));
        }
        all.field("spec.language", of.field(spec("language"), "the default is `en`"));
        for (path, key) in [
            ("spec.description", "description"),
            ("spec.files", "files"),
            ("spec.prerequisites", "prerequisites"),
            ("spec.supersedes", "supersedes"),
            ("spec.knowledgeBaseArticle", "knowledgeBaseArticle"),
            ("spec.securityBulletin", "securityBulletin"),
            ("spec.severity", "severity"),
            ("spec.supportUrl", "supportUrl"),
        ] {
            all.field(path, of.optional(spec(key)));
        }
        all.copied("spec.applicability", of.optional(spec("applicability")));
        all.copied("spec.install", of.optional(spec("install")));
        Some(all)
    }
}
