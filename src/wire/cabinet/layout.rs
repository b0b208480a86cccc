//! The structure of a cabinet, walked and verified byte by byte: header, folder, files and every
//! data block with its checksum.

use std::io::{BufReader, Read, Seek, SeekFrom};

use super::{CabinetError, CabinetLimits};

const HAS_PREVIOUS: u16 = 1;
const HAS_NEXT: u16 = 2;
const HAS_RESERVE: u16 = 4;

/// Longest name of a file, in bytes, without the zero at its end (MS-CAB).
const MAX_NAME_BYTES: usize = 255;

/// Most bytes that one block decompresses to (MS-CAB).
const MAX_BLOCK_BYTES: u16 = 1 << 15;

/// A file as the directory describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileEntry {
    pub(super) name: String,
    pub(super) size: u64,
}

/// Verifies a cabinet and lists the files.
pub(super) fn verify<R: Read + Seek>(
    from: &mut R,
    limits: CabinetLimits,
) -> Result<Vec<FileEntry>, CabinetError> {
    let mut at = Cursor::new(from)?;
    let header = Header::read(&mut at)?;
    let folder = Folder::read(&mut at, &header)?;
    let unpacked = verify_blocks(&mut at, &header, &folder, limits)?;
    list_files(&mut at, &header, unpacked, limits)
}

struct Header {
    first_file: u64,
    files: u16,
    folders_at: u64,
    folder_reserve: usize,
    data_reserve: usize,
}

impl Header {
    fn read<R: Read + Seek>(at: &mut Cursor<R>) -> Result<Self, CabinetError> {
        at.go(0)?;
        if at.array("signature").ok() != Some(*b"MSCF") {
            return Err(CabinetError::Signature);
        }
        at.take(4, "header")?;
        let declared = u64::from(at.u32("header")?);
        if declared != at.length {
            return Err(CabinetError::Length { declared, actual: at.length });
        }
        at.take(4, "header")?;
        let first_file = u64::from(at.u32("header")?);
        at.take(4, "header")?;
        if at.array("header")? != [3, 1] {
            return Err(CabinetError::Unsupported("its version is not 1.3"));
        }
        let (folders, files, flags) = (at.u16("header")?, at.u16("header")?, at.u16("header")?);
        if flags & (HAS_PREVIOUS | HAS_NEXT) != 0 {
            return Err(CabinetError::Unsupported("it is one of several that belong together"));
        }
        if folders != 1 {
            return Err(CabinetError::Unsupported("it does not hold exactly one folder"));
        }
        at.take(4, "header")?;
        let (mut folder_reserve, mut data_reserve) = (0, 0);
        if flags & HAS_RESERVE != 0 {
            let header_reserve = usize::from(at.u16("header")?);
            folder_reserve = usize::from(at.u8("header")?);
            data_reserve = usize::from(at.u8("header")?);
            at.take(header_reserve, "reserved part of the header")?;
        }
        Ok(Self { first_file, files, folders_at: at.at, folder_reserve, data_reserve })
    }
}

struct Folder {
    first_block: u64,
    blocks: u16,
}

impl Folder {
    fn read<R: Read + Seek>(at: &mut Cursor<R>, header: &Header) -> Result<Self, CabinetError> {
        at.go(header.folders_at)?;
        let first_block = u64::from(at.u32("folder")?);
        let blocks = at.u16("folder")?;
        let compression = at.u16("folder")?;
        if compression & 0xF == 2 {
            return Err(CabinetError::Unsupported("it is compressed with Quantum"));
        }
        at.take(header.folder_reserve, "reserved part of the folder")?;
        Ok(Self { first_block, blocks })
    }
}

/// Checks every data block and returns how many bytes they decompress to.
fn verify_blocks<R: Read + Seek>(
    at: &mut Cursor<R>,
    header: &Header,
    folder: &Folder,
    limits: CabinetLimits,
) -> Result<u64, CabinetError> {
    at.go(folder.first_block)?;
    let mut unpacked = 0_u64;
    for block in 0..u32::from(folder.blocks) {
        let declared = at.u32("data block")?;
        let sizes: [u8; 4] = at.array("data block")?;
        let [packed_low, packed_high, unpacked_low, unpacked_high] = sizes;
        let size = u16::from_le_bytes([unpacked_low, unpacked_high]);
        // Zero would mean that the block goes on in another cabinet.
        if size == 0 || size > MAX_BLOCK_BYTES {
            return Err(CabinetError::Unsupported("a data block has an impossible size"));
        }
        let reserve = at.take(header.data_reserve, "data block")?;
        let packed = u16::from_le_bytes([packed_low, packed_high]);
        let data = at.take(usize::from(packed), "data block")?;
        if declared == 0 && limits.require_checksums {
            return Err(CabinetError::NoChecksum { block });
        }
        let actual = checksum(&[&sizes[..], &reserve].concat(), checksum(&data, 0));
        if declared != 0 && declared != actual {
            return Err(CabinetError::Checksum { block, declared, actual });
        }
        unpacked += u64::from(size);
    }
    if unpacked > limits.max_uncompressed_bytes {
        return Err(CabinetError::TooMuch {
            what: "uncompressed bytes",
            declared: unpacked,
            limit: limits.max_uncompressed_bytes,
        });
    }
    Ok(unpacked)
}

/// The checksum of MS-CAB: four bytes at a time, least significant first, combined by exclusive or;
/// up to three bytes at the end in the opposite order.
fn checksum(data: &[u8], seed: u32) -> u32 {
    let (words, rest) = data.as_chunks::<4>();
    let sum = words.iter().fold(seed, |sum, word| sum ^ u32::from_le_bytes(*word));
    sum ^ rest.iter().fold(0, |tail, byte| (tail << 8) | u32::from(*byte))
}

fn list_files<R: Read + Seek>(
    at: &mut Cursor<R>,
    header: &Header,
    unpacked: u64,
    limits: CabinetLimits,
) -> Result<Vec<FileEntry>, CabinetError> {
    if usize::from(header.files) > limits.max_files {
        return Err(CabinetError::TooMuch {
            what: "files",
            declared: u64::from(header.files),
            limit: limits.max_files as u64,
        });
    }
    at.go(header.first_file)?;
    let mut files: Vec<FileEntry> = Vec::with_capacity(usize::from(header.files));
    for file in 0..u32::from(header.files) {
        let size = u64::from(at.u32("file entry")?);
        let offset = u64::from(at.u32("file entry")?);
        if at.u16("file entry")? != 0 {
            return Err(CabinetError::Unsupported("a file goes on in another cabinet"));
        }
        at.take(6, "file entry")?;
        let name = at.name(file)?;
        if files.iter().any(|it| it.name == name) {
            return Err(CabinetError::Name { file, reason: "it stands there twice" });
        }
        if offset + size > unpacked {
            return Err(CabinetError::Outside { what: "a file's content" });
        }
        files.push(FileEntry { name, size });
    }
    Ok(files)
}

/// Reads forward; whatever lies outside is an error.
struct Cursor<R> {
    from: BufReader<R>,
    at: u64,
    length: u64,
}

impl<R: Read + Seek> Cursor<R> {
    fn new(mut from: R) -> Result<Self, CabinetError> {
        let length = from.seek(SeekFrom::End(0)).map_err(|it| CabinetError::read(&it))?;
        Ok(Self { from: BufReader::with_capacity(1 << 16, from), at: 0, length })
    }

    fn go(&mut self, at: u64) -> Result<(), CabinetError> {
        self.from.seek(SeekFrom::Start(at)).map_err(|it| CabinetError::read(&it))?;
        self.at = at;
        Ok(())
    }

    fn fill(&mut self, into: &mut [u8], what: &'static str) -> Result<(), CabinetError> {
        let end = self.at.saturating_add(into.len() as u64);
        if end > self.length {
            return Err(CabinetError::Outside { what });
        }
        self.from.read_exact(into).map_err(|it| CabinetError::read(&it))?;
        self.at = end;
        Ok(())
    }

    /// At most what two bytes can say.
    fn take(&mut self, count: usize, what: &'static str) -> Result<Vec<u8>, CabinetError> {
        let mut taken = vec![0; count];
        self.fill(&mut taken, what)?;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], CabinetError> {
        let mut taken = [0; N];
        self.fill(&mut taken, what)?;
        Ok(taken)
    }

    fn u8(&mut self, what: &'static str) -> Result<u8, CabinetError> {
        Ok(u8::from_le_bytes(self.array(what)?))
    }

    fn u16(&mut self, what: &'static str) -> Result<u16, CabinetError> {
        Ok(u16::from_le_bytes(self.array(what)?))
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, CabinetError> {
        Ok(u32::from_le_bytes(self.array(what)?))
    }

    fn name(&mut self, file: u32) -> Result<String, CabinetError> {
        let mut name = String::new();
        while let Ok([byte]) = self.array("file entry") {
            if byte == 0 {
                let reason = "it is empty or not plain ASCII";
                return if name.is_empty() {
                    Err(CabinetError::Name { file, reason })
                } else {
                    Ok(name)
                };
            }
            // Everything this program reads has a plain name, which also has only one encoding.
            if !byte.is_ascii_graphic() && byte != b' ' {
                let reason = "it is empty or not plain ASCII";
                return Err(CabinetError::Name { file, reason });
            }
            if name.len() == MAX_NAME_BYTES {
                break;
            }
            name.push(char::from(byte));
        }
        Err(CabinetError::Name { file, reason: "it has no end" })
    }
}
