//! The example with three tiers, as objects.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use headwater::model::Kind;
use kube::{ResourceExt, api::ListParams};
use serde_json::Value;
use tempfile::TempDir;

use super::cluster::Place;

/// Its documents, and the directory where their relative paths begin.
pub(super) struct Contoso {
    pub(super) documents: String,
    pub(super) content: PathBuf,
    _root: TempDir,
}

impl Contoso {
    pub(super) fn new() -> Self {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        let contoso = examples.join("contoso");
        let files = ["packages.yaml", "ports.yaml"].map(|it| contoso.join(it)).into_iter();
        let sites = ["ams", "cen", "lis", "sea"].map(|it| contoso.join(format!("sites/{it}.yaml")));
        let texts = files.chain(sites).map(|it| fs::read_to_string(it).unwrap());
        let documents = texts.collect::<Vec<_>>().join("\n---\n");
        // In files such paths begin where the file is, and these are in directories of two levels.
        let root = tempfile::tempdir().unwrap();
        let content = root.path().join("hierarchy/contoso");
        fs::create_dir_all(&content).unwrap();
        symlink(examples.join("contoso/content"), content.join("content")).unwrap();
        for below in [root.path().to_owned(), root.path().join("hierarchy")] {
            symlink(examples.join("wsus-export"), below.join("wsus-export")).unwrap();
        }
        Self { documents, content, _root: root }
    }

    /// All objects that it is.
    pub(super) fn objects(&self) -> Vec<(Kind, String)> {
        let documents = serde_yaml::Deserializer::from_str(&self.documents);
        let values = documents.map(|it| <Value as serde::Deserialize>::deserialize(it).unwrap());
        let named = values.filter(|it| !it.is_null()).map(|it| {
            let kind: Kind = serde_json::from_value(it["kind"].clone()).unwrap();
            (kind, it["metadata"]["name"].as_str().unwrap().to_owned())
        });
        named.collect()
    }

    /// Waits until everything is as the objects say.
    pub(super) async fn until_ready(&self, place: &Place) {
        for (kind, name) in self.objects() {
            place.until_ready(kind, &name).await;
        }
    }
}

/// The names of all objects that a namespace has.
pub(super) async fn left(place: &Place) -> Vec<String> {
    let mut left = Vec::new();
    for kind in Kind::ALL {
        let list = place.api(kind).list(&ListParams::default()).await.unwrap();
        left.extend(list.items.iter().map(|it| format!("{kind}/{}", it.name_any())));
    }
    left
}
