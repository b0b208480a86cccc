//! The hierarchy as files, for whole processes to be measured with: `benches/peers.py`.

use std::{fs, path::Path};

use headwater::model::Observation;

use super::{documents::documents, load_check_and_resolve, observed, sources, sources_by_site};

/// Writes manifests in a file each (`each`) and in a file for each site (`by-site`), and the state
/// that agrees with them (`observed.json`).
pub(crate) fn write(directory: &Path, count: usize) {
    let documents = documents(count);
    for (name, sources) in [("each", sources(&documents)), ("by-site", sources_by_site(&documents))]
    {
        for source in sources {
            let path = directory.join(name).join(&source.name).with_extension("yaml");
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, source.text).unwrap();
        }
    }
    let (_, hierarchy) = load_check_and_resolve(sources(&documents));
    let now = observed::synchronized_at() + jiff::SignedDuration::from_secs(60);
    let observation =
        Observation::new(now, hierarchy.remote_agents(), observed::observed(&hierarchy));
    fs::write(directory.join("observed.json"), serde_json::to_vec(&observation).unwrap()).unwrap();
}
