//! The authority, certificates on disk, and how they are exchanged.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, sync::Arc};

use jiff::SignedDuration;
use tempfile::TempDir;

use super::{CertificateSource, Certificates, CertificatesError, ServerTls, server::LOOK};
use crate::{clock::now, model::ClientCertificates};

fn open(data: &Path) -> Certificates {
    Certificates::open(data, None, now()).unwrap()
}

fn secret() -> CertificateSource {
    CertificateSource::Secret("web".parse().unwrap())
}

/// Writes a secret with a certificate of its own for `name`.
fn write_secret(data: &TempDir, name: &str) -> rcgen::CertifiedKey<rcgen::KeyPair> {
    let directory = data.path().join("secrets/web");
    fs::create_dir_all(&directory).unwrap();
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    fs::write(directory.join("tls.key"), made.signing_key.serialize_pem()).unwrap();
    fs::write(directory.join("tls.crt"), made.cert.pem()).unwrap();
    made
}

#[test]
fn an_authority_is_made_once_and_its_key_is_for_its_owner_alone() {
    let data = tempfile::tempdir().unwrap();
    open(data.path());
    let file = |name: &str| data.path().join("certificates").join(name);
    let before = fs::read_to_string(file("authority.pem")).unwrap();
    open(data.path());
    assert_eq!(fs::read_to_string(file("authority.pem")).unwrap(), before);
    let mode = fs::metadata(file("authority.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let shown = fs::read_to_string(file("authority.crt")).unwrap();
    assert!(before.contains("PRIVATE KEY") && !shown.contains("PRIVATE KEY"), "{shown}");
    assert!(before.ends_with(&shown) && shown.starts_with("-----BEGIN CERTIFICATE-----"));
    fs::remove_file(file("authority.crt")).unwrap();
    open(data.path());
    assert_eq!(fs::read_to_string(file("authority.crt")).unwrap(), shown);
}

#[test]
fn what_is_no_authority_is_refused_and_stays() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("certificates/authority.pem");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    for damaged in ["", "something else", key.as_str()] {
        fs::write(&file, damaged).unwrap();
        let error = Certificates::open(data.path(), None, now()).unwrap_err();
        assert!(matches!(error, CertificatesError::NotAnAuthority(_)), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), damaged);
        assert!(!error.to_string().contains("PRIVATE"), "{error}");
    }
}

#[test]
fn further_roots_are_trusted_and_a_file_without_any_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    open(other.path());
    let authority = other.path().join("certificates/authority.crt");
    let trusted = |certificates: &Certificates| certificates.trust().anchors().store.len();
    let alone = trusted(&open(data.path()));
    let more = Certificates::open(data.path(), Some(&authority), now()).unwrap();
    assert_eq!(trusted(&more), alone + 1);
    let kept = data.path().join("certificates/trusted.pem");
    fs::copy(&authority, &kept).unwrap();
    assert_eq!(trusted(&open(data.path())), alone + 1);
    fs::write(&kept, "none").unwrap();
    let error = Certificates::open(data.path(), None, now()).unwrap_err();
    assert!(error.to_string().contains("trusted.pem holds no certificate"), "{error}");
}

#[test]
fn an_issued_certificate_is_renewed_long_before_it_ends() {
    let data = tempfile::tempdir().unwrap();
    let certificates = open(data.path());
    let source = CertificateSource::Issued(vec!["a.example".to_owned(), "127.0.0.9".to_owned()]);
    let loaded = certificates.load(&source, now()).unwrap();
    let days = |number: i64| now() + SignedDuration::from_hours(24 * number);
    assert!(!certificates.changed(&source, &loaded.stamp, days(300)));
    assert!(certificates.changed(&source, &loaded.stamp, days(308)));
    let (_, certificate) = x509_parser::parse_x509_certificate(&loaded.key.cert[0]).unwrap();
    let ends = certificate.validity().not_after.timestamp();
    assert!(ends > days(395).as_second() && ends <= days(398).as_second());
    // What cannot be a name is an error, and no certificate for something else.
    let source = CertificateSource::Issued(vec!["hållö".to_owned()]);
    let error = certificates.load(&source, now()).err().unwrap();
    assert!(error.to_string().contains("`hållö`"), "{error}");
}

#[tokio::test]
async fn secrets_that_are_of_no_use_say_why_and_never_tell_a_key() {
    let data = tempfile::tempdir().unwrap();
    let certificates = open(data.path());
    let why = || async { certificates.present(secret()).await.unwrap_err().to_string() };
    let missing = why().await;
    assert!(missing.contains("secret `web` is not there") && missing.contains("web/tls.key"));
    let made = write_secret(&data, "a.example");
    let directory = data.path().join("secrets/web");
    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    for (file, text, expected) in [
        ("tls.key", other.as_str(), "it is not the key of the certificate"),
        ("tls.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n", "no private key as PEM"),
        ("tls.crt", other.as_str(), "it holds no certificate as PEM"),
        ("tls.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "malformed"),
    ] {
        let before = fs::read(directory.join(file)).unwrap();
        fs::write(directory.join(file), text).unwrap();
        let why = why().await;
        assert!(why.contains(expected) && why.contains(file), "{why}");
        for line in text.lines().chain(made.signing_key.serialize_pem().lines()).skip(1) {
            assert!(line.starts_with("-----") || !why.contains(line), "{why}");
        }
        fs::write(directory.join(file), before).unwrap();
    }
    let presented = certificates.present(secret()).await.unwrap();
    let debug = format!("{presented:?} {certificates:?}");
    assert!(!debug.contains("PRIVATE") && !debug.contains("serialized"), "{debug}");
}

#[tokio::test(start_paused = true)]
async fn another_certificate_in_the_files_is_shown_within_seconds() {
    let data = tempfile::tempdir().unwrap();
    let certificates = open(data.path());
    let first = write_secret(&data, "first.example");
    let presented = certificates.present(secret()).await.unwrap();
    let tls = ServerTls::new(&certificates, presented, ClientCertificates::Ignore).unwrap();
    assert_eq!(tls.certificate().cert[0], *first.cert.der());
    tokio::time::sleep(2 * LOOK).await;
    let same = tls.certificate();
    assert!(Arc::ptr_eq(&same, &tls.certificate()), "nothing has changed");
    // Half of a new one: the one before is shown until the rest is there.
    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    fs::write(data.path().join("secrets/web/tls.key"), other).unwrap();
    tokio::time::sleep(2 * LOOK).await;
    assert_eq!(tls.certificate().cert[0], *first.cert.der());
    assert!(tls.look_again().await.is_err());
    let second = write_secret(&data, "second.example");
    tokio::time::sleep(2 * LOOK).await;
    assert_eq!(tls.certificate().cert[0], *second.cert.der());
    fs::remove_dir_all(data.path().join("secrets")).unwrap();
    tokio::time::sleep(2 * LOOK).await;
    assert_eq!(tls.certificate().cert[0], *second.cert.der());
}
