//! A file to be imported, opened by what it begins with, whatever its name.

use std::{
    fs::File,
    io::{Read, Seek},
    path::Path,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{super::UpdatePointError, ImportError, Shelf};
use crate::{
    model::UpdateIdentity,
    store::catalog::FileLocation,
    wire::{
        cabinet::CabinetError,
        exchange::SignatureSeen,
        export_file::{ExportError, ExportReader, ExportedFile},
        server_sync::{DeploymentResult, LanguageData},
        update_content::UpdateContent,
        updates_file::{FORM, FileAddress, PublicKey, UpdatesFileError, UpdatesFileReader},
    },
};

/// What is done with each document.
pub(super) type Each<'a> = dyn FnMut(UpdateIdentity, &str) -> Result<(), UpdatePointError> + 'a;

/// A file whose form is known.
pub(super) struct Opened<'a> {
    path: &'a Path,
    form: Form<'a>,
    pub(super) signature: Option<SignatureSeen>,
}

enum Form<'a> {
    /// What `wsusutil export` writes.
    Cabinet(Box<ExportReader<File>>),
    /// Our own.
    Headwater(Box<UpdatesFileReader<&'a mut File>>),
}

/// Why it was not gone through to its end.
enum Stopped {
    Export(ExportError),
    File(UpdatesFileError),
    Each(UpdatePointError),
}

impl From<UpdatesFileError> for Stopped {
    fn from(error: UpdatesFileError) -> Self {
        Self::File(error)
    }
}

impl From<ExportError> for Stopped {
    fn from(error: ExportError) -> Self {
        Self::Export(error)
    }
}

impl<'a> Opened<'a> {
    /// Opens the file that is called so in messages. With a key it has to be signed with that one.
    pub(super) fn new(
        path: &'a Path,
        file: &'a mut File,
        shelf: &Shelf,
        key: Option<&PublicKey>,
    ) -> Result<Self, ImportError> {
        let failed = |source| ImportError::Read { path: path.to_owned(), source };
        let mut begins = Vec::new();
        file.rewind().map_err(failed)?;
        file.take(16).read_to_end(&mut begins).map_err(failed)?;
        if begins == FORM.magic {
            let reader = UpdatesFileReader::check(file, key);
            let reader = reader.map_err(|source| updates(path, source))?;
            let seen = |it| SignatureSeen { key: it, verified: key.is_some() };
            let signature = reader.signed_by().map(seen);
            return Ok(Self { path, form: Form::Headwater(Box::new(reader)), signature });
        }
        if begins.starts_with(&[0x1F, 0x8B]) {
            return Err(ImportError::Gzip(path.to_owned()));
        }
        if key.is_some() {
            return Err(ImportError::CannotBeSigned(path.to_owned()));
        }
        // Without a name at once: whatever happens, it goes with the one who has it open.
        let (documents, _) = shelf.begin().map_err(ImportError::Unpack)?;
        let export = ExportReader::unpack(file, documents).map_err(|source| match source {
            ExportError::Cabinet(CabinetError::NoRoom) => ImportError::NoRoom(path.to_owned()),
            source => ImportError::Export { path: path.to_owned(), source },
        })?;
        Ok(Self { path, form: Form::Cabinet(Box::new(export)), signature: None })
    }

    /// How many revisions are in it.
    pub(super) fn revisions(&self) -> u64 {
        match &self.form {
            Form::Cabinet(export) => export.len() as u64,
            Form::Headwater(reader) => reader.head().revisions,
        }
    }

    /// The languages of the catalog that it was written from.
    pub(super) fn languages(&mut self) -> Result<Vec<LanguageData>, ImportError> {
        match &mut self.form {
            Form::Cabinet(export) => Ok(export.package().languages.clone()),
            Form::Headwater(reader) => {
                reader.languages().map_err(|source| updates(self.path, source))
            }
        }
    }

    /// Gives addresses of files to `each`, as far as they can be understood: they are told on, and
    /// never used here.
    pub(super) fn each_location(
        &mut self,
        each: &mut dyn FnMut(FileLocation) -> Result<(), UpdatePointError>,
    ) -> Result<(), UpdatePointError> {
        match &mut self.form {
            Form::Cabinet(export) => {
                export.package().files.iter().filter_map(listed).try_for_each(each)
            }
            Form::Headwater(reader) => {
                let told = reader.each_address(|it| {
                    address(it).map_or(Ok(()), &mut *each).map_err(Stopped::Each)
                });
                told.map_err(|error| stopped(self.path, error))
            }
        }
    }

    /// The files of updates that are in it; sizes and digests are right.
    pub(super) fn contents(&mut self) -> Result<Vec<UpdateContent>, ImportError> {
        match &mut self.form {
            Form::Cabinet(_) => Ok(Vec::new()),
            Form::Headwater(reader) => {
                reader.contents().map_err(|source| updates(self.path, source))
            }
        }
    }

    /// Gives the bytes of each of these files to `each`.
    pub(super) fn each_content(
        &mut self,
        files: &[UpdateContent],
        mut each: impl FnMut(&UpdateContent, &mut dyn Read) -> Result<(), UpdatePointError>,
    ) -> Result<(), UpdatePointError> {
        let Form::Headwater(reader) = &mut self.form else { return Ok(()) };
        let told =
            reader.each_content(files, |file, bytes| each(file, bytes).map_err(Stopped::Each));
        told.map_err(|error| stopped(self.path, error))
    }

    /// The approvals that are in it.
    pub(super) fn approvals(&mut self) -> Result<Option<DeploymentResult>, ImportError> {
        match &mut self.form {
            Form::Cabinet(_) => Ok(None),
            Form::Headwater(reader) => {
                reader.approvals().map_err(|source| updates(self.path, source))
            }
        }
    }

    /// Gives each document to `each`, from the first one; it may be done again.
    pub(super) fn each_document(&mut self, each: &mut Each<'_>) -> Result<(), UpdatePointError> {
        match &mut self.form {
            Form::Cabinet(export) => {
                let told = export
                    .each_document(|identity, text| each(identity, text).map_err(Stopped::Each));
                told.map_err(|error| stopped(self.path, error))
            }
            Form::Headwater(reader) => {
                let told = reader
                    .each_document(|identity, text| each(identity, text).map_err(Stopped::Each));
                told.map_err(|error| stopped(self.path, error))
            }
        }
    }
}

fn updates(path: &Path, source: UpdatesFileError) -> ImportError {
    ImportError::Updates { path: path.to_owned(), source }
}

fn stopped(path: &Path, error: Stopped) -> UpdatePointError {
    match error {
        Stopped::Export(source) => ImportError::Export { path: path.to_owned(), source }.into(),
        Stopped::File(error) => updates(path, error).into(),
        Stopped::Each(error) => error,
    }
}

fn listed(it: &ExportedFile) -> Option<FileLocation> {
    location(STANDARD.decode(&it.digest).ok()?, it.publisher_url.clone())
}

fn address(it: FileAddress) -> Option<FileLocation> {
    location(hex::decode(&it.sha1).ok()?, it.url)
}

fn location(digest: Vec<u8>, publisher_url: String) -> Option<FileLocation> {
    (digest.len() == 20 && !publisher_url.is_empty())
        .then_some(FileLocation { digest, publisher_url })
}
