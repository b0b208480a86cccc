//! Manifests that are kept: when some files change, only these are read again.

use super::{
    assembly::{assemble, take_apart},
    file::ReadFile,
    load::Loaded,
};

/// Files with what they say, kept while the files change.
#[derive(Debug)]
pub struct Workspace {
    files: Vec<ReadFile>,
    loaded: Loaded,
}

/// A file as it is now.
#[derive(Debug)]
pub enum FileNow {
    /// As it was: the number of the file in the order so far. Each number is named at most once.
    Same(usize),
    /// New, or not as it was.
    Other(ReadFile),
}

impl Workspace {
    /// Puts files together, in their order.
    pub fn new(mut files: Vec<ReadFile>) -> Self {
        let loaded = assemble(&mut files);
        Self { files, loaded }
    }

    /// What the files say: exactly what [`load`](super::load) makes of their texts.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// The text of a file, by its number in the order; none of one that cannot be read.
    pub fn text(&self, number: usize) -> Option<&str> {
        self.files.get(number).filter(|file| file.refused.is_none()).map(|file| &*file.text)
    }

    /// What the files say, when they are not kept any longer.
    pub fn into_loaded(self) -> Loaded {
        self.loaded
    }

    /// Takes the files as they are now, in their order. Those that are not named are gone.
    pub fn update(&mut self, now: Vec<FileNow>) {
        let loaded = std::mem::replace(&mut self.loaded, assemble(&mut []));
        take_apart(loaded, &mut self.files);
        let mut before: Vec<Option<ReadFile>> = self.files.drain(..).map(Some).collect();
        let files = now.into_iter().filter_map(|file| match file {
            FileNow::Same(number) => before.get_mut(number).and_then(Option::take),
            FileNow::Other(file) => Some(file),
        });
        self.files = files.collect();
        self.loaded = assemble(&mut self.files);
    }
}
