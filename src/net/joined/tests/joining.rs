//! Who joins, who does not, and what is left when something breaks off.

use std::sync::Arc;

use rcgen::{KeyPair, PublicKeyData};
use rustls::{SignatureScheme, client::ResolvesClientCert, sign::CertifiedKey};
use tokio::net::TcpListener;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{
    super::{
        conversation::{JOINING, agent_proof, encode, exported, offer, receive, send},
        names::host_of,
        sessions,
        verifying::{LetIn, WhoeverAnswers},
    },
    world::{HOUR, Hierarchy, TestAgent, name, open},
};
use crate::{
    clock::now,
    net::{
        JoinToken,
        tls::{ClientIdentity, KnownAs},
    },
    wire::joining::{Answer, Introduction},
};

#[tokio::test]
async fn an_agent_joins_once_and_is_known_again() {
    let hierarchy = Hierarchy::new();
    let token = hierarchy.token("a");
    let agent = TestAgent::start("a", "127.77.60.1", Some(token.clone())).await;
    let before = hierarchy.ask("a", &agent.url).await.unwrap_err();
    assert!(before.contains("has not joined"), "{before}");
    hierarchy.invite("a", &agent.url).await.unwrap();
    assert_eq!(hierarchy.ask("a", &agent.url).await, Ok(name("a")));
    let listed = hierarchy.registry.agents().unwrap();
    assert_eq!(listed.len(), 1);
    assert!(listed[0].joined.is_some() && listed[0].token_ends.is_none(), "{listed:?}");
    // Looking again changes nothing, and neither does a start with the token that was used.
    hierarchy.invite("a", &agent.url).await.unwrap();
    let agent = agent.restart(Some(token)).await;
    assert!(!agent.membership.waits());
    assert_eq!(hierarchy.ask("a", &agent.url).await, Ok(name("a")));
    let agent = agent.restart(None).await;
    assert_eq!(hierarchy.ask("a", &agent.url).await, Ok(name("a")));
    // Roles trust the authority of the hierarchy from then on.
    let shown = agent.directory.path().join("certificates/hierarchy.crt");
    let theirs = hierarchy.directory.path().join("certificates/authority.crt");
    let [shown, theirs] = [shown, theirs].map(|file| std::fs::read(file).unwrap());
    let certificate = |pem: &[u8]| {
        use rustls::pki_types::{CertificateDer, pem::PemObject};
        CertificateDer::from_pem_slice(pem).unwrap()
    };
    assert_eq!(certificate(&shown), certificate(&theirs));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_was_closed_is_opened_again_at_once() {
    let token = Hierarchy::new().token("a");
    let mut agent = TestAgent::start("a", "127.77.60.13", Some(token.clone())).await;
    for _ in 0..100 {
        agent = agent.restart(Some(token.clone())).await;
    }
}

#[tokio::test]
async fn secrets_are_for_their_owner_alone_and_never_shown() {
    use std::os::unix::fs::PermissionsExt;
    let hierarchy = Hierarchy::new();
    let agent = hierarchy.joined("a", "127.77.60.2").await;
    let token = hierarchy.token("b");
    let files = [
        hierarchy.directory.path().join("agents.json"),
        agent.directory.path().join("joined/identity.json"),
    ];
    for file in &files {
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    let kept = std::fs::read_to_string(&files[0]).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    let secret = kept["tokens"]["b"]["secret"].as_str().unwrap();
    let shown = format!("{token:?} {:?} {:?}", hierarchy.registry, agent.membership);
    assert!(!shown.contains(secret) && !shown.contains("PRIVATE"), "{shown}");
    // Files that are damaged do not tell either.
    std::fs::write(&files[0], format!("{{\"tokens\": \"{secret}\"}}")).unwrap();
    let error = hierarchy.registry.agents().unwrap_err().to_string();
    assert!(error.contains("agents.json") && !error.contains(secret), "{error}");
    std::fs::write(&files[1], "{\"key\": \"PRIVATE\"}").unwrap();
    let error = open(agent.directory.path(), "a", None).unwrap_err();
    assert!(error.contains("identity.json") && !error.contains("PRIVATE"), "{error}");
}

#[tokio::test]
async fn a_token_of_another_agent_proves_nothing() {
    let hierarchy = Hierarchy::new();
    let (_, for_b) = (hierarchy.token("a"), hierarchy.token("b"));
    let stranger = TestAgent::start("b", "127.77.60.3", Some(for_b)).await;
    let why = hierarchy.invite("a", &stranger.url).await.unwrap_err();
    assert!(why.contains("has not proven that it has the token"), "{why}");
    assert!(stranger.membership.waits());
    // It goes on waiting for the one that it has the token of.
    hierarchy.invite("b", &stranger.url).await.unwrap();
    let why = open(tempfile::tempdir().unwrap().path(), "a", Some(hierarchy.token("b")));
    assert!(why.unwrap_err().contains("the token is for `b`, not for `a`"));
}

#[tokio::test]
async fn a_token_that_another_one_replaced_proves_nothing() {
    let hierarchy = Hierarchy::new();
    let first = hierarchy.token("a");
    let agent = TestAgent::start("a", "127.77.60.4", Some(first)).await;
    let second = hierarchy.token("a");
    let why = hierarchy.invite("a", &agent.url).await.unwrap_err();
    assert!(why.contains("has not proven that it has the token"), "{why}");
    let agent = agent.restart(Some(second)).await;
    hierarchy.invite("a", &agent.url).await.unwrap();
}

#[tokio::test]
async fn a_token_that_was_used_lets_nobody_else_in() {
    let hierarchy = Hierarchy::new();
    let token = hierarchy.token("a");
    let agent = TestAgent::start("a", "127.77.60.5", Some(token.clone())).await;
    hierarchy.invite("a", &agent.url).await.unwrap();
    let thief = TestAgent::start("a", "127.77.60.6", Some(token)).await;
    hierarchy.invite("a", &thief.url).await.unwrap();
    assert!(thief.membership.waits(), "there is no token any more by which it could join");
    let why = hierarchy.ask("a", &thief.url).await.unwrap_err();
    assert!(why.contains("it waits to be let into a hierarchy"), "{why}");
    assert_eq!(hierarchy.ask("a", &agent.url).await, Ok(name("a")));
}

#[tokio::test]
async fn a_token_ends() {
    let hierarchy = Hierarchy::new();
    let early = now() - HOUR - HOUR;
    let token = hierarchy.token_made_at("a", early);
    let why = hierarchy.invite("a", "https://127.77.60.7:1").await.unwrap_err();
    assert!(why.contains("its token has ended at"), "{why}");
    let why = open(tempfile::tempdir().unwrap().path(), "a", Some(token)).unwrap_err();
    assert!(why.contains("the token has ended at"), "{why}");
}

/// What is proven in one session is worth nothing in another: not to who repeats it, and not to who
/// stands between the two.
#[tokio::test]
async fn who_repeats_what_an_agent_said_does_not_join() {
    let hierarchy = Hierarchy::new();
    let token = hierarchy.token("a");
    let listener = TcpListener::bind("127.77.60.8:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let heard = tokio::spawn(async move {
        let key = KeyPair::generate().unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = impostor(&key, &token).accept(stream).await.unwrap();
        // As the agent itself has said it in a session of its own.
        let other = [9; 32];
        let name = name("a");
        let proof = encode(&agent_proof(&token.secret, &other, &name, key.der_bytes()));
        let mine = exported(stream.get_ref().1).unwrap();
        let offer = offer(&key, &mine, &name).unwrap();
        send(&mut stream, &Introduction { name, offer, proof }).await.unwrap();
        receive::<Answer>(&mut stream).await.unwrap()
    });
    let why = hierarchy.invite("a", &url).await.unwrap_err();
    assert!(why.contains("has not proven that it has the token"), "{why}");
    let Answer::Refused(told) = heard.await.unwrap() else { panic!("it is not let in") };
    // The same as for every other reason.
    assert!(told.contains("has not proven that it has the token"), "{told}");
    assert!(hierarchy.registry.agents().unwrap()[0].joined.is_none());
}

/// Somebody who answers at the address of an agent, with a certificate that he made himself.
fn impostor(key: &KeyPair, token: &JoinToken) -> TlsAcceptor {
    let params = rcgen::CertificateParams::new([host_of(&token.name)]).unwrap();
    let chain = vec![params.self_signed(key).unwrap().der().clone()];
    let private = rustls::pki_types::PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let shown = CertifiedKey::from_der(chain, private, &provider).unwrap();
    let let_in = LetIn::Controller { authority: token.authority };
    TlsAcceptor::from(Arc::new(sessions::asked(let_in, shown, JOINING).unwrap()))
}

#[tokio::test]
async fn an_agent_believes_only_a_controller_of_the_hierarchy_of_its_token() {
    let (hierarchy, other) = (Hierarchy::new(), Hierarchy::new());
    let agent = TestAgent::start("a", "127.77.60.9", Some(hierarchy.token("a"))).await;
    other.token("a");
    let why = other.invite("a", &agent.url).await.unwrap_err();
    assert!(why.contains("it belongs to another hierarchy, or waits for one"), "{why}");
    // Of the right authority, but for a pull distribution point; and none at all.
    let address = agent.url.strip_prefix("https://").unwrap();
    let hosts = KnownAs::Hosts(vec!["headwater.example".to_owned(), "127.77.60.9".to_owned()]);
    let point: Arc<dyn ResolvesClientCert> =
        Arc::new(ClientIdentity::new(&hierarchy.certificates, hosts));
    for shown in [point, Arc::new(Nobody)] {
        let config = sessions::asking(Arc::new(WhoeverAnswers), shown, &[JOINING]).unwrap();
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let host = host_of(&name("a")).try_into().unwrap();
        let connected = TlsConnector::from(Arc::new(config)).connect(host, stream).await;
        // With TLS 1.3 a client hears of it only when it reads.
        let heard = match connected {
            Ok(mut stream) => receive::<Introduction>(&mut stream).await.map(drop),
            Err(error) => Err(error),
        };
        assert!(heard.is_err(), "nothing is told to them");
    }
    assert!(agent.membership.waits());
    hierarchy.invite("a", &agent.url).await.unwrap();
}

/// Shows no certificate.
#[derive(Debug)]
struct Nobody;

impl ResolvesClientCert for Nobody {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn an_agent_that_was_cut_off_before_it_kept_anything_joins_again() {
    let hierarchy = Hierarchy::new();
    let token = hierarchy.token("a");
    // An agent that has all it needs, and breaks off before it keeps it.
    let listener = TcpListener::bind("127.77.60.10:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (url, cut_off) = (format!("https://{address}"), token.clone());
    let breaking = tokio::spawn(async move {
        let key = KeyPair::generate().unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let mut stream = impostor(&key, &cut_off).accept(stream).await.unwrap();
        let session = exported(stream.get_ref().1).unwrap();
        let name = name("a");
        let proof = encode(&agent_proof(&cut_off.secret, &session, &name, key.der_bytes()));
        let offer = offer(&key, &session, &name).unwrap();
        send(&mut stream, &Introduction { name, offer, proof }).await.unwrap();
        let Answer::Joined { .. } = receive(&mut stream).await.unwrap() else {
            panic!("it has proven all it must")
        };
    });
    assert!(hierarchy.invite("a", &url).await.is_err());
    breaking.await.unwrap();
    assert!(hierarchy.registry.agents().unwrap()[0].joined.is_none());
    let agent = TestAgent::start("a", "127.77.60.10", Some(token)).await;
    hierarchy.invite("a", &agent.url).await.unwrap();
    assert_eq!(hierarchy.ask("a", &agent.url).await, Ok(name("a")));
    // The key that was certified before counts no more, whoever has it.
    assert_eq!(hierarchy.roster().refused.len(), 1);
}

#[tokio::test]
async fn an_agent_that_joined_while_its_controller_was_cut_off_has_joined() {
    let hierarchy = Hierarchy::new();
    let token = hierarchy.token("a");
    let agent = TestAgent::start("a", "127.77.60.11", Some(token.clone())).await;
    hierarchy.invite("a", &agent.url).await.unwrap();
    // As it was before the controller heard of it.
    let secret = token.secret.to_hex();
    hierarchy
        .registry
        .update(|kept| {
            let issued = kept.agents.remove(&name("a")).unwrap().certificates.remove(0);
            let ends = (now() - HOUR).to_string();
            let token = serde_json::json!({"secret": secret, "ends": ends, "issued": issued});
            kept.tokens.insert(name("a"), serde_json::from_value(token).unwrap());
        })
        .await
        .unwrap();
    assert!(hierarchy.ask("a", &agent.url).await.is_err());
    // Also when the token has ended meanwhile: it was good when it was used.
    hierarchy.invite("a", &agent.url).await.unwrap();
    assert_eq!(hierarchy.ask("a", &agent.url).await, Ok(name("a")));
    assert_eq!(hierarchy.registry.agents().unwrap()[0].token_ends, None);
}

#[tokio::test]
async fn an_agent_of_another_hierarchy_does_not_join_by_chance() {
    let (hierarchy, other) = (Hierarchy::new(), Hierarchy::new());
    let agent = other.joined("a", "127.77.60.12").await;
    hierarchy.token("a");
    let why = hierarchy.invite("a", &agent.url).await.unwrap_err();
    assert!(why.contains("has joined already, and not with the token that waits"), "{why}");
    // With a token of this one it changes.
    let agent = agent.restart(Some(hierarchy.token("a"))).await;
    hierarchy.invite("a", &agent.url).await.unwrap();
    assert_eq!(hierarchy.ask("a", &agent.url).await, Ok(name("a")));
    let why = other.ask("a", &agent.url).await.unwrap_err();
    assert!(why.contains("not of the authority of this hierarchy"), "{why}");
}
