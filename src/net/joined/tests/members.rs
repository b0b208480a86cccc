//! Those that have joined: who believes whom, renewal, revocation.

use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::{CertificateDer, UnixTime, pem::PemObject};

use super::{
    super::{known::Known, names::Party},
    world::{HOUR, Hierarchy, TestAgent, name, open},
};
use crate::{
    clock::now,
    error_text::with_causes,
    model::{Address, ClientCertificates},
    net::{CertificateSource, Certificates, Revoked, ServerTls},
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

#[tokio::test]
async fn the_certificate_of_one_agent_never_passes_for_another_one() {
    let hierarchy = Hierarchy::new();
    let a = hierarchy.joined("a", "127.77.61.1").await;
    let b = hierarchy.joined("b", "127.77.61.2").await;
    assert_eq!(hierarchy.ask("a", &a.url).await, Ok(name("a")));
    let why = hierarchy.ask("a", &b.url).await.unwrap_err();
    assert!(why.contains("it is not the one of the agent of `a`"), "{why}");
    // At which address it answers is of no account.
    let moved = a.restart(None).await;
    assert_eq!(hierarchy.ask("a", &moved.url).await, Ok(name("a")));
    // A certificate of the same name, from the same authority, for another key.
    hierarchy
        .registry
        .update(|kept| {
            let theirs = kept.agents[&name("b")].certificates.clone();
            kept.agents.get_mut(&name("a")).unwrap().certificates = theirs;
        })
        .await
        .unwrap();
    // Connections that there are go on; another one is judged anew.
    let moved = moved.restart(None).await;
    let why = hierarchy.ask("a", &moved.url).await.unwrap_err();
    assert!(why.contains("its key is not the one with which `a` joined"), "{why}");
}

#[tokio::test]
async fn members_are_of_one_hierarchy() {
    let (hierarchy, other) = (Hierarchy::new(), Hierarchy::new());
    let a = hierarchy.joined("a", "127.77.61.3").await;
    let theirs = other.joined("a", "127.77.61.4").await;
    // Each controller refuses the agent of the other one, and each agent the other controller.
    let why = hierarchy.ask("a", &theirs.url).await.unwrap_err();
    assert!(why.contains("not of the authority of this hierarchy"), "{why}");
    let why = other.ask("a", &a.url).await.unwrap_err();
    assert!(why.contains("not of the authority of this hierarchy"), "{why}");
}

#[tokio::test]
async fn agents_answer_site_servers_and_no_other_agents() {
    let hierarchy = Hierarchy::new();
    let a = hierarchy.joined("a", "127.77.61.5").await;
    let b = hierarchy.joined("b", "127.77.61.6").await;
    // Before it is told who else there is, it knows nobody.
    let why = a.asks(&b, "/answers").await.unwrap_err();
    assert!(why.contains("no agent of this hierarchy is known at"), "{why}");
    let servers = |names: &[&str]| names.iter().map(|it| name(it)).collect();
    let urls = [(name("a"), a.url.clone()), (name("b"), b.url.clone())].into();
    hierarchy.registry.note(&urls, &servers(&["a"]), now()).await.unwrap();
    for agent in [&a, &b] {
        agent.membership.take_roster(hierarchy.roster()).await.unwrap();
    }
    assert_eq!(a.asks(&b, "/answers").await, Ok(StatusCode::OK));
    assert_eq!(a.asks(&b, "/commands").await, Ok(StatusCode::FORBIDDEN));
    assert_eq!(b.asks(&a, "/answers").await, Ok(StatusCode::FORBIDDEN));
    let controller = hierarchy.http.way(&b.url).unwrap();
    for path in ["/answers", "/commands"] {
        let asked = controller.asking.get(format!("{}{path}", controller.url)).send().await;
        assert_eq!(asked.unwrap().status(), StatusCode::OK);
    }
    // What they are told outlives a restart.
    let b = b.restart(None).await;
    assert_eq!(b.membership.http(None).unwrap().name_at(&a.url), Some(name("a")));
}

#[tokio::test]
async fn certificates_are_renewed_when_a_third_of_their_time_is_left() {
    let hierarchy = Hierarchy::new();
    let a = TestAgent::start("a", "127.77.61.7", Some(hierarchy.token("a"))).await;
    // It joined two months ago.
    hierarchy.invite_at("a", &a.url, now() - DAY * 61).await.unwrap();
    let due = |at| hierarchy.registry.due(at).unwrap().contains(&name("a"));
    assert!(due(now()) && !due(now() - DAY * 3));
    let key = a.directory.path().join("joined/identity.json");
    let before = std::fs::read_to_string(&key).unwrap();
    // A request that is under way goes on meanwhile.
    assert_eq!(hierarchy.ask("a", &a.url).await, Ok(name("a")));
    let way = hierarchy.http.way(&a.url).unwrap();
    let under_way = tokio::spawn(way.asking.get(format!("{}/waits", way.url)).send());
    renewed(&hierarchy, &a).await.unwrap();
    a.go_on.notify_one();
    assert_eq!(under_way.await.unwrap().unwrap().status(), StatusCode::OK);
    assert_ne!(std::fs::read_to_string(&key).unwrap(), before);
    let ends = hierarchy.registry.agents().unwrap()[0].certificate_ends.unwrap();
    assert!(ends > now() + DAY * 88 && ends < now() + DAY * 91, "{ends}");
    assert!(!due(now() + DAY * 58) && due(now() + DAY * 61));
    // The one before counts for an hour more.
    let known = Known::from(&hierarchy.roster());
    assert_eq!(known.refused.len(), 1);
    let key = known.refused[0].key;
    assert!(!known.refuses(&key, now()) && known.refuses(&key, now() + HOUR));
}

async fn renewed(hierarchy: &Hierarchy, agent: &TestAgent) -> Result<(), String> {
    let client = hierarchy.http.agent_of(&agent.name, &agent.url);
    let renewed = hierarchy.registry.renew(&agent.name, &client, now()).await;
    renewed.map_err(|error| with_causes(&error))
}

#[tokio::test]
async fn a_renewed_agent_is_believed_over_a_new_connection_and_after_a_restart() {
    let hierarchy = Hierarchy::new();
    let a = hierarchy.joined("a", "127.77.61.8").await;
    renewed(&hierarchy, &a).await.unwrap();
    let a = a.restart(None).await;
    assert_eq!(hierarchy.ask("a", &a.url).await, Ok(name("a")));
    assert!(hierarchy.registry.due(now()).unwrap().is_empty());
}

#[tokio::test]
async fn a_renewal_that_broke_off_anywhere_is_done_again() {
    let hierarchy = Hierarchy::new();
    let a = hierarchy.joined("a", "127.77.61.9").await;
    let before = hierarchy.registry.read().unwrap().agents[&name("a")].certificates.clone();
    renewed(&hierarchy, &a).await.unwrap();
    // The controller has not heard that the agent has the new one.
    hierarchy
        .registry
        .update(|kept| {
            kept.refused.clear();
            kept.agents.get_mut(&name("a")).unwrap().certificates.extend(before.clone());
        })
        .await
        .unwrap();
    assert!(hierarchy.registry.due(now()).unwrap().contains(&name("a")));
    let a = a.restart(None).await;
    renewed(&hierarchy, &a).await.unwrap();
    assert_eq!(hierarchy.registry.read().unwrap().agents[&name("a")].certificates.len(), 1);
    // The agent never got it.
    let now_its = hierarchy.registry.read().unwrap().agents[&name("a")].certificates.clone();
    hierarchy
        .registry
        .update(|kept| {
            let member = kept.agents.get_mut(&name("a")).unwrap();
            member.certificates = [before, now_its].concat();
        })
        .await
        .unwrap();
    renewed(&hierarchy, &a).await.unwrap();
    let a = a.restart(None).await;
    assert_eq!(hierarchy.ask("a", &a.url).await, Ok(name("a")));
    assert!(hierarchy.registry.due(now()).unwrap().is_empty());
}

#[tokio::test]
async fn nobody_talks_to_an_agent_that_was_revoked() {
    let hierarchy = Hierarchy::new();
    let a = hierarchy.joined("a", "127.77.61.10").await;
    let b = hierarchy.joined("b", "127.77.61.11").await;
    let urls = [(name("a"), a.url.clone()), (name("b"), b.url.clone())].into();
    hierarchy.registry.note(&urls, &[name("a")].into(), now()).await.unwrap();
    for agent in [&a, &b] {
        agent.membership.take_roster(hierarchy.roster()).await.unwrap();
    }
    // A connection that is kept open.
    assert_eq!(a.asks(&b, "/answers").await, Ok(StatusCode::OK));
    let revoke = async || hierarchy.registry.revoke(&name("a"), now()).await.unwrap();
    assert_eq!(revoke().await, Revoked::Done);
    assert_eq!(revoke().await, Revoked::Before);
    let why = hierarchy.ask("a", &a.url).await.unwrap_err();
    assert!(why.contains("`a` was revoked at"), "{why}");
    b.membership.take_roster(hierarchy.roster()).await.unwrap();
    assert_eq!(a.asks(&b, "/answers").await, Ok(StatusCode::FORBIDDEN));
    // And one that is made anew.
    let a = a.restart(None).await;
    let why = a.asks(&b, "/answers").await.unwrap_err();
    assert!(why.contains("our key was revoked"), "{why}");
    // Whoever would ask it finds that out too.
    let b = b.restart(None).await;
    assert!(b.asks(&a, "/answers").await.is_err());
    // It joins anew, with another key.
    let a = a.restart(Some(hierarchy.token("a"))).await;
    hierarchy.invite("a", &a.url).await.unwrap();
    assert_eq!(hierarchy.ask("a", &a.url).await, Ok(name("a")));
    hierarchy.registry.note(&urls, &[name("a")].into(), now()).await.unwrap();
    let roster = hierarchy.roster();
    assert_eq!((roster.agents.len(), roster.refused.len()), (2, 1), "{roster:?}");
    for agent in [&a, &b] {
        agent.membership.take_roster(roster.clone()).await.unwrap();
    }
    assert_eq!(a.asks(&b, "/answers").await, Ok(StatusCode::OK));
}

#[tokio::test]
async fn a_token_is_revoked_too() {
    let hierarchy = Hierarchy::new();
    let token = hierarchy.token("a");
    assert_eq!(hierarchy.registry.revoke(&name("b"), now()).await.unwrap(), Revoked::Unknown);
    assert_eq!(hierarchy.registry.revoke(&name("a"), now()).await.unwrap(), Revoked::TokenOnly);
    let agent = TestAgent::start("a", "127.77.61.12", Some(token)).await;
    hierarchy.invite("a", &agent.url).await.unwrap();
    assert!(agent.membership.waits());
}

#[tokio::test]
async fn keys_that_have_ended_need_no_mention() {
    let hierarchy = Hierarchy::new();
    hierarchy
        .registry
        .update(|kept| {
            for (days, text) in [(-1, "old"), (1, "new")] {
                let until = now() + DAY * days;
                let key = crate::model::Digest::of(text.as_bytes());
                let issued =
                    serde_json::json!({"key": key, "from": Timestamp::MIN, "until": until});
                kept.refuse(&name("a"), &[serde_json::from_value(issued).unwrap()], now());
            }
        })
        .await
        .unwrap();
    hierarchy.registry.note(&[].into(), &[].into(), now()).await.unwrap();
    assert_eq!(hierarchy.roster().refused.len(), 1);
}

#[tokio::test]
async fn each_agent_has_a_data_directory_of_its_own() {
    let hierarchy = Hierarchy::new();
    let a = hierarchy.joined("a", "127.77.61.13").await;
    let why = open(a.directory.path(), "b", None).unwrap_err();
    assert!(why.contains("is that of the agent of `a`, not of `b`"), "{why}");
}

#[tokio::test]
async fn the_token_of_this_computer_is_not_sent_to_another_one() {
    let hierarchy = Hierarchy::new();
    for url in ["http://10.0.0.5:8550", "http://branch.example:8550"] {
        let why = hierarchy.http.agent(url).identity().await.unwrap_err().to_string();
        assert!(why.contains("is not asked over TLS"), "{why}");
    }
    let why = hierarchy.http.agent("https://10.0.0.5:8550").identity().await.unwrap_err();
    assert!(why.to_string().contains("no agent of this hierarchy is known"), "{why}");
}

/// Roles of agents are trusted by all who trust the hierarchy, and are no agents.
#[tokio::test]
async fn roles_are_given_certificates_by_the_authority_of_the_hierarchy() {
    let hierarchy = Hierarchy::new();
    let a = hierarchy.joined("a", "127.77.61.14").await;
    let theirs = Certificates::open(a.directory.path(), None, now()).unwrap();
    let source = CertificateSource::Issued(vec!["a.example".to_owned(), "127.77.61.14".to_owned()]);
    let shown = theirs.present(source.clone()).await.unwrap();
    let tls = ServerTls::new(&theirs, shown, ClientCertificates::Ignore).unwrap();
    let names = || tls.describe().unwrap().names;
    assert_eq!(names(), ["a.example", "127.77.61.14"], "of its own authority");
    let agent = hierarchy.http.agent_of(&name("a"), &a.url);
    let host: Address = "a.example".parse().unwrap();
    let grant = |now| hierarchy.registry.grant(&a.name, &agent, &host, now);
    // Two months ago.
    grant(now() - DAY * 61).await.unwrap();
    tls.look_again().await.unwrap();
    assert_eq!(names(), ["a.example"]);
    let file = a.directory.path().join("certificates/roles.pem");
    let before = std::fs::read(&file).unwrap();
    let certificate = CertificateDer::from_pem_slice(&before).unwrap();
    let roots = super::super::verifying::roots(hierarchy.certificates.authority()).unwrap();
    super::super::verifying::verify_issued(&certificate, &roots, UnixTime::now()).unwrap();
    assert_eq!(Party::of(&certificate), None);
    // It is given another one in time, or for another address.
    let is_due = |host, at| {
        let due = hierarchy.registry.roles_due(&[(&a.name, host)].into(), at);
        due.unwrap().contains(&a.name)
    };
    assert!(is_due(&host, now()) && !is_due(&host, now() - DAY * 3));
    grant(now()).await.unwrap();
    assert!(!is_due(&host, now()) && is_due(&"b.example".parse().unwrap(), now()));
    assert_ne!(std::fs::read(&file).unwrap(), before);
    // What is for another address is not shown.
    let other: Address = "b.example".parse().unwrap();
    hierarchy.registry.grant(&a.name, &agent, &other, now()).await.unwrap();
    tls.look_again().await.unwrap();
    assert_eq!(names(), ["a.example", "127.77.61.14"]);
}
