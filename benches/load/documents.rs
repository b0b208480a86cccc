//! Manifests of any number, shaped like real ones: sites with their site systems, update points,
//! distribution points that push and pull, groups and packages, with the comments and labels that
//! people write. About 490 bytes each.

use std::fmt::Write;

/// How many documents a site has.
const OF_A_SITE: usize = 100;
/// The distribution points of a site, in groups of ten: two that the site server fills, and eight
/// that pull from these.
const POINTS: usize = 30;
const GROUP: usize = 10;
const STANDARD: usize = 2;
/// The packages of a site: the rest of its hundred documents.
const PACKAGES: usize = 33;
/// The primary sites below the central one; all others are secondary sites below these (TOP-4).
const PRIMARIES: usize = 25;

/// A document of the hierarchy and the file it is written in, when each has one of its own.
pub(crate) struct Document {
    /// The path of its own file.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

/// The documents of a hierarchy of `count` documents; a multiple of a hundred.
pub(crate) fn documents(count: usize) -> Vec<Document> {
    (0..count / OF_A_SITE).flat_map(site).collect()
}

struct Site {
    name: String,
    code: String,
    documents: Vec<Document>,
}

impl Site {
    fn add(&mut self, kind: &str, name: &str, comment: &str, labels: &str, spec: &str) {
        let mut text = String::with_capacity(600);
        for line in comment.lines() {
            let _ = writeln!(text, "# {line}");
        }
        let _ = write!(text, "apiVersion: headwater.dev/v1alpha1\nkind: {kind}\nmetadata:\n");
        let _ = write!(text, "  name: {name}\n{labels}spec:\n");
        for line in spec.lines() {
            let _ = writeln!(text, "  {line}");
        }
        self.documents.push(Document {
            path: format!("{}/{}-{name}.yaml", self.name, kind.to_lowercase()),
            text,
        });
    }
}

/// Three characters, none of them a name that Windows reserves.
fn code(number: usize) -> String {
    let digit = |value: usize| char::from(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[value % 36]);
    let letter = char::from(b'A' + u8::try_from(number / 360 % 26).unwrap_or_default());
    [letter, digit(number / 36 % 10), digit(number)].iter().collect()
}

fn name(number: usize) -> String {
    format!("site-{}", code(number).to_lowercase())
}

fn site(number: usize) -> Vec<Document> {
    let mut site = Site { name: name(number), code: code(number), documents: Vec::new() };
    heads(&mut site, number);
    for point in 0..POINTS {
        distribution_point(&mut site, point);
    }
    for group in 0..POINTS / GROUP {
        let mut spec = "members:\n".to_owned();
        for point in group * GROUP..(group + 1) * GROUP {
            let _ = writeln!(spec, "  - {}-dp{point:02}", site.name);
        }
        let name = format!("{}-branches-{group}", site.name);
        let comment = format!(
            "The branches of region {group}. A package that names the group goes to all of its\n\
             members, also to those that are added later."
        );
        site.add("DistributionPointGroup", &name, &comment, "", &spec);
    }
    for package in 0..PACKAGES {
        self::package(&mut site, package);
    }
    site.documents
}

fn heads(site: &mut Site, number: usize) {
    let (kind, parent) = match number {
        0 => ("Central", None),
        1..=PRIMARIES => ("Primary", Some(name(0))),
        _ => ("Secondary", Some(name(1 + (number - 1) % PRIMARIES))),
    };
    let parent = parent.map_or_else(String::new, |parent| format!("parent: {parent}\n"));
    let Site { name, code, .. } = site;
    let server = format!("{name}-srv");
    let spec = format!(
        "siteCode: {code}\ntype: {kind}\n{parent}mode: Mixed\nversion: \"2403\"\n\
         siteServer: {server}\nclientAgent:\n  softwareUpdates:\n    scanEvery: 1d\n\
         softwareDistribution:\n  # Branches are often switched off at night.\n  \
         pullDistributionPoints:\n    retries: 60\n    retryDelay: 30m\n"
    );
    let (name, code) = (name.clone(), code.clone());
    let labels = "  labels:\n    region: emea\n    cost-center: \"4711\"\n";
    site.add(
        "Site",
        &name,
        &format!("{code}: what everything below {name} hangs on."),
        labels,
        &spec,
    );
    let spec = format!(
        "site: {name}\n# The name as clients resolve it.\naddress: {server}.corp.contoso.example\n\
         internetAccess: {}\nsoftware:\n  wsus: \"10.0\"\n",
        number == 0
    );
    let comment = format!(
        "The site server of {code}. It carries the software update point as well, since the site is\n\
         small enough; a second computer can take that over by moving one document."
    );
    site.add("SiteSystem", &server, &comment, "", &spec);
    let ports = format!("{name}-content");
    let comment = "The ports of the distribution points of this site: the default web site belongs to\n\
                   another application on these computers, so content has a web site of its own.";
    let spec = "webSite: Custom\n# HTTPS follows: 8081.\nhttp: 8080\n";
    site.add("PortSettings", &ports, comment, "", spec);
    let spec = if number == 0 {
        format!(
            "site: {name}\nsiteSystem: {server}\nrole: Active\nschedule:\n  every: 1d\n\
             classifications:\n  - Critical Updates\n  - Security Updates\nproducts:\n  \
             - Windows 11\n  - Windows Server 2022\nlanguages:\n  - en\n"
        )
    } else {
        format!(
            "site: {name}\nsiteSystem: {server}\nrole: Active\n# What is synchronized is chosen at \
             the top; the languages of files are each site's own.\nlanguages:\n  - en\n  - de\n"
        )
    };
    let comment = "It needs no source: it follows the active point of the parent site, when that has\n\
                   finished and asks it to.";
    site.add("SoftwareUpdatePoint", &format!("{name}-active"), comment, "", &spec);
}

fn distribution_point(site: &mut Site, point: usize) {
    let site_name = site.name.clone();
    let name = format!("{site_name}-dp{point:02}");
    let spec = format!(
        "site: {site_name}\n# The name as clients resolve it.\naddress: {name}.corp.contoso.example\n\
         internetAccess: false\nsoftware:\n  # The client brings BITS and the access account.\n  \
         client: \"2403\"\n"
    );
    let comment = format!(
        "Branch {point}: the computer below the counter. It is switched off on weekends, and whoever\n\
         moves it tells the network people first."
    );
    let labels = "  labels:\n    branch: \"yes\"\n    contact: service-desk\n";
    site.add("SiteSystem", &name, &comment, labels, &spec);
    let mut spec = format!("site: {site_name}\nsiteSystem: {name}\nports: {site_name}-content\n");
    let place = point % GROUP;
    let comment = if place < STANDARD {
        let _ = write!(
            spec,
            "contentValidation:\n  every: 7d\n  priority: Low\nrateLimit:\n  perHour:\n    \
             - from: 8\n      to: 18\n      kilobytesPerSecond: 2000\n"
        );
        "A standard distribution point: the site server sends it its content, slowly while people\n\
         work. The branches near to it pull from here."
    } else {
        let first = point - place;
        let _ =
            writeln!(spec, "pull:\n  # Lowest first; chosen at random among equals.\n  sources:");
        for (source, priority) in [(first + place % STANDARD, 1), (first + 1 - place % STANDARD, 2)]
        {
            let _ = writeln!(
                spec,
                "    - distributionPoint: {site_name}-dp{source:02}\n      priority: {priority}"
            );
        }
        "A pull distribution point: it downloads its content from the standard ones of its region,\n\
         and only from these."
    };
    site.add("DistributionPoint", &name, comment, "", &spec);
}

fn package(site: &mut Site, package: usize) {
    let Site { name, code, .. } = site;
    let group = package % (POINTS / GROUP);
    let spec = format!(
        "packageId: {code}{package:05}\ndisplayName: Line of business application {package}\n\
         # Raise it when the content has changed and shall be distributed again.\nsourceVersion: {}\n\
         source:\n  path: ../content/application-{package:02}\ndistributeTo:\n  groups:\n    \
         - {name}-branches-{group}\npriority: {}\n",
        1 + package % 4,
        ["Low", "Medium", "High"][package % 3],
    );
    let name = format!("{name}-application-{package:02}");
    let comment = format!(
        "Application {package}, as the packaging team hands it over: the directory is replaced as a\n\
         whole, and the version below says that it was."
    );
    site.add("Package", &name, &comment, "", &spec);
}
