//! Pull distribution points of one source pull within its capacity, whatever number of them there is.

use std::{collections::BTreeSet, fmt::Write as _, fs};

use super::world::World;

/// How many pull distribution points there are, and packages for them.
const POINTS: usize = 7;
const PACKAGES: usize = 2;

/// The smallest example with a site server that lets two pull at a time, and a herd.
fn herd() -> World {
    let world = World::of("minimal");
    world.edit(
        "headwater.yaml",
        "  siteServer: server\n",
        "  siteServer: server\n  softwareDistribution:\n    pullDistributionPoints:\n      \
         pullsPerSource: 2\n",
    );
    let mut text = String::new();
    for number in 0..POINTS {
        write!(
            text,
            "---\napiVersion: headwater.dev/v1alpha1\nkind: SiteSystem\nmetadata:\n  \
             name: branch-{number}\nspec:\n  site: one\n  address: branch-{number}.example\n---\n\
             apiVersion: headwater.dev/v1alpha1\nkind: DistributionPoint\nmetadata:\n  \
             name: branch-{number}\nspec:\n  site: one\n  siteSystem: branch-{number}\n  \
             ports: content\n  pull:\n    sources:\n      - distributionPoint: content\n",
        )
        .unwrap();
    }
    for number in 0..PACKAGES {
        let directory = world.path(&format!("content-{number}"));
        fs::create_dir(&directory).unwrap();
        let large = vec![u8::try_from(number).unwrap(); 12 << 20];
        fs::write(directory.join("large.cab"), large).unwrap();
        write!(
            text,
            "---\napiVersion: headwater.dev/v1alpha1\nkind: Package\nmetadata:\n  \
             name: herd-{number}\nspec:\n  packageId: ONE0001{number}\n  source:\n    \
             path: {}\n  distributeTo:\n    distributionPoints: [content",
            directory.display()
        )
        .unwrap();
        (0..POINTS).for_each(|point| write!(text, ", branch-{point}").unwrap());
        text.push_str("]\n");
    }
    world.append("headwater.yaml", &text);
    world
}

#[test]
fn never_more_than_its_site_says_pull_from_one_source() {
    let world = herd();
    let manifests = world.manifests();
    let mut run = world.start(&["up", "--once", manifests.to_str().unwrap()], "headwater=info");
    let (code, said) = run.end();
    assert_eq!(code, 0, "{}", said.join("\n"));
    let mut active: BTreeSet<(String, String)> = BTreeSet::new();
    let (mut most, mut finished) = (0, 0);
    for line in &said {
        let Some(branch) =
            line.split(['{', '}', '=', '"', ' ']).find(|it| it.starts_with("branch-"))
        else {
            continue;
        };
        let package = (0..PACKAGES).map(|it| format!("ONE0001{it}")).find(|it| line.contains(it));
        let Some(package) = package else { continue };
        if line.contains("a transfer job was made") && line.contains("version=") {
            active.insert((branch.to_owned(), package));
            most = most.max(active.len());
        } else if line.contains("a pull finished") {
            assert!(active.remove(&(branch.to_owned(), package)), "{line}");
            finished += 1;
        }
    }
    assert_eq!(finished, POINTS * PACKAGES, "{}", said.join("\n"));
    // Two at a time, and two there really are.
    assert_eq!(most, 2, "{}", said.join("\n"));
}
