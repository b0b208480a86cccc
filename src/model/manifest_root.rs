//! The directory that all manifests are in: what they name by a relative path is the same in another
//! checkout of them.

use std::path::{Path, PathBuf};

use super::Declared;

/// The directory that all of some directories are in; `None` if there are none.
pub fn common_directory<'a>(directories: impl Iterator<Item = &'a Path>) -> Option<PathBuf> {
    directories.fold(None, |common: Option<PathBuf>, directory| {
        let Some(mut common) = common else { return Some(directory.to_owned()) };
        while !directory.starts_with(&common) && common.pop() {}
        Some(common)
    })
}

impl Declared {
    /// The directory that all documents were read below.
    pub fn root(&self) -> Option<PathBuf> {
        let sites = self.sites.values().map(|it| &*it.directory);
        let systems = self.site_systems.values().map(|it| &*it.directory);
        let ports = self.port_settings.values().map(|it| &*it.directory);
        let update_points = self.software_update_points.values().map(|it| &*it.directory);
        let points = self.distribution_points.values().map(|it| &*it.directory);
        let groups = self.distribution_point_groups.values().map(|it| &*it.directory);
        let packages = self.packages.values().map(|it| &*it.directory);
        let all = sites.chain(systems).chain(ports).chain(update_points).chain(points);
        // A document of a saved plan without a relative path has no directory, and says `/`.
        common_directory(all.chain(groups).chain(packages).filter(|it| it.parent().is_some()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_what_all_directories_are_in() {
        let root = |paths: &[&str]| common_directory(paths.iter().map(Path::new));
        assert_eq!(root(&[]), None);
        assert_eq!(root(&["/a/b"]), Some("/a/b".into()));
        assert_eq!(root(&["/a/b/c", "/a/b", "/a/bc"]), Some("/a".into()));
        assert_eq!(root(&["/a", "/b"]), Some("/".into()));
        assert_eq!(root(&["a", "b"]), Some("".into()));
    }
}
