//! The processes of a chain: the server at its head, and four sites with an update point each.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::PathBuf};

use headwater::{
    clock,
    model::UpdateIdentity,
    store::{catalog::Catalog, site_database::SiteDatabase},
    wire::agent::AgentCommand,
};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use super::{
    super::{
        super::running::Running,
        fleet::{Fleet, Node},
        random::Random,
    },
    link::Link,
    source::{CLASSIFICATIONS, Source, store},
};

/// Name and kind of each site, from the top down.
const TIERS: [(&str, &str); 4] =
    [("cen", "Central"), ("pri", "Primary"), ("sub", "Primary"), ("sec", "Secondary")];

/// The port that update points listen on.
const PORT: u16 = 8530;

/// How the sites of a chain are set up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// Whether the top chooses classifications, or takes all that there is.
    pub(super) chooses: bool,
    /// Whether updates flow on while the parent still synchronizes.
    pub(super) pipelined: bool,
}

/// The server's process, and those of the tiers below it; a link above each tier.
pub(super) struct Chain {
    fleet: Fleet,
    source: Source,
    /// The server first.
    pub(super) nodes: Vec<Node>,
    pub(super) links: Vec<Link>,
    /// Whether the server has something that came in the middle of a synchronization.
    pub(super) has_grown: bool,
    /// The place of each revision in the order of changes, by tier.
    places: Vec<BTreeMap<UpdateIdentity, i64>>,
}

impl Chain {
    /// Brings a chain up, as the manifests say, below a server that has nothing yet, or just enough to
    /// choose from.
    pub(super) fn up(manner: Manner, random: &mut Random) -> Self {
        let Manner { chooses, pipelined } = manner;
        let fleet = Fleet::new();
        let mut nodes = vec![server(&fleet)];
        let mut links = Vec::new();
        let mut manifest = String::new();
        for (number, (name, kind)) in (1_u8..).zip(TIERS) {
            nodes.push(fleet.node(name, number + 1));
            let upstream = format!("{}:{PORT}", fleet.ip(number));
            let listens = format!("{}:{PORT}", fleet.ip(100 + number));
            links.push(Link::between(&listens, upstream, catalog(&fleet.directory(name))));
            let above = number.checked_sub(2).map(|at| TIERS[usize::from(at)].0);
            // Each is known by the address of the link below it: the last tier has none below.
            let known_by = fleet.ip(101 + number);
            let agent = nodes.last().unwrap().agent().to_owned();
            let mut settings = above.map(|it| format!("  parent: {it}\n")).unwrap_or_default();
            if pipelined && above.is_some() {
                settings += "  synchronization: Pipelined\n";
            }
            manifest += &site(name, kind, &settings, &known_by, &agent);
            manifest += &match above {
                Some(_) => String::new(),
                None => top(&format!("http://{listens}"), chooses),
            };
        }
        // Nobody synchronizes with the last one, but its port has to answer.
        let last = format!("{}:{PORT}", fleet.ip(5));
        let below = format!("{}:{PORT}", fleet.ip(105));
        links.push(Link::between(&below, last, PathBuf::new()));
        let file = fleet.world().manifests().join("headwater.yaml");
        fs::write(file, manifest).unwrap();
        let places = vec![BTreeMap::new(); TIERS.len()];
        let mut chain =
            Self { fleet, source: Source::default(), nodes, links, has_grown: false, places };
        if chooses {
            chain.grow(random);
        }
        chain.fleet.world().with_manifests("up --once").expect(0);
        chain
    }

    /// The server has something new; how many documents.
    pub(super) fn grow(&mut self, random: &mut Random) -> u64 {
        let new = self.source.grow(random);
        store(&catalog(self.nodes[0].directory()), &new);
        new.len() as u64
    }

    /// Begins a synchronization of the whole chain.
    pub(super) fn synchronize(&self) -> Running {
        let manifests = self.fleet.world().manifests();
        let arguments = ["sync", "CEN", "--full", "--manifests", manifests.to_str().unwrap()];
        self.fleet.world().start(&arguments, "headwater=info")
    }

    /// Ends a process as the power does, and starts it again.
    pub(super) fn kill(&mut self, node: usize) {
        self.fleet.kill(&mut self.nodes[node]);
    }

    /// Every tier holds what the server holds, byte for byte, each revision where it was before, and
    /// nothing was asked for that was stored. Tells how many documents were asked for, and how many
    /// there are.
    pub(super) fn assert_equal(&mut self) -> (u64, usize) {
        let wanted: Vec<_> = self.source.documents.keys().copied().collect();
        let version = open(self.nodes[0].directory()).version().unwrap();
        let mut asked = 0;
        for (tier, node) in self.nodes[1..].iter().enumerate() {
            let (name, directory) = (TIERS[tier].0, node.directory());
            let places = places(&catalog(directory));
            let moved = self.places[tier].iter().find(|(it, at)| places.get(it) != Some(at));
            assert_eq!(moved, None, "{name} has stored something anew");
            let known: Vec<_> = places.keys().copied().collect();
            assert!(known == wanted, "{name} has {} of {}", known.len(), wanted.len());
            let catalog = open(directory);
            assert_eq!(catalog.version().unwrap(), version, "{name}");
            for stored in catalog.documents(&wanted).unwrap() {
                let right = self.source.documents[&stored.identity] == stored.text;
                assert!(right, "{name} has another document of {}", stored.identity);
            }
            let site = SiteDatabase::open(&directory.join("site-server/site.db")).unwrap();
            assert_eq!(site.version().unwrap(), version, "the site database of {name}");
            let (count, twice) = self.links[tier].asked();
            assert!(twice.is_empty(), "{name} has asked again for {twice:?}");
            asked += count;
            self.places[tier] = places;
        }
        (asked, wanted.len())
    }
}

fn catalog(directory: &std::path::Path) -> PathBuf {
    directory.join("update-services/catalog.db")
}

fn open(directory: &std::path::Path) -> Catalog {
    Catalog::open(&catalog(directory), clock::now()).unwrap()
}

/// An update point that nobody declares, and that synchronizes with nobody.
fn server(fleet: &Fleet) -> Node {
    let node = fleet.node("server", 1);
    let tell = |command: Value| {
        let command: AgentCommand = serde_json::from_value(command).unwrap();
        fleet.tell(&node, &command);
    };
    let software = json!({"wsus": "10.0"});
    tell(json!({"configureSiteSystem": {
        "site": "TOP", "address": fleet.ip(1), "software": software,
    }}));
    tell(json!({"installUpdateServices": "10.0"}));
    tell(json!({"configureUpdatePoint": {"name": "server", "settings": {
        "site": "TOP", "role": "Active", "ssl": false, "clientConnections": "Intranet",
        "ports": {"webSite": "Custom", "http": PORT, "https": PORT + 1},
        "source": {"type": "None"}, "classifications": [], "products": [],
        "selection": "Exact", "languages": [], "publishers": [],
    }}}));
    node
}

fn site(name: &str, kind: &str, settings: &str, address: &str, agent: &str) -> String {
    let code = name.to_uppercase();
    let mut text = String::new();
    let mut document = |kind: &str, spec: &str| {
        write!(
            text,
            "---\napiVersion: headwater.dev/v1alpha1\nkind: {kind}\nmetadata:\n  name: {name}\n\
             spec:\n{spec}"
        )
        .unwrap();
    };
    document(
        "Site",
        &format!(
            "  siteCode: {code}\n  type: {kind}\n{settings}  mode: Mixed\n  version: \"2403\"\n  \
             siteServer: {name}\n"
        ),
    );
    document(
        "SiteSystem",
        &format!(
            "  site: {name}\n  address: {address}\n  placement: Remote\n  agent:\n    \
             url: {agent}\n  software:\n    wsus: \"10.0\"\n"
        ),
    );
    document(
        "SoftwareUpdatePoint",
        &format!("  site: {name}\n  siteSystem: {name}\n  role: Active\n"),
    );
    text
}

/// What the point at the top has beside the others.
fn top(url: &str, chooses: bool) -> String {
    let mut text = format!("  source:\n    type: UpstreamServer\n    url: {url}\n");
    if chooses {
        text += "  classifications:\n";
        for title in CLASSIFICATIONS {
            writeln!(text, "    - {title}").unwrap();
        }
    }
    text
}

fn places(catalog: &std::path::Path) -> BTreeMap<UpdateIdentity, i64> {
    let catalog = Connection::open_with_flags(catalog, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let mut rows = catalog
        .prepare(
            "SELECT update_id, revision, change
             FROM revision JOIN identifier ON number = identifier",
        )
        .unwrap();
    let place = |row: &rusqlite::Row<'_>| {
        let id: Vec<u8> = row.get(0)?;
        let update_id = uuid::Uuid::from_slice(&id).unwrap();
        Ok((UpdateIdentity { update_id, revision: row.get(1)? }, row.get(2)?))
    };
    rows.query_map([], place).unwrap().map(Result::unwrap).collect()
}
