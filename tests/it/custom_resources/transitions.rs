//! What never changes once it is written.

use headwater::{model::Kind, operator::Subject};
use serde_json::{Value, json};

use super::server::Server;

pub(super) fn object(kind: Kind, spec: &Value) -> Value {
    json!({
        "apiVersion": "headwater.dev/v1alpha1", "kind": kind, "metadata": {"name": "one"},
        "spec": spec,
    })
}

/// Of some kinds what is written first, what may be written after it and what may not, and what is said
/// then.
pub(super) fn unchanging() -> [(Kind, Value, Value, Value, &'static str); 3] {
    let site = |code: &str, mode: &str| {
        json!({
            "siteCode": code, "type": "Primary", "mode": mode, "version": "2403",
            "siteServer": "server",
        })
    };
    let system = |site: &str, address: &str| json!({"site": site, "address": address});
    let package = |id: &str, path: &str| json!({"packageId": id, "source": {"path": path}});
    [
        (
            Kind::Site,
            site("ONE", "Mixed"),
            site("ONE", "Native"),
            site("TWO", "Mixed"),
            "the code of a site never changes; write `ONE` again",
        ),
        (
            Kind::SiteSystem,
            system("one", "a.example"),
            system("one", "b.example"),
            system("two", "a.example"),
            "a site system never changes its site; write `one` again",
        ),
        (
            Kind::Package,
            package("ONE00001", "a"),
            package("ONE00001", "b"),
            package("ONE00002", "a"),
            "a package ID never changes; write `ONE00001` again",
        ),
    ]
}

#[test]
fn what_never_changes_is_refused_when_it_does() {
    for (kind, before, same, other, message) in unchanging() {
        let server = Server::new(Subject::Kind(kind));
        let before = object(kind, &before);
        assert!(server.verdict(&before, None).is_accepted());
        assert!(server.verdict(&object(kind, &same), Some(&before)).is_accepted(), "{kind}");
        let verdict = server.verdict(&object(kind, &other), Some(&before));
        assert!(verdict.messages.len() == 1, "{verdict:#?}");
        assert!(verdict.messages[0].starts_with(message), "{verdict:#?}");
        // Made anew, it is another one.
        assert!(server.verdict(&object(kind, &other), None).is_accepted(), "{kind}");
    }
}
