//! How many site systems of a site may be taken away at a time.

use serde_json::json;

use super::{
    names::{INSTANCE, PART, SITE, SITE_SYSTEMS},
    wanted::{Child, Children, Hosted, is_hosted},
};

/// A budget for the whole site, which its first site system owns. A site system has one pod: a budget of its
/// own would either allow that pod to be evicted at any time (`maxUnavailable: 1`), and be no budget at all,
/// or never (`minAvailable: 1`), and drains of nodes would wait for ever. What can be promised is that a drain
/// takes the site systems of a site one after the other: while one distribution point moves, the others serve.
pub(super) fn budget(all: &Children<'_>, hosted: Hosted<'_>) -> Option<Child> {
    let site = &hosted.system.site;
    let mut of_site =
        all.hierarchy.site_systems.iter().filter(|(_, it)| it.site == *site && is_hosted(it));
    let (first, _) = of_site.next()?;
    if first != hosted.name {
        return None;
    }
    let name = all.hierarchy.sites.get(site)?.name.to_string();
    let spec = json!({
        "maxUnavailable": 1,
        // One that does not run anyway keeps nobody from draining its node.
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {
            "matchLabels": {PART: SITE_SYSTEMS, INSTANCE: all.hosting.instance, SITE: site},
        },
    });
    let labels = all.hosting.labels_of_site(hosted.system);
    let kind = ("policy/v1", "PodDisruptionBudget");
    Some(all.labelled(hosted.owner, &labels, kind, name, json!({"spec": spec})))
}
