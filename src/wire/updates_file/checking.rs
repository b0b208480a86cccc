//! Reading a file: first all of it for its manifest and its signature, then record by record.

use std::io::{Read, Seek, SeekFrom, Write};

use super::{
    FORM, FileAddress, PublicKey, SigningKey, UpdatesFileError, UpdatesHead,
    contents::{Language, Listed, Manifest, ManifestKind, from_json},
    letter,
};
use crate::{
    model::{Digest, Hashing, UpdateIdentity},
    wire::{
        export_file::RecordReader,
        sealed::{END, SealedReader, SealedWriter},
        server_sync::LanguageData,
        update_content::{HashingContent, Sha1},
        update_document::MAX_DOCUMENT_BYTES,
    },
};

/// How much is read at once.
const BLOCK: u64 = 256 << 10;

/// Most records: with a mebibyte of documents in each, 256 GiB.
const MOST_RECORDS: usize = 1 << 18;

/// Longest manifest: that of so many records.
const LONGEST_MANIFEST: u64 = 64 << 20;

/// Longest record of JSON.
const LONGEST_JSON: u64 = 4 << 20;

/// Longest record of documents, unpacked: one document and its head.
const LONGEST_DOCUMENTS: u64 = MAX_DOCUMENT_BYTES as u64 + 1024;

/// So many bytes are unpacked whatever they were packed into.
const ALWAYS_BELIEVED: u64 = 4 << 20;

/// The order of records; what may be there more than once is together.
const ORDER: &[u8] = &[
    letter::HEAD,
    letter::LANGUAGES,
    letter::FILES,
    letter::DOCUMENTS,
    letter::CONTENT,
    letter::BYTES,
    letter::APPROVALS,
];

/// Those of which there may be any number.
const REPEATED: [u8; 3] = [letter::FILES, letter::DOCUMENTS, letter::BYTES];

/// A file whose bytes are those that were written, and signed, if that was asked for.
#[derive(Debug)]
pub struct UpdatesFileReader<R> {
    from: R,
    records: Vec<Place>,
    head: UpdatesHead,
    signed_by: Option<PublicKey>,
}

/// A record, and where its bytes begin.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) at: u64,
    pub(super) listed: Listed,
    /// Of the bytes of a file of an update.
    pub(super) sha1: Option<Sha1>,
}

/// What the first reading has found.
struct Found {
    records: Vec<Place>,
    manifest: Vec<u8>,
    signature: Option<(PublicKey, [u8; 64])>,
    /// Where the last record begins, and the hash of what is before it.
    end: (u64, Hashing),
}

impl<R: Read + Seek> UpdatesFileReader<R> {
    /// Checks a file. With a key it has to be signed with that one; without, the signature is not
    /// looked at.
    ///
    /// # Errors
    ///
    /// It is damaged, cut off, of a later version, or not signed as asked.
    pub fn check(mut from: R, key: Option<&PublicKey>) -> Result<Self, UpdatesFileError> {
        let found = find(&mut from)?;
        let signed_by = found.signature.as_ref().map(|(said, _)| *said);
        if let Some(key) = key {
            let (said, signature) = found.signature.ok_or(UpdatesFileError::Unsigned)?;
            if said != *key {
                return Err(UpdatesFileError::OtherKey { said });
            }
            if !key.verifies(&found.manifest, &signature) {
                return Err(UpdatesFileError::WrongSignature);
            }
        }
        compare(&found.records, &found.manifest)?;
        let mut places = found.records.iter();
        let head = places.next().filter(|it| it.is(letter::HEAD)).ok_or_else(no_head)?;
        let head: UpdatesHead = from_json("head", &read(&mut from, head, LONGEST_JSON)?)?;
        Ok(Self { from, records: found.records, head, signed_by })
    }

    /// Who wrote it, and how many revisions are in it.
    pub fn head(&self) -> &UpdatesHead {
        &self.head
    }

    /// The key that it says it was signed with; verified only where that was asked for.
    pub fn signed_by(&self) -> Option<PublicKey> {
        self.signed_by
    }

    /// The languages.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    pub fn languages(&mut self) -> Result<Vec<LanguageData>, UpdatesFileError> {
        let mut languages = Vec::new();
        self.each::<UpdatesFileError>(letter::LANGUAGES, |from, place| {
            let read: Vec<Language> = from_json("languages", &read(from, place, LONGEST_JSON)?)?;
            languages.extend(read.into_iter().map(LanguageData::from));
            Ok(())
        })?;
        Ok(languages)
    }

    /// Gives where publishers offer files to `each`.
    ///
    /// # Errors
    ///
    /// A record is not what it was, or makes no sense; or what `each` says.
    pub fn each_address<E: From<UpdatesFileError>>(
        &mut self,
        mut each: impl FnMut(FileAddress) -> Result<(), E>,
    ) -> Result<(), E> {
        self.each::<E>(letter::FILES, |from, place| {
            let bytes = read(from, place, LONGEST_JSON)?;
            let addresses: Vec<FileAddress> = from_json("addresses of files", &bytes)?;
            addresses.into_iter().try_for_each(&mut each)
        })
    }

    /// Gives every document to `each`, in its order; may be done again.
    ///
    /// # Errors
    ///
    /// A record is not what it was, or makes no sense; or what `each` says.
    pub fn each_document<E: From<UpdatesFileError>>(
        &mut self,
        mut each: impl FnMut(UpdateIdentity, &str) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut count = 0_u64;
        self.each::<E>(letter::DOCUMENTS, |from, place| {
            let text = unpack(&read(from, place, LONGEST_DOCUMENTS)?)?;
            let mut reader = RecordReader::new(text.as_bytes());
            while let Some((identity, document)) =
                reader.read_next().map_err(UpdatesFileError::from)?
            {
                count = count.saturating_add(1);
                each(identity, document)?;
            }
            Ok(())
        })?;
        if count == self.head.revisions {
            return Ok(());
        }
        let told = self.head.revisions;
        let what = format!("it says that {told} revisions are in it, and {count} are");
        Err(UpdatesFileError::Damaged(what).into())
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &Place> {
        self.records.iter()
    }

    pub(super) fn each<E: From<UpdatesFileError>>(
        &mut self,
        kind: u8,
        mut each: impl FnMut(&mut R, &Place) -> Result<(), E>,
    ) -> Result<(), E> {
        let Self { from, records, .. } = self;
        records.iter().filter(|it| it.is(kind)).try_for_each(|place| each(from, place))
    }
}

impl Place {
    pub(super) fn is(&self, kind: u8) -> bool {
        self.listed.kind == char::from(kind)
    }
}

/// Signs a file that is not signed yet, in place.
///
/// # Errors
///
/// It is damaged or signed already, or cannot be read or written.
pub fn sign<F: Read + Write + Seek>(
    file: &mut F,
    key: &SigningKey,
) -> Result<(), UpdatesFileError> {
    let found = find(file)?;
    // What is signed is what was read, not what somebody says that it is.
    compare(&found.records, &found.manifest)?;
    if found.signature.is_some() {
        return Err(UpdatesFileError::Signed);
    }
    let (at, hashing) = found.end;
    file.seek(SeekFrom::Start(at)).map_err(UpdatesFileError::Write)?;
    let signature = [&key.public().as_bytes()[..], &key.sign(&found.manifest)].concat();
    let mut writer = SealedWriter::resume(file, hashing);
    writer.record(letter::SIGNATURE, signature.len() as u64)?;
    writer.bytes(&signature)?;
    Ok(writer.end()?)
}

/// Goes through the whole file, and understands nothing of it but its records.
fn find<R: Read + Seek>(from: &mut R) -> Result<Found, UpdatesFileError> {
    from.rewind().map_err(UpdatesFileError::Read)?;
    let mut reader = SealedReader::begin(from, FORM)?;
    let damaged = |what: &str| UpdatesFileError::Damaged(what.to_owned());
    let (mut records, mut manifest, mut signature) = (Vec::new(), None, None);
    loop {
        let end = (reader.position(), reader.hashing().clone());
        let (kind, bytes) = reader.record()?;
        let at = reader.position();
        match (kind, &manifest) {
            (END, None) => return Err(damaged("it has no manifest")),
            (END, Some(_)) => {
                let manifest = manifest.unwrap_or_default();
                return Ok(Found { records, manifest, signature, end });
            }
            (letter::MANIFEST, None) => {
                manifest = Some(take(&mut reader, bytes, LONGEST_MANIFEST)?);
            }
            (letter::SIGNATURE, Some(_)) if signature.is_none() && bytes == 96 => {
                let (mut key, mut of_manifest) = ([0; 32], [0; 64]);
                reader.fill(&mut key)?;
                reader.fill(&mut of_manifest)?;
                signature = Some((PublicKey::from_bytes(key), of_manifest));
            }
            (_, Some(_)) => return Err(damaged("something follows after its manifest")),
            (_, None) if records.len() >= MOST_RECORDS => {
                return Err(damaged("it has too many records"));
            }
            (kind, None) => {
                let (digest, sha1) = hash(&mut reader, bytes, kind == letter::BYTES)?;
                let listed = Listed { kind: char::from(kind), bytes, digest };
                records.push(Place { at, listed, sha1 });
            }
        }
    }
}

/// Whether the manifest lists just these records, in an order that is one.
fn compare(records: &[Place], manifest: &[u8]) -> Result<(), UpdatesFileError> {
    let listed: Manifest = from_json("manifest", manifest)?;
    let Manifest { kind: ManifestKind::HeadwaterUpdates, records: listed } = listed;
    if !listed.iter().eq(records.iter().map(|it| &it.listed)) {
        let what = "its records are not those that its manifest lists";
        return Err(UpdatesFileError::Damaged(what.to_owned()));
    }
    let place = |it: &Place| ORDER.iter().position(|kind| it.is(*kind));
    let mut last = None;
    for record in records {
        let Some(place) = place(record) else {
            let what = format!("a record of kind {:?} is in it", record.listed.kind);
            return Err(UpdatesFileError::Damaged(what));
        };
        let may_repeat = REPEATED.iter().any(|kind| record.is(*kind));
        if last.is_some_and(|last| place < last || (place == last && !may_repeat)) {
            let what = "a record is not where it has to be".to_owned();
            return Err(UpdatesFileError::Damaged(what));
        }
        last = Some(place);
    }
    Ok(())
}

fn no_head() -> UpdatesFileError {
    UpdatesFileError::Damaged("it does not say who wrote it".to_owned())
}

/// The digest of the next bytes, and that by which a file of an update is named. A length that is not true
/// costs no memory.
fn hash<R: Read>(
    reader: &mut SealedReader<R>,
    bytes: u64,
    is_content: bool,
) -> Result<(Digest, Option<Sha1>), UpdatesFileError> {
    if is_content {
        let mut hashing = HashingContent::default();
        each_block(reader, bytes, |block| hashing.update(block))?;
        let (sha1, digest) = hashing.digests();
        return Ok((digest, Some(sha1)));
    }
    let mut hashing = Hashing::default();
    each_block(reader, bytes, |block| hashing.update(block))?;
    Ok((hashing.digest(), None))
}

/// The next bytes, if they are not too many.
fn take<R: Read>(
    reader: &mut SealedReader<R>,
    bytes: u64,
    most: u64,
) -> Result<Vec<u8>, UpdatesFileError> {
    if bytes > most {
        return Err(UpdatesFileError::Damaged("a record is too long".to_owned()));
    }
    let mut taken = Vec::new();
    each_block(reader, bytes, |block| taken.extend_from_slice(block))?;
    Ok(taken)
}

fn each_block<R: Read>(
    reader: &mut SealedReader<R>,
    bytes: u64,
    mut each: impl FnMut(&[u8]),
) -> Result<(), UpdatesFileError> {
    let mut block = vec![0; usize::try_from(bytes.min(BLOCK)).unwrap_or_default()];
    let mut left = bytes;
    while left > 0 {
        let length = usize::try_from(left.min(BLOCK)).unwrap_or_default();
        let block = block.get_mut(..length).unwrap_or_default();
        reader.fill(block)?;
        each(block);
        left -= left.min(BLOCK);
    }
    Ok(())
}

/// The bytes of a record, which still have to be those that were listed.
pub(super) fn read<R: Read + Seek>(
    from: &mut R,
    place: &Place,
    most: u64,
) -> Result<Vec<u8>, UpdatesFileError> {
    let Place { at, listed, sha1: _ } = place;
    if listed.bytes > most {
        return Err(UpdatesFileError::Damaged("a record is too long".to_owned()));
    }
    from.seek(SeekFrom::Start(*at)).map_err(UpdatesFileError::Read)?;
    let mut bytes = Vec::new();
    from.take(listed.bytes).read_to_end(&mut bytes).map_err(UpdatesFileError::Read)?;
    if Digest::of(&bytes) != listed.digest {
        return Err(UpdatesFileError::Damaged("it was changed while it was read".to_owned()));
    }
    Ok(bytes)
}

/// The text of a record of documents: one frame, which says how long it is.
fn unpack(packed: &[u8]) -> Result<String, UpdatesFileError> {
    let damaged = |what: &str| UpdatesFileError::Damaged(format!("its documents {what}"));
    let declared = zstd_safe::get_frame_content_size(packed).ok().flatten();
    // Real documents get to a thirtieth; what says much more is there to fill memory.
    let believed = (packed.len() as u64).saturating_mul(1_000).max(ALWAYS_BELIEVED);
    let believed = believed.min(LONGEST_DOCUMENTS);
    let declared = declared.filter(|it| *it <= believed);
    let declared =
        declared.ok_or_else(|| damaged("do not say how long they are, or are too long"))?;
    let frame = zstd_safe::find_frame_compressed_size(packed);
    if frame.ok() != Some(packed.len()) {
        return Err(damaged("are not one frame of zstd"));
    }
    let mut plain = Vec::with_capacity(usize::try_from(declared).unwrap_or_default());
    let unpacked = zstd_safe::decompress(&mut plain, packed);
    if unpacked.is_err() || plain.len() as u64 != declared {
        return Err(damaged("cannot be unpacked"));
    }
    String::from_utf8(plain).map_err(|_| damaged("are not UTF-8"))
}
