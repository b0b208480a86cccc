//! What update points are told of updates of local publishers, and report of them (SYNC-10); and the
//! identities of the categories that go with them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{LocalUpdateSpec, Name};

/// An update of a local publisher as an update point is told of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LocalUpdate {
    /// The name of its document.
    pub name: Name,
    /// What it is; paths are absolute, and lists whose order means nothing are in order.
    pub spec: LocalUpdateSpec,
    /// Whether it stays published when its document is gone: `headwater.dev/prune: disabled`. It is
    /// told, so that this is still known then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep: bool,
}

impl LocalUpdate {
    /// The same without the directories of its files: in another checkout of the manifests they are
    /// others, and the update is the same.
    #[must_use]
    pub fn in_any_checkout(&self) -> Self {
        let mut same = self.clone();
        for file in &mut same.spec.files {
            file.path = file.name().to_owned();
        }
        same
    }

    /// Whether both would be published as the same document.
    pub fn reads_as(&self, other: &Self) -> bool {
        self.in_any_checkout().spec == other.in_any_checkout().spec
    }
}

/// An update of a local publisher, as an update point has published it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalUpdateState {
    /// What it was told.
    pub declared: LocalUpdate,
    /// The number of the last revision.
    pub revision: i32,
    /// Whether that says that the update has expired.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
}

/// The namespace of the identities that are made of names: a GUID of Headwater's own.
const NAMESPACE: Uuid = Uuid::from_u128(0x4f5b_8d0e_6f0c_4c39_9a6e_2c1d_7b8e_5a43);

/// The identity of the category of a company. The same name, in any case, is the same company on every
/// update point.
pub fn company_id(publisher: &str) -> Uuid {
    of_names(&["Company", publisher])
}

/// The identity of the category of a product of a company.
pub fn product_id(publisher: &str, product: &str) -> Uuid {
    of_names(&["Product", publisher, product])
}

fn of_names(names: &[&str]) -> Uuid {
    let folded: Vec<String> = names.iter().map(|name| name.trim().to_lowercase()).collect();
    // No name has this letter: XML forbids it.
    Uuid::new_v5(&NAMESPACE, folded.join("\0").as_bytes())
}

/// The classifications that every catalog of updates has, by their English titles (protocol §2.3).
const CLASSIFICATIONS: [(&str, u128); 12] = [
    ("Applications", 0x5c93_76ab_8ce6_464a_b136_2211_3dd6_9801),
    ("Critical Updates", 0xe6cf_1350_c01b_414d_a61f_263d_14d1_33b4),
    ("Definition Updates", 0xe078_9628_ce08_4437_be74_2495_b842_f43b),
    ("Driver Sets", 0x7783_5c8d_62a7_41f5_82ad_f28d_1af1_e3b1),
    ("Drivers", 0xebfc_1fc5_71a4_4f7b_9aca_3b9a_5031_04a0),
    ("Feature Packs", 0xb54e_7d24_7add_428f_8b75_90a3_96fa_584f),
    ("Security Updates", 0x0fa1_201d_4330_4fa8_8ae9_b877_473b_6441),
    ("Service Packs", 0x68c5_b0a3_d1a6_4553_ae49_01d3_a782_7828),
    ("Tools", 0xb483_2bd8_e735_4761_8daf_37f8_8227_6dab),
    ("Update Rollups", 0x28bc_880e_0592_4cbf_8f95_c79b_1791_1d5f),
    ("Updates", 0xcd5f_fd1e_e932_4e3a_bf74_18bf_0b1b_bd83),
    ("Upgrades", 0x3689_bdc8_b205_4af4_8d4a_a639_24c5_e9d5),
];

/// The titles of the classifications that every catalog of updates has.
pub fn classification_titles() -> impl Iterator<Item = &'static str> {
    CLASSIFICATIONS.iter().map(|(title, _)| *title)
}

/// The identity of a classification that is named by its English title, in any case, or by its GUID;
/// none if it is neither.
pub fn classification_id(text: &str) -> Option<Uuid> {
    let text = text.trim();
    let known = CLASSIFICATIONS.iter().find(|(title, _)| title.eq_ignore_ascii_case(text));
    known.map(|(_, id)| Uuid::from_u128(*id)).or_else(|| Uuid::try_parse(text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_the_same_wherever_they_are_made() {
        assert_eq!(company_id("Fabrikam"), company_id(" fabrikam "));
        assert_ne!(company_id("Fabrikam"), company_id("Contoso"));
        assert_ne!(product_id("Fabrikam", "Reader"), product_id("Contoso", "Reader"));
        // They stand in catalogs: these never change.
        assert_eq!(company_id("Fabrikam").to_string(), "3b94bf8d-61d4-5e1c-8904-3f94618ae807");
        let product = product_id("Fabrikam", "Fabrikam Reader").to_string();
        assert_eq!(product, "74d5ab95-d96b-5f86-8da0-d4f22a3edbe8");
    }

    #[test]
    fn classifications_are_named_by_title_or_guid() {
        let security = Uuid::from_u128(0x0fa1_201d_4330_4fa8_8ae9_b877_473b_6441);
        assert_eq!(classification_id(" security updates"), Some(security));
        assert_eq!(classification_id(&security.to_string()), Some(security));
        assert_eq!(classification_id("Security Update"), None);
    }
}
