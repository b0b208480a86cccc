//! Looks at real listeners: right ones, and wrong ones of every sort.

use axum::{Router, http::StatusCode};

use super::fixture::{GOOD, HOST, Host, Likeness, acceptor, authority, content, now, wsus};
use crate::model::{PortAnswer, RootAnswer, TlsFacts, Validity};

/// The five that shall demand a secured channel with SSL.
const FIVE: &[&str] = &[
    "ApiRemoting30",
    "ClientWebService",
    "DssAuthWebService",
    "ServerSyncWebService",
    "SimpleAuthWebService",
];

fn tls(answer: &PortAnswer) -> &TlsFacts {
    match answer {
        PortAnswer::Tls(facts) => facts,
        other => panic!("{other:?}"),
    }
}

/// What is wrong with a certificate on an update point that is right otherwise.
async fn with_certificate(
    host: &Host,
    acceptor: tokio_rustls::TlsAcceptor,
) -> super::fixture::Found {
    let http = host.plain(wsus(FIVE)).await;
    let https = host.tls(acceptor, wsus(&["none"])).await;
    host.update_point(true, http, https).await
}

#[tokio::test]
async fn a_point_without_ssl_that_is_as_it_shall_be_has_no_difference() {
    let host = Host::new("plain");
    let http = host.plain(wsus(&["none"])).await;
    let found = host.update_point(false, http, host.closed().await).await;
    assert_eq!(found.differences, [""; 0]);
    let facts = &found.facts;
    assert_eq!(facts.http.as_ref().map(|it| &it.answer), Some(&PortAnswer::Plain));
    assert_eq!(facts.https, None, "a port that nobody wants is not looked at");
    assert_eq!(facts.virtual_roots["ClientWebService"].plain, RootAnswer::Serves);
    assert_eq!(facts.virtual_roots["Content"].plain, RootAnswer::Forbidden);
    assert_eq!(facts.virtual_roots["SelfUpdate"].plain, RootAnswer::Absent);
    assert_eq!(facts.virtual_roots.len(), 9);
}

#[tokio::test]
async fn a_point_with_ssl_that_is_as_it_shall_be_has_no_difference() {
    let host = Host::new("secured");
    let http = host.plain(wsus(FIVE)).await;
    let https = host.tls(host.issued(GOOD), wsus(&["none"])).await;
    let found = host.update_point(true, http, https).await;
    assert_eq!((&found.differences[..], &found.warnings[..]), (&[][..], &[][..]));
    let facts = tls(&found.facts.https.as_ref().unwrap().answer);
    assert_eq!(facts.version.as_deref(), Some("TLS 1.3"));
    assert!(!facts.asks_for_client_certificate);
    let certificate = facts.certificate.as_ref().unwrap();
    assert_eq!(certificate.names, [HOST]);
    assert_eq!(certificate.issuer, "CN=Contoso Root");
    assert_eq!(certificate.not_after.to_string(), "2027-01-01T00:00:00Z");
    assert_eq!(certificate.validity, Validity::Valid);
    let root = &found.facts.virtual_roots["ApiRemoting30"];
    assert_eq!(root.plain, RootAnswer::DemandsSecuredChannel);
    assert_eq!(root.secured, Some(RootAnswer::Serves));
    // What does not change is found to be the same: no days, no times of looking.
    assert_eq!(host.update_point(true, http, https).await, found);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_certificate_is_told() {
    let host = Host::new("certificates");
    let wrong = |like| host.issued(like);
    let found = with_certificate(&host, wrong(Likeness { name: "other.example", ..GOOD })).await;
    assert_eq!(
        found.differences,
        [format!("listeners.https.certificate.names: other.example instead of {HOST}")]
    );
    let found = with_certificate(&host, wrong(Likeness { to: (2026, 5, 31), ..GOOD })).await;
    assert_eq!(
        found.differences,
        ["listeners.https.certificate.validity: ended at 2026-05-31T00:00:00Z instead of a \
          certificate that is valid now"]
    );
    let later = Likeness { from: (2026, 7, 1), ..GOOD };
    let found = with_certificate(&host, wrong(later)).await;
    assert_eq!(
        found.differences,
        ["listeners.https.certificate.validity: not valid yet instead of a certificate that is \
          valid now"]
    );
    let (unknown, _) = authority("Fabrikam Root");
    let found = with_certificate(&host, acceptor(&unknown, GOOD, rustls::ALL_VERSIONS, None)).await;
    assert_eq!(
        found.differences,
        [
            "listeners.https.certificate.chain: issued by `CN=Fabrikam Root`, which does not lead to \
          a trusted root instead of a chain to a trusted root"
        ]
    );
    // Everything at once: one reason does not hide another.
    let all = Likeness { name: "other.example", to: (2026, 5, 31), ..GOOD };
    let found = with_certificate(&host, acceptor(&unknown, all, rustls::ALL_VERSIONS, None)).await;
    assert_eq!(found.differences.len(), 3, "{:?}", found.differences);
}

#[tokio::test]
async fn a_certificate_that_ends_soon_is_a_warning_and_no_difference() {
    let host = Host::new("soon");
    let found = with_certificate(&host, host.issued(Likeness { to: (2026, 6, 30), ..GOOD })).await;
    assert_eq!(found.differences, [""; 0]);
    assert_eq!(found.warnings, ["its certificate ends at 2026-06-30T00:00:00Z: renew it"]);
    // The limit of 30 days belongs to those that are good.
    let found = with_certificate(&host, host.issued(Likeness { to: (2026, 7, 1), ..GOOD })).await;
    assert_eq!((found.differences, found.warnings), (vec![], vec![]));
    assert_eq!(now().to_string(), "2026-06-01T00:00:00Z");
}

#[tokio::test]
async fn a_self_made_certificate_needs_no_chain_where_it_is_declared() {
    let host = Host::new("self-signed");
    let (own, _) = authority("own");
    let https = host.tls(acceptor(&own, GOOD, rustls::ALL_VERSIONS, None), content()).await;
    assert_eq!(host.distribution_point(true, https).await.differences, [""; 0]);
    let found = host.distribution_point(false, https).await;
    assert_eq!(found.differences.len(), 1, "{:?}", found.differences);
    assert!(found.differences[0].starts_with("listeners.https.certificate.chain"));
}

#[tokio::test]
async fn a_certificate_that_is_a_trusted_root_itself_is_trusted() {
    let mut host = Host::new("own root");
    let acceptor = host.self_made(true);
    let https = host.tls(acceptor, content()).await;
    assert_eq!(host.distribution_point(false, https).await.differences, [""; 0]);
    // Where it is not trusted that is said in words.
    let acceptor = host.self_made(false);
    let https = host.tls(acceptor, content()).await;
    assert_eq!(
        host.distribution_point(false, https).await.differences,
        ["listeners.https.certificate.chain: issued by `CN=own`, it is the certificate of an \
          authority and no trusted root itself instead of a chain to a trusted root"]
    );
}

#[tokio::test]
async fn tls_where_plain_is_wanted_and_the_reverse_are_found() {
    let host = Host::new("crossed");
    let https = host.plain(wsus(&["none"])).await;
    let http = host.tls(host.issued(GOOD), wsus(&["none"])).await;
    let found = host.update_point(true, http, https).await;
    assert_eq!(
        found.differences,
        ["listeners.http: TLS instead of plain HTTP", "listeners.https: plain HTTP instead of TLS"]
    );
    assert!(found.facts.virtual_roots.is_empty(), "nobody is asked in the wrong way");
}

#[tokio::test]
async fn a_tls_port_that_answers_bad_request_in_the_clear_is_tls() {
    let host = Host::new("explaining");
    let http = host.tls_that_explains_itself(host.issued(GOOD)).await;
    let found = host.update_point(false, http, 1).await;
    assert_eq!(found.differences, ["listeners.http: TLS instead of plain HTTP"]);
    // A web site that finds any request bad is one all the same.
    let bad = Router::new().fallback(|| async { StatusCode::BAD_REQUEST });
    let http = host.plain(bad).await;
    let found = host.update_point(false, http, 1).await;
    assert_eq!(found.facts.http.unwrap().answer, PortAnswer::Plain);
}

#[tokio::test]
async fn versions_and_client_certificates_are_told() {
    let host = Host::new("versions");
    let https = host.tls(host.issued_for(&rustls::version::TLS12), content()).await;
    let found = host.distribution_point(false, https).await;
    assert_eq!(found.differences, [""; 0]);
    let facts = found.facts.https.unwrap().answer;
    assert_eq!(tls(&facts).version.as_deref(), Some("TLS 1.2"));
    // A native-mode site lets nobody in without a certificate: that is seen, and no difference.
    let https = host.tls(host.mutual(), wsus(&["none"])).await;
    let http = host.plain(wsus(FIVE)).await;
    let found = host.update_point(true, http, https).await;
    assert_eq!(found.differences, [""; 0]);
    let facts = found.facts.https.unwrap().answer;
    assert!(tls(&facts).asks_for_client_certificate);
    assert!(tls(&facts).certificate.is_some());
    // A server that knows older versions only refuses in TLS: `handshake_failure`.
    let https = host.says(&[21, 3, 1, 0, 2, 2, 40], false).await;
    let found = host.distribution_point(false, https).await;
    let [difference] = &found.differences[..] else { panic!("{found:?}") };
    let refuses = "listeners.https: TLS that fails: it refuses: no version or cipher in common";
    assert!(difference.starts_with(refuses), "{difference}");
    // And one that says that the version is why: `protocol_version`.
    let https = host.says(&[21, 3, 1, 0, 2, 2, 70], false).await;
    let found = host.distribution_point(false, https).await;
    assert_eq!(
        found.differences,
        [
            "listeners.https: TLS that fails: it offers only versions below TLS 1.2 instead of TLS 1.2 \
          or 1.3"
        ]
    );
}

#[tokio::test]
async fn closed_silent_and_babbling_ports_are_told_apart() {
    let host = Host::new("strange");
    let (closed, silent, babbling, curt, endless) = (
        host.closed().await,
        host.says(b"", false).await,
        host.says(b"SSH-2.0-OpenSSH_9.2\r\n", false).await,
        host.says(b"", true).await,
        host.says(ENDLESS.as_bytes(), false).await,
    );
    let first = |ssl, http, https| {
        let host = &host;
        async move { host.update_point(ssl, http, https).await.differences }
    };
    let (refused, silent, babbling, curt, endless) = futures::join!(
        first(true, closed, closed),
        first(true, silent, silent),
        first(true, babbling, babbling),
        first(true, curt, curt),
        first(false, endless, endless),
    );
    let both = |http: &str, https: &str| {
        [format!("listeners.http: {http}"), format!("listeners.https: {https}")]
    };
    let why = "closed: connection refused instead of open";
    assert_eq!(refused, both(why, why));
    let why = "open, but what listens says nothing instead of";
    let says_nothing = both(&format!("{why} plain HTTP"), &format!("{why} TLS"));
    assert_eq!(silent, says_nothing);
    assert_eq!(curt, says_nothing, "hanging up says nothing either");
    let why = "open, but what listens speaks neither HTTP nor TLS instead of";
    assert_eq!(babbling, both(&format!("{why} plain HTTP"), &format!("{why} TLS")));
    assert_eq!(endless, [format!("listeners.http: {why} plain HTTP")]);
}

/// A head that never ends: only so much of it is read.
static ENDLESS: std::sync::LazyLock<String> =
    std::sync::LazyLock::new(|| format!("HTTP/1.1 200 OK\r\n{}", "X-A: b\r\n".repeat(100_000)));

#[tokio::test]
async fn each_root_that_does_not_demand_a_secured_channel_is_told() {
    let host = Host::new("roots");
    let http = host.plain(wsus(&["ApiRemoting30", "DssAuthWebService", "SelfUpdate"])).await;
    let https = host.tls(host.issued(GOOD), wsus(&["none"])).await;
    let found = host.update_point(true, http, https).await;
    let unguarded = |root| {
        format!(
            "virtualRoots.{root}: served without a secured channel instead of secured \
             channel required"
        )
    };
    assert_eq!(
        found.differences,
        [
            unguarded("ClientWebService"),
            unguarded("ServerSyncWebService"),
            unguarded("SimpleAuthWebService"),
            "virtualRoots.SelfUpdate: secured channel required instead of served over HTTP".into(),
        ]
    );
}

#[tokio::test]
async fn a_root_that_demands_a_secured_channel_without_ssl_is_told() {
    let host = Host::new("demanding");
    let http = host.plain(wsus(&["ClientWebService"])).await;
    let found = host.update_point(false, http, 1).await;
    assert_eq!(
        found.differences,
        ["virtualRoots.ClientWebService: secured channel required instead of served over HTTP"]
    );
    // Leading to another place is demanding too.
    let http = host.plain(wsus(&[])).await;
    let found = host.update_point(false, http, 1).await;
    assert_eq!(
        found.differences,
        ["virtualRoots.ReportingWebService: secured channel required instead of served over HTTP"]
    );
}

#[tokio::test]
async fn a_web_site_that_is_no_update_point_is_told() {
    let host = Host::new("stranger");
    let stranger = Router::new().fallback(|| async { (StatusCode::NOT_FOUND, "nothing here") });
    let http = host.plain(stranger).await;
    let found = host.update_point(false, http, 1).await;
    let [difference] = &found.differences[..] else { panic!("{found:?}") };
    assert!(
        difference.starts_with("service: something that is no update point answers (HTTP 404): "),
        "{difference}"
    );
}

#[tokio::test]
async fn a_web_site_that_is_not_this_distribution_point_is_told() {
    let host = Host::new("content-stranger");
    let point = host.plain(content()).await;
    assert_eq!(host.plain_distribution_point(point).await.differences, [""; 0]);
    let works = || Router::new().fallback(|| async { "<h1>It works!</h1>" });
    let stranger = "service: something that is no distribution point answers (HTTP 200): it does \
                    not say that it is a distribution point instead of this distribution point";
    let http = host.plain(works()).await;
    assert_eq!(host.plain_distribution_point(http).await.differences, [stranger]);
    let https = host.tls(host.issued(GOOD), works()).await;
    assert_eq!(host.distribution_point(false, https).await.differences, [stranger]);
    let other = Router::new().fallback(|| async { r#"{"distributionPoint":"branch"}"# });
    let http = host.plain(other).await;
    assert_eq!(
        host.plain_distribution_point(http).await.differences,
        ["service: the distribution point `branch` answers instead of this distribution point"]
    );
}

#[tokio::test]
async fn a_name_without_address_is_told() {
    let host = Host::new("nameless");
    host.addresses.forget(HOST);
    let found = host.update_point(false, 1, 1).await;
    let [difference] = &found.differences[..] else { panic!("{found:?}") };
    assert!(difference.starts_with("listeners.http: closed: "), "{difference}");
}
