//! The hierarchy that is simulated, and what is wanted of it at which time.
//!
//! ```text
//!  ctl     controller, with the manifests
//!  cen     CEN (central): site server, update point that publishes local updates
//!  ams      └ AMS (primary): site server, update point, distribution point that is sent to
//!  ams-dp      · pulls from ams
//!  lis         └ LIS (secondary): site server, update point
//!  lis-dp         · pulls from ams-dp, and from ams where that lacks something
//! ```

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    net::{IpAddr, Ipv4Addr},
    path::Path,
};

use super::chance::Chance;

/// The computer of the controller.
pub(crate) const CONTROLLER: &str = "ctl";

/// The computers of site systems, by the name of the site system.
pub(crate) const SYSTEMS: [&str; 5] = ["cen", "ams", "ams-dp", "lis", "lis-dp"];

/// The distribution points, and those they take content from.
pub(crate) const POINTS: [(&str, &[&str]); 3] =
    [("ams", &[]), ("ams-dp", &["ams"]), ("lis-dp", &["ams-dp", "ams"])];

/// The update points, by the computer, and the one above.
pub(crate) const UPDATE_POINTS: [(&str, Option<&str>); 3] =
    [("cen", None), ("ams", Some("cen")), ("lis", Some("ams"))];

/// The one whom clients sit at.
pub(crate) const CLIENT: &str = "client";

/// The port of an agent.
pub(crate) const AGENT_PORT: u16 = 8550;

/// The address of a computer.
pub(crate) fn ip(computer: &str) -> IpAddr {
    let all = [CONTROLLER].into_iter().chain(SYSTEMS).chain([CLIENT]);
    let number = all.zip(1..).find(|(name, _)| *name == computer).unwrap().1;
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, number))
}

/// The name by which others know a computer.
pub(crate) fn host(computer: &str) -> String {
    format!("{computer}.example")
}

const SITES: &str = r#"
kind: Site
metadata: {name: cen}
spec: {siteCode: CEN, type: Central, mode: Mixed, version: "2403", siteServer: cen}
---
kind: Site
metadata: {name: ams}
spec: {siteCode: AMS, type: Primary, parent: cen, mode: Mixed, version: "2403", siteServer: ams}
---
kind: Site
metadata: {name: lis}
spec: {siteCode: LIS, type: Secondary, parent: ams, mode: Mixed, version: "2403", siteServer: lis}
---
kind: SoftwareUpdatePoint
metadata: {name: cen-sup}
spec: {site: cen, siteSystem: cen, role: Active, source: {type: None}}
---
kind: SoftwareUpdatePoint
metadata: {name: ams-sup}
spec: {site: ams, siteSystem: ams, role: Active}
---
kind: SoftwareUpdatePoint
metadata: {name: lis-sup}
spec: {site: lis, siteSystem: lis, role: Active}
---
kind: DistributionPoint
metadata: {name: ams}
spec: {site: ams, siteSystem: ams, contentValidation: {every: 1h, priority: High}}
---
kind: DistributionPoint
metadata: {name: ams-dp}
spec:
  site: ams
  siteSystem: ams-dp
  contentValidation: {every: 1h, priority: High}
  pull: {sources: [{distributionPoint: ams}]}
---
kind: DistributionPoint
metadata: {name: lis-dp}
spec:
  site: lis
  siteSystem: lis-dp
  contentValidation: {every: 1h, priority: High}
  pull:
    sources:
      - {distributionPoint: ams-dp, priority: 1}
      - {distributionPoint: ams, priority: 2}
"#;

/// A package that is wanted everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) id: &'static str,
    directory: &'static str,
    /// What its files have held, version by version.
    pub(crate) versions: Vec<BTreeMap<&'static str, Vec<u8>>>,
}

/// What is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) packages: Vec<Package>,
    /// How often each update was revised; the first of all is not zero.
    pub(crate) updates: Vec<u32>,
    chance: Chance,
}

impl Wanted {
    /// What is wanted at the beginning.
    pub(crate) fn new(chance: Chance) -> Self {
        let package = |id, directory| Package { id, directory, versions: Vec::new() };
        let packages = vec![package("CEN00001", "tools"), package("CEN00002", "reader")];
        let mut wanted = Self { packages, updates: vec![1, 1], chance };
        wanted.changes_package(0);
        wanted.changes_package(1);
        wanted
    }

    /// A package has other files from now on.
    fn changes_package(&mut self, which: usize) {
        let chance = &mut self.chance;
        let mut bytes = |most: u64| -> Vec<u8> {
            let length = 1 + chance.below(most);
            (0..length.div_ceil(8)).flat_map(|_| chance.any().to_le_bytes()).collect()
        };
        let files = BTreeMap::from([
            ("large.bin", bytes(600_000)),
            ("small.txt", bytes(2_000)),
            ("other.bin", bytes(90_000)),
        ]);
        if let Some(package) = self.packages.get_mut(which) {
            package.versions.push(files);
        }
    }

    /// Something is changed, by chance.
    pub(crate) fn change(&mut self) -> String {
        match self.chance.below(3) {
            0 => {
                self.updates.push(1);
                format!("update {} is published", self.updates.len())
            }
            1 => {
                let which = usize::try_from(self.chance.below(self.updates.len() as u64));
                let which = which.unwrap_or_default();
                self.updates[which] += 1;
                format!("update {} is revised", which + 1)
            }
            _ => {
                let which = usize::try_from(self.chance.below(2)).unwrap_or_default();
                self.changes_package(which);
                format!("package {} changes", self.packages[which].id)
            }
        }
    }

    /// Writes it down as people do: content first, then the manifests, each file whole.
    pub(crate) fn write(&self, directory: &Path) {
        for package in &self.packages {
            // A directory for each version: what is being read does not change.
            let version = package.versions.len();
            let content =
                directory.join("content").join(format!("{}-{version}", package.directory));
            fs::create_dir_all(&content).unwrap();
            for (name, bytes) in package.versions.last().unwrap() {
                fs::write(content.join(name), bytes).unwrap();
            }
        }
        let manifests = directory.join("manifests");
        fs::create_dir_all(&manifests).unwrap();
        let new = directory.join("manifests.new");
        fs::write(&new, self.manifests()).unwrap();
        fs::rename(&new, manifests.join("hierarchy.yaml")).unwrap();
    }

    fn manifests(&self) -> String {
        let mut text = SITES.replace("kind:", "apiVersion: headwater.dev/v1alpha1\nkind:");
        let mut add = |document: String| {
            let _ = write!(text, "---\napiVersion: headwater.dev/v1alpha1\n{document}");
        };
        for system in SYSTEMS {
            let site = system.split('-').next().unwrap_or_default();
            let host = host(system);
            add(format!(
                "kind: SiteSystem\nmetadata: {{name: {system}}}\nspec:\n  site: {site}\n  address: \
                 {host}\n  placement: Remote\n  agent: {{url: \"https://{host}:{AGENT_PORT}\"}}\n  \
                 software: {{wsus: \"10.0\"}}\n"
            ));
        }
        for Package { id, directory, versions } in &self.packages {
            let version = versions.len();
            add(format!(
                "kind: Package\nmetadata: {{name: {directory}}}\nspec:\n  packageId: {id}\n  sourceVersion: {version}\n  source: \
                 {{path: ../content/{directory}-{version}}}\n  distributeTo:\n    \
                 distributionPoints: [ams, ams-dp, lis-dp]\n"
            ));
        }
        for (number, revision) in (1..).zip(&self.updates) {
            add(format!(
                "kind: LocalUpdate\nmetadata: {{name: update-{number}}}\nspec:\n  updateId: \
                 00000000-0000-4000-8000-{number:012}\n  title: Reader {number}, text {revision}\n  \
                 publisher: Fabrikam\n  product: Fabrikam Reader\n  classification: Updates\n  \
                 applicability:\n    isInstalled: <bar:FileExists Csidl=\"38\" \
                 Path=\"\\Reader\\{number}.dat\" />\n    isInstallable: <bar:FileExists \
                 Csidl=\"38\" Path=\"\\Reader\" />\n"
            ));
        }
        text
    }
}
