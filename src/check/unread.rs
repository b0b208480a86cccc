//! The documents that are there but could not be read: what is said of them elsewhere is not wrong.

use std::collections::BTreeSet;

use crate::model::{Kind, Name, ResourceId};

/// What a document that could not be read was meant to be, as far as that can be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meant {
    /// Its kind.
    pub kind: Option<Kind>,
    /// Its `metadata.name`.
    pub name: Option<Name>,
    /// Its `spec.site`.
    pub site: Option<Name>,
}

impl Meant {
    /// The resource, if both kind and name are known.
    pub fn resource(&self) -> Option<ResourceId> {
        Some(ResourceId::new(self.kind?, self.name.as_ref()?))
    }
}

/// All documents that could not be read. One of which little is known may be many things, and none
/// of these is said to be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    named: BTreeSet<ResourceId>,
    /// The kinds of which one has no name.
    unnamed: BTreeSet<Kind>,
    /// All kinds of which there is one.
    kinds: BTreeSet<Kind>,
    /// The sites that one may be a software update point of.
    update_points_of: BTreeSet<Name>,
    /// Whether one may be a software update point of any site.
    update_point_of_any: bool,
}

impl Unread {
    /// Adds a document.
    pub fn insert(&mut self, meant: &Meant) {
        let kinds = Kind::ALL.into_iter().filter(|kind| meant.kind.is_none_or(|it| it == *kind));
        for kind in kinds {
            self.kinds.insert(kind);
            match &meant.name {
                Some(name) => self.named.insert(ResourceId::new(kind, name)),
                None => self.unnamed.insert(kind),
            };
            if kind == Kind::SoftwareUpdatePoint {
                self.update_point_of_any |= meant.site.is_none();
                self.update_points_of.extend(meant.site.clone());
            }
        }
    }

    /// Whether one of them may be that resource.
    pub fn may_be(&self, kind: Kind, name: &Name) -> bool {
        self.unnamed.contains(&kind) || self.named.contains(&ResourceId::new(kind, name))
    }

    /// Whether one of them may be of that kind.
    pub fn any(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Whether one of them may be a software update point of that site.
    pub fn any_update_point(&self, site: &Name) -> bool {
        self.update_point_of_any || self.update_points_of.contains(site)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_not_known_may_be_anything() {
        let mut unread = Unread::default();
        let meant = Meant { name: Some(name("ams")), ..Meant::default() };
        unread.insert(&meant);
        assert_eq!(meant.resource(), None);
        assert!(Kind::ALL.into_iter().all(|kind| unread.may_be(kind, &name("ams"))));
        assert!(unread.any(Kind::Site) && !unread.may_be(Kind::Site, &name("cen")));
        unread.insert(&Meant { kind: Some(Kind::Site), ..Meant::default() });
        assert!(unread.may_be(Kind::Site, &name("cen")));
        assert!(!unread.may_be(Kind::Package, &name("cen")));
    }

    #[test]
    fn an_update_point_stands_for_its_own_site_only() {
        let mut unread = Unread::default();
        let kind = Some(Kind::SoftwareUpdatePoint);
        unread.insert(&Meant { kind, name: None, site: Some(name("ams")) });
        assert!(unread.any_update_point(&name("ams")) && !unread.any_update_point(&name("cen")));
        unread.insert(&Meant { kind, ..Meant::default() });
        assert!(unread.any_update_point(&name("cen")));
    }
}
