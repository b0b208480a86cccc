use std::io::Cursor;

use uuid::Uuid;

use super::{
    contents::{Listed, Manifest, ManifestKind, to_json},
    *,
};
use crate::{
    model::{Digest, UpdateIdentity},
    wire::{sealed::SealedWriter, server_sync::LanguageData, update_content::HashingContent},
};

fn identity(number: u128) -> UpdateIdentity {
    UpdateIdentity { update_id: Uuid::from_u128(number), revision: 200 }
}

fn head(revisions: u64) -> UpdatesHead {
    UpdatesHead {
        update_point: "cen-active".parse().unwrap(),
        server_id: Uuid::from_u128(7),
        created: "2026-11-20T08:00:00Z".parse().unwrap(),
        program: "0.1.0".to_owned(),
        revisions,
    }
}

fn languages() -> Vec<LanguageData> {
    let (short_name, long_name) = ("pt-br".to_owned(), "Portuguese (Brazil)".to_owned());
    vec![LanguageData { id: 1046, short_name, long_name, enabled: true }]
}

fn address(number: usize) -> FileAddress {
    let (sha1, url) = (format!("{number:040x}"), format!("http://publisher.example/{number}"));
    FileAddress { sha1, url }
}

fn written(documents: &[String], addresses: usize) -> Vec<u8> {
    let mut file = Vec::new();
    let head = head(documents.len() as u64);
    let mut writer =
        UpdatesFileWriter::begin(&mut file, &head, &languages(), Carries::Catalog).unwrap();
    (0..addresses).for_each(|number| writer.address(address(number)).unwrap());
    for (number, document) in (1..).zip(documents) {
        writer.document(identity(number), document).unwrap();
    }
    writer.end().unwrap();
    file
}

/// Several records of documents, one of them of a single long one.
fn documents() -> Vec<String> {
    let mut documents: Vec<_> =
        (0..3_000).map(|it| format!("<Ü n=\"{it}\">🙂\r\n</Ü>").repeat(20)).collect();
    documents[1_500] = (0..400_000).map(|it: i32| it.to_string() + "\n").collect();
    documents
}

fn small() -> Vec<u8> {
    written(&["<one/>".to_owned(), "<two/>".to_owned()], 2)
}

/// Everything that an import does with a file.
fn taken(bytes: &[u8], key: Option<&PublicKey>) -> Result<Vec<String>, UpdatesFileError> {
    let mut reader = UpdatesFileReader::check(Cursor::new(bytes), key)?;
    reader.languages()?;
    reader.each_address(|_| Ok::<_, UpdatesFileError>(()))?;
    let mut texts = Vec::new();
    reader.each_document(|_, text| {
        texts.push(text.to_owned());
        Ok::<_, UpdatesFileError>(())
    })?;
    let contents = reader.contents()?;
    reader.each_content(&contents, |_, bytes| {
        let mut taken = Vec::new();
        std::io::Read::read_to_end(bytes, &mut taken).map_err(UpdatesFileError::Read)?;
        texts.push(String::from_utf8(taken).unwrap());
        Ok::<_, UpdatesFileError>(())
    })?;
    if let Some(approvals) = reader.approvals()? {
        texts.extend(approvals.groups.into_iter().map(|it| it.name));
        texts.extend(approvals.deployments.into_iter().map(|it| it.admin_name));
    }
    Ok(texts)
}

/// What `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` have written; the private key is
/// of these tests, and of nothing else.
const PRIVATE: &[u8] = b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIPpK+gl5k5ifRTDX0J9el7Da3qcML75VW2Tt7eoLSptZ\n-----END PRIVATE KEY-----\n";
const PUBLIC: &[u8] = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAS8q/2BJLKwSnlphbx31aHnh/lb4PG2eMCjGknH4syLY=\n-----END PUBLIC KEY-----\n";
const OTHER: &[u8] = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAr912OhzCKLasiXo/llUHZGyPdssRrBGv7K4Uf9sk+ko=\n-----END PUBLIC KEY-----\n";

fn signed(bytes: Vec<u8>) -> Vec<u8> {
    let mut file = Cursor::new(bytes);
    sign(&mut file, &SigningKey::from_pem(PRIVATE).unwrap()).unwrap();
    file.into_inner()
}

#[test]
fn what_was_written_is_read_and_the_same_is_the_same_bytes() {
    let documents = documents();
    let file = written(&documents, 2_500);
    assert_eq!(file, written(&documents, 2_500));
    let mut reader = UpdatesFileReader::check(Cursor::new(&file), None).unwrap();
    assert_eq!((reader.head(), reader.signed_by()), (&head(3_000), None));
    assert_eq!(reader.languages().unwrap(), languages());
    let mut addresses = Vec::new();
    reader
        .each_address(|it| {
            addresses.push(it);
            Ok::<_, UpdatesFileError>(())
        })
        .unwrap();
    assert!(addresses.into_iter().eq((0..2_500).map(address)));
    for _ in 0..2 {
        let mut number = 0;
        reader
            .each_document(|found, text| {
                assert!(text == documents[number]);
                number += 1;
                assert_eq!(found, identity(number as u128));
                Ok::<_, UpdatesFileError>(())
            })
            .unwrap();
        assert_eq!(number, 3_000);
    }
}

#[test]
fn cut_off_anywhere_or_with_any_byte_flipped_it_is_refused() {
    for whole in [small(), signed(small())] {
        assert_eq!(taken(&whole, None).unwrap().len(), 2);
        for length in 0..whole.len() {
            let told = taken(&whole[..length], None).unwrap_err();
            assert!(matches!(told, UpdatesFileError::Truncated), "{length} bytes: {told}");
        }
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x20;
            assert!(taken(&flipped, None).is_err(), "byte {at}");
        }
        assert!(taken(&[&whole[..], b" "].concat(), None).is_err());
    }
    let mut later = small();
    later[19] = 3;
    assert!(matches!(taken(&later, None), Err(UpdatesFileError::Version(3))));
    assert!(matches!(taken(b"MSCF, and no more of that", None), Err(UpdatesFileError::NotOne)));
}

#[test]
fn a_signature_is_verified_where_it_is_asked_for() {
    let public = PublicKey::from_pem(PUBLIC).unwrap();
    let other = PublicKey::from_pem(OTHER).unwrap();
    let (plain, signed) = (small(), signed(small()));
    assert_eq!(taken(&signed, Some(&public)).unwrap(), taken(&plain, None).unwrap());
    let reader = UpdatesFileReader::check(Cursor::new(&signed), None).unwrap();
    assert_eq!(reader.signed_by(), Some(public));
    assert!(matches!(taken(&plain, Some(&public)), Err(UpdatesFileError::Unsigned)));
    let told = taken(&signed, Some(&other)).unwrap_err();
    assert!(matches!(told, UpdatesFileError::OtherKey { said } if said == public));
    let again = sign(&mut Cursor::new(signed.clone()), &SigningKey::from_pem(PRIVATE).unwrap());
    assert!(matches!(again, Err(UpdatesFileError::Signed)));
    // Whoever changes it and seals it again is found out.
    let documents = [b"<one/>".as_slice(), b"<2/>"];
    let forged = resealed(&documents, Some(&signed[signed.len() - 41 - 96..signed.len() - 41]));
    assert_eq!(taken(&forged, None).unwrap().len(), 2);
    assert!(matches!(taken(&forged, Some(&public)), Err(UpdatesFileError::WrongSignature)));
}

/// A file whose manifest and end are right, whatever stands in its documents.
fn resealed(documents: &[&[u8]], signature: Option<&[u8]>) -> Vec<u8> {
    let records = documents.iter().map(|it| (b'D', packed(it)));
    let parts = [(b'H', to_json(&head(2)).unwrap()), (b'L', b"[]".to_vec())];
    sealed(&parts.into_iter().chain(records).collect::<Vec<_>>(), signature)
}

fn packed(text: &[u8]) -> Vec<u8> {
    let number = if text == b"<one/>" { 1 } else { 2 };
    let mut record = String::new();
    let text = std::str::from_utf8(text).unwrap();
    crate::wire::export_file::write_record(&mut record, identity(number), text).unwrap();
    frame(record.as_bytes())
}

fn frame(text: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(zstd_safe::compress_bound(text.len()));
    zstd_safe::compress(&mut packed, text, 1).unwrap();
    packed
}

/// A record: its letter and its bytes.
type Record = (u8, Vec<u8>);

fn sealed(records: &[Record], signature: Option<&[u8]>) -> Vec<u8> {
    let listed = records.iter().map(|(kind, bytes)| Listed {
        kind: char::from(*kind),
        bytes: bytes.len() as u64,
        digest: Digest::of(bytes),
    });
    let records_listed = listed.collect();
    let manifest =
        to_json(&Manifest { kind: ManifestKind::HeadwaterUpdates, records: records_listed })
            .unwrap();
    let mut file = Vec::new();
    let mut writer = SealedWriter::begin(&mut file, FORM).unwrap();
    let tail = [(b'M', manifest)].into_iter().chain(signature.map(|it| (b'S', it.to_vec())));
    for (kind, bytes) in records.iter().cloned().chain(tail) {
        writer.record(kind, bytes.len() as u64).unwrap();
        writer.bytes(&bytes).unwrap();
    }
    writer.end().unwrap();
    file
}

#[test]
fn whoever_seals_a_file_is_not_believed_either() {
    let head = (b'H', to_json(&head(2)).unwrap());
    let languages = (b'L', b"[]".to_vec());
    let (one, two) = ((b'D', packed(b"<one/>")), (b'D', packed(b"<two/>")));
    let good = [head.clone(), languages.clone(), one.clone(), two.clone()];
    assert_eq!(taken(&sealed(&good, None), None).unwrap().len(), 2);
    let bomb = frame(&vec![b' '; 64 << 20]);
    let refused: [(&str, Vec<Record>); 11] = [
        ("nothing", vec![]),
        ("no head", good[1..].to_vec()),
        ("two heads", [&good[..1], &good[..]].concat()),
        ("a document too few", good[..3].to_vec()),
        ("a document too many", [&good[..], &good[3..]].concat()),
        ("another kind", [&good[..], &[(b'X', Vec::new())]].concat()),
        ("another order", vec![head.clone(), one.clone(), two.clone(), languages.clone()]),
        ("no zstd", [&good[..3], &[(b'D', b"two".to_vec())]].concat()),
        ("two frames", [&good[..3], &[(b'D', [&two.1[..], &two.1].concat())]].concat()),
        ("what fills memory", [&good[..3], &[(b'D', bomb)]].concat()),
        ("no UTF-8", [&good[..3], &[(b'D', frame(b"\xFF\xFE"))]].concat()),
    ];
    for (what, records) in refused {
        let told = taken(&sealed(&records, None), None).unwrap_err();
        assert!(matches!(told, UpdatesFileError::Damaged(_)), "{what}: {told}");
    }
    let (file, other) = ((b'B', b"one".to_vec()), (b'B', b"two".to_vec()));
    let listed = |bytes: &[u8], more: &str| {
        let (sha1, sha256) = HashingContent::of(bytes);
        let text =
            format!("[{{\"name\":\"{sha1}.cab\",\"bytes\":3,\"sha256\":\"{sha256}\"}}{more}]");
        (b'C', text.into_bytes())
    };
    let with = |records: &[Record]| [&good[..], records].concat();
    let whole = taken(&sealed(&with(&[listed(b"one", ""), file.clone()]), None), None).unwrap();
    assert_eq!(whole[2], "one");
    let group = "{\"id\":\"00000000-0000-0000-0000-00000000000a\",\"name\":\"a\",\"builtIn\":false";
    let approvals = |text: String| with(&[listed(b"one", ""), file.clone(), (b'A', text.into())]);
    for (what, records) in [
        ("files that are not listed", with(&[(b'C', b"[]".to_vec()), file.clone()])),
        ("files that are not there", with(&[listed(b"one", "")])),
        ("another file", with(&[listed(b"one", ""), other])),
        ("a file without a list", with(std::slice::from_ref(&file))),
        ("no list", with(&[(b'C', b"[1]".to_vec())])),
        ("a path", with(&[(b'C', b"[{\"name\":\"../x\",\"bytes\":3}]".to_vec()), file.clone()])),
        ("files before their list", with(&[file.clone(), listed(b"one", "")])),
        ("approvals without groups", approvals(format!("{{\"declined\":[\"{}\"]}}", Uuid::nil()))),
        ("a group twice", approvals(format!("{{\"groups\":[{group}}},{group}}}]}}"))),
        (
            "a group below none",
            approvals(format!("{{\"groups\":[{group},\"parent\":\"{}\"}}]}}", Uuid::nil())),
        ),
        (
            "groups in a circle",
            approvals(format!(
                "{{\"groups\":[{group},\"parent\":\"00000000-0000-0000-0000-00000000000a\"}}]}}"
            )),
        ),
    ] {
        let told = taken(&sealed(&records, None), None).unwrap_err();
        assert!(matches!(told, UpdatesFileError::Damaged(_)), "{what}: {told}");
    }
    // Records in another order than the manifest says, and a length that is not true.
    let whole = sealed(&good, None);
    let mut long = whole;
    long[21..29].copy_from_slice(&u64::MAX.to_be_bytes());
    assert!(matches!(taken(&long, None), Err(UpdatesFileError::Truncated)));
}

#[test]
fn keys_are_what_openssl_writes_and_nothing_else() {
    let key = SigningKey::from_pem(PRIVATE).unwrap();
    assert_eq!(key.public(), PublicKey::from_pem(PUBLIC).unwrap());
    assert_eq!(key.public().to_string().parse(), Ok(key.public()));
    assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.public()));
    assert_eq!(SigningKey::from_pem(PUBLIC).unwrap_err(), KeyError::NotPrivate);
    assert_eq!(SigningKey::from_pem(b"").unwrap_err(), KeyError::NotPrivate);
    let encrypted =
        b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    assert_eq!(SigningKey::from_pem(encrypted).unwrap_err(), KeyError::Encrypted);
    assert_eq!(PublicKey::from_pem(PRIVATE).unwrap_err(), KeyError::PrivateForPublic);
    assert_eq!(PublicKey::from_pem(b"ssh-ed25519 AAAA").unwrap_err(), KeyError::NotPublic);
    let short = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n";
    assert_eq!(PublicKey::from_pem(short).unwrap_err(), KeyError::NotPublic);
}
