//! Files of updates in a file: the list of them, and their bytes, a record for each.

use std::io::{Read, Seek, SeekFrom};

use super::{
    UpdatesFileError, UpdatesFileReader, approvals::Approvals, checking::read, contents::from_json,
    letter,
};
use crate::wire::{
    server_sync::DeploymentResult,
    update_content::{ListedContent, UpdateContent},
};

/// Longest list of files, and longest record of approvals: a few hundred thousand.
const LONGEST_LIST: u64 = 64 << 20;

impl<R: Read + Seek> UpdatesFileReader<R> {
    /// The files of updates that are in it, in the order of their bytes. Sizes and both digests of each
    /// are what the list says: that was found when the file was checked.
    ///
    /// # Errors
    ///
    /// The list cannot be read, or says something else than what is there.
    pub fn contents(&mut self) -> Result<Vec<UpdateContent>, UpdatesFileError> {
        let mut files = Vec::new();
        self.each::<UpdatesFileError>(letter::CONTENT, |from, place| {
            let listed: Vec<ListedContent> =
                from_json("list of files", &read(from, place, LONGEST_LIST)?)?;
            for file in listed {
                let file = file.content();
                files.push(file.map_err(|error| UpdatesFileError::Damaged(error.to_string()))?);
            }
            Ok(())
        })?;
        let there: Vec<_> = self.records().filter(|it| it.is(letter::BYTES)).collect();
        if there.len() != files.len() {
            let what = format!(
                "{} files of updates are listed, and {} are there",
                files.len(),
                there.len()
            );
            return Err(UpdatesFileError::Damaged(what));
        }
        for (file, place) in files.iter().zip(there) {
            let is_right = place.listed.bytes == file.size
                && place.sha1 == Some(file.name.sha1())
                && file.sha256.is_none_or(|it| it == place.listed.digest);
            if !is_right {
                let what = format!("the bytes of file {} are those of another one", file.name);
                return Err(UpdatesFileError::Damaged(what));
            }
        }
        Ok(files)
    }

    /// Gives the bytes of each of these files, which are those of [`UpdatesFileReader::contents`], to
    /// `each`. Whoever takes them compares their digests: the file may have changed since it was checked.
    ///
    /// # Errors
    ///
    /// What `each` says, or the file cannot be read.
    pub fn each_content<E: From<UpdatesFileError>>(
        &mut self,
        files: &[UpdateContent],
        mut each: impl FnMut(&UpdateContent, &mut dyn Read) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut files = files.iter();
        self.each::<E>(letter::BYTES, |from, place| {
            let Some(file) = files.next() else { return Ok(()) };
            from.seek(SeekFrom::Start(place.at)).map_err(UpdatesFileError::Read)?;
            each(file, &mut from.take(place.listed.bytes))
        })
    }

    /// The approvals that are in it, if there are any.
    ///
    /// # Errors
    ///
    /// They cannot be read, or make no sense.
    pub fn approvals(&mut self) -> Result<Option<DeploymentResult>, UpdatesFileError> {
        let mut approvals = Approvals::default();
        self.each::<UpdatesFileError>(letter::APPROVALS, |from, place| {
            approvals = from_json("approvals", &read(from, place, LONGEST_LIST)?)?;
            Ok(())
        })?;
        approvals.checked()
    }
}
