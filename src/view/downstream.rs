//! The servers below update points that are of no hierarchy of ours, as a table.

use std::collections::BTreeSet;

use super::{
    UpdatePointStatus,
    plain::plain,
    table::{lines, table},
};

/// The table; none if there is no such server. Those of the hierarchy have tables of their own.
pub(super) fn downstream_servers(points: &[UpdatePointStatus]) -> Option<String> {
    let own: BTreeSet<&str> = points.iter().map(|point| point.name.as_str()).collect();
    // The upstream server of an update point that is told of a server tells its own of it in turn.
    let mut named = BTreeSet::new();
    let header =
        ["SITE", "UPDATE POINT", "DOWNSTREAM SERVER", "VERSION", "KIND", "LAST SYNCHRONIZATION"];
    let mut table = table(&header, &[]);
    for point in points.iter().rev() {
        for server in &point.downstream_servers {
            if own.contains(server.name.as_str()) || !named.insert(&server.name) {
                continue;
            }
            table.add_row([
                point.site.to_string(),
                point.name.to_string(),
                plain(&server.name).into_owned(),
                plain(&server.version).into_owned(),
                if server.replica { "replica" } else { "autonomous" }.to_owned(),
                server.last_synchronization.map_or("never".to_owned(), super::status::second),
            ]);
        }
    }
    (!named.is_empty()).then(|| lines(&table))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DownstreamServer;

    #[test]
    fn servers_of_others_are_shown_once_with_the_point_next_to_them() {
        let server = |name: &str, replica| DownstreamServer {
            name: name.to_owned(),
            version: "10.0.26100.1".to_owned(),
            replica,
            last_synchronization: replica.then(|| "2026-11-20T08:00:00.5Z".parse().unwrap()),
        };
        let point = |site: &str, name: &str, downstream_servers| UpdatePointStatus {
            downstream_servers,
            ..UpdatePointStatus::active(site, name)
        };
        let of_others = [server("dss.example.org", true), server("\u{1b}[2J", false)];
        let below = point("AMS", "ams-active", of_others.to_vec());
        let mut all = vec![server("ams-active", false)];
        all.extend(of_others);
        let points = [point("CEN", "cen-active", all), below];
        let shown = downstream_servers(&points).unwrap();
        let rows: Vec<Vec<_>> =
            shown.lines().skip(1).map(|row| row.split_whitespace().collect()).collect();
        let version = "10.0.26100.1";
        assert_eq!(
            rows,
            [
                vec![
                    "AMS",
                    "ams-active",
                    "dss.example.org",
                    version,
                    "replica",
                    "2026-11-20",
                    "08:00:00Z"
                ],
                vec!["AMS", "ams-active", "\\u{1b}[2J", version, "autonomous", "never"],
            ]
        );
        let [top, _] = points;
        let hierarchy = point("AMS", "ams-active", Vec::new());
        let own =
            UpdatePointStatus { downstream_servers: vec![server("ams-active", false)], ..top };
        assert_eq!(downstream_servers(&[own, hierarchy]), None);
    }
}
