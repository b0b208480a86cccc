//! The certificate authority of a hierarchy: made on first use, kept in the data directory, known to
//! nobody outside of it until somebody trusts it.

use std::{fmt, net::IpAddr, path::Path};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, SigningKey,
    date_time_ymd,
};
use rustls::{
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, pem::PemObject},
    sign::CertifiedKey,
};

use super::CertificatesError;
use crate::{
    model::Digest,
    net::made_once::{Readers, make_once},
    store,
};

/// How long the authority is valid: who trusts it does so once. Twenty years are longer than any
/// site system lives.
const AUTHORITY: SignedDuration = SignedDuration::from_hours(20 * 365 * 24);

/// How long a certificate is valid: clients take none for longer than 398 days.
const ISSUED: SignedDuration = SignedDuration::from_hours(397 * 24);

/// What is left of a certificate when the next one is issued: well before anybody warns of its end.
pub(super) const RENEWED: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Valid from a day ago, for clocks that are behind.
const BEHIND: SignedDuration = SignedDuration::from_hours(24);

/// The file with key and certificate.
const FILE: &str = "authority.pem";

/// The longest file: key and certificate are about 1,200 bytes.
const LONGEST: u64 = 64 << 10;

/// The authority of a hierarchy. Never shows its key.
pub(super) struct Authority {
    key: KeyPair,
    certificate: CertificateDer<'static>,
}

/// A certificate that was issued, with its key, which is nowhere else.
pub(super) struct Issued {
    pub(super) key: CertifiedKey,
    /// When the next one has to be issued.
    pub(super) renew_at: Timestamp,
}

impl Authority {
    /// The authority of the directory, made there if there is none: `authority.pem` for its owner
    /// alone, and `authority.crt`, the certificate, for whoever shall trust it.
    pub(super) fn open(directory: &Path, now: Timestamp) -> Result<Self, CertificatesError> {
        let path = directory.join(FILE);
        let failed = || CertificatesError::NotAnAuthority(path.clone());
        std::fs::create_dir_all(directory)
            .map_err(CertificatesError::file("make the directory", directory))?;
        let make = || make(now).map_err(std::io::Error::other);
        let text = make_once(&path, LONGEST, Readers::Owner, make)
            .map_err(CertificatesError::file("keep the certificate authority in", &path))?;
        let Self { key, certificate } = Self::parse(&text).ok_or_else(failed)?;
        let shown = directory.join("authority.crt");
        let pem = pem(&text).ok_or_else(failed)?;
        let failed = CertificatesError::file("write the authority's certificate to", &shown);
        match make_once(&shown, LONGEST, Readers::Everybody, || Ok(pem.to_vec())) {
            Ok(text) if text == pem => {}
            // It is that of another authority, or nobody's.
            _ => store::replace(&shown, pem).map_err(failed)?,
        }
        Ok(Self { key, certificate })
    }

    /// Key and certificate, as the file has them.
    fn parse(text: &[u8]) -> Option<Self> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(text).ok()?;
        let key = KeyPair::try_from(&key).ok()?;
        Some(Self { key, certificate: CertificateDer::from_pem_slice(text).ok()? })
    }

    /// Makes this the authority of a directory that nobody has opened yet.
    pub(super) fn take_over(directory: &Path, text: &[u8]) -> Result<(), CertificatesError> {
        let path = directory.join(FILE);
        let is_short = u64::try_from(text.len()).is_ok_and(|it| it <= LONGEST);
        if !is_short || Self::parse(text).is_none() {
            return Err(CertificatesError::NotAnAuthority(path));
        }
        if Self::text(directory).is_ok_and(|there| there == text) {
            return Ok(());
        }
        std::fs::create_dir_all(directory)
            .map_err(CertificatesError::file("make the directory", directory))?;
        store::replace_private(&path, text)
            .map_err(CertificatesError::file("keep the certificate authority in", &path))
    }

    /// What [`Self::take_over`] takes.
    pub(super) fn text(directory: &Path) -> Result<Vec<u8>, CertificatesError> {
        let path = directory.join(FILE);
        let read = store::read_bounded(&path, LONGEST).transpose();
        let read = read.unwrap_or_else(|| Err(std::io::ErrorKind::NotFound.into()));
        read.map_err(CertificatesError::file("read the certificate authority in", &path))
    }

    /// Its certificate.
    pub(super) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// A signature over these bytes, which its certificate verifies. They must be nothing that could pass
    /// for a certificate: that would begin with a tag of DER, 0x30.
    pub(super) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>, CertificatesError> {
        let failed = |error: rcgen::Error| CertificatesError::NotSigned(error.to_string());
        self.key.sign(bytes).map_err(failed)
    }

    /// A certificate for who is reached by these names and addresses, to be shown by a server or by a
    /// client.
    pub(super) fn issue(
        &self,
        names: &[String],
        purpose: ExtendedKeyUsagePurpose,
        now: Timestamp,
    ) -> Result<Issued, CertificatesError> {
        let names: Vec<Subject<'_>> = names.iter().map(|name| Subject::Host(name)).collect();
        self.issue_with_key(&names, purpose, now)
    }

    /// A certificate for who is reached by these names and addresses, with its key, both as PEM: for a server
    /// that somebody else runs.
    pub(super) fn issue_text(
        &self,
        names: &[String],
        now: Timestamp,
    ) -> Result<(String, String), CertificatesError> {
        let names: Vec<Subject<'_>> = names.iter().map(|name| Subject::Host(name)).collect();
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
            .map_err(|error| not_issued(&names, &error))?;
        let purposes = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = self.signed(&key, &names, purposes, (now, ISSUED))?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// A certificate for a client that is known by its identifier. The authority's own comes with it, for
    /// whoever knows no more of that than its digest.
    pub(super) fn issue_to(
        &self,
        identifier: &str,
        now: Timestamp,
    ) -> Result<Issued, CertificatesError> {
        let purpose = ExtendedKeyUsagePurpose::ClientAuth;
        let mut issued = self.issue_with_key(&[Subject::Identifier(identifier)], purpose, now)?;
        issued.key.cert.push(self.certificate.clone());
        Ok(issued)
    }

    /// A certificate for a key that somebody else has, for servers and clients.
    pub(super) fn certify(
        &self,
        key: &impl PublicKeyData,
        subjects: &[Subject<'_>],
        for_how_long: SignedDuration,
        now: Timestamp,
    ) -> Result<CertificateDer<'static>, CertificatesError> {
        let purposes =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = self.signed(key, subjects, purposes, (now, for_how_long))?;
        Ok(certificate.der().clone())
    }

    fn issue_with_key(
        &self,
        subjects: &[Subject<'_>],
        purpose: ExtendedKeyUsagePurpose,
        now: Timestamp,
    ) -> Result<Issued, CertificatesError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
            .map_err(|error| not_issued(subjects, &error))?;
        let certificate = self.signed(&key, subjects, vec![purpose], (now, ISSUED))?;
        let private = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let chain = vec![certificate.der().clone()];
        let key = CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider())
            .map_err(|error| not_issued(subjects, &error))?;
        Ok(Issued { key, renew_at: now.saturating_add(ISSUED - RENEWED).unwrap_or(now) })
    }

    fn signed(
        &self,
        key: &impl PublicKeyData,
        subjects: &[Subject<'_>],
        purposes: Vec<ExtendedKeyUsagePurpose>,
        (now, for_how_long): (Timestamp, SignedDuration),
    ) -> Result<Certificate, CertificatesError> {
        let mut params = CertificateParams::default();
        for subject in subjects {
            let name = subject.alternative_name().map_err(|error| not_issued(subjects, &error))?;
            params.subject_alt_names.push(name);
        }
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = purposes;
        params.use_authority_key_identifier_extension = true;
        valid(&mut params, now, for_how_long);
        let authority = authority_params(&self.key);
        let issuer = Issuer::from_params(&authority, &self.key);
        params.signed_by(key, &issuer).map_err(|error| not_issued(subjects, &error))
    }
}

/// For whom a certificate is.
#[derive(Debug, Clone, Copy)]
pub(in crate::net) enum Subject<'a> {
    /// Who is reached by this name or address.
    Host(&'a str),
    /// Who is known by this identifier, a URI: it can never be that of a host.
    Identifier(&'a str),
}

impl Subject<'_> {
    fn alternative_name(self) -> Result<SanType, rcgen::Error> {
        match self {
            Self::Identifier(uri) => Ok(SanType::URI(uri.try_into()?)),
            Self::Host(name) => match name.parse::<IpAddr>() {
                Ok(ip) => Ok(SanType::IpAddress(ip)),
                Err(_) => Ok(SanType::DnsName(name.try_into()?)),
            },
        }
    }

    const fn words(&self) -> &str {
        match self {
            Self::Host(text) | Self::Identifier(text) => text,
        }
    }
}

fn not_issued(subjects: &[Subject<'_>], error: &dyn std::error::Error) -> CertificatesError {
    let names: Vec<&str> = subjects.iter().map(Subject::words).collect();
    CertificatesError::NotIssued { names: names.join("`, `"), why: error.to_string() }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority")
    }
}

/// A new authority as PEM: its key, then its certificate.
fn make(now: Timestamp) -> Result<Vec<u8>, rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = authority_params(&key);
    valid(&mut params, now, AUTHORITY);
    let certificate = params.self_signed(&key)?;
    Ok(format!("{}{}", key.serialize_pem(), certificate.pem()).into_bytes())
}

/// What an authority is called follows from its key, so that two never share a name.
fn authority_params(key: &KeyPair) -> CertificateParams {
    let digest = Digest::of(key.public_key_raw()).to_hex();
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    let name = format!("Headwater hierarchy {}", digest.get(..16).unwrap_or_default());
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// Certificates are valid by whole days.
fn valid(params: &mut CertificateParams, now: Timestamp, for_how_long: SignedDuration) {
    let day = |at: Timestamp| {
        let date = at.to_zoned(TimeZone::UTC).date();
        let [month, day] = [date.month(), date.day()].map(|it| u8::try_from(it).unwrap_or(1));
        date_time_ymd(i32::from(date.year()), month, day)
    };
    params.not_before = day(now.saturating_sub(BEHIND).unwrap_or(now));
    params.not_after = day(now.saturating_add(for_how_long).unwrap_or(now));
}

/// The certificate out of key and certificate.
fn pem(text: &[u8]) -> Option<&[u8]> {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    let at = text.windows(BEGIN.len()).position(|it| it == BEGIN)?;
    text.get(at..)
}
