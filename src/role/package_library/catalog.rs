//! The offline catalog of a site, for old inventory-tool clients (SYNC-11): the active update point of the
//! site writes it, and it becomes a package like any other.

use std::path::Path;

use futures::StreamExt;
use tokio::{fs, io::AsyncWriteExt};

use super::{
    PackageLibrary, PackageLibraryError,
    made::{Made, Making},
};
use crate::{
    clock,
    content::{LibraryError, SourceFile},
    model::{Hashing, PackageOrigin, ProducedCatalog, TakenSource},
    net::AgentClient,
    role::Reporter,
    wire::{
        agent::{AgentCommand, AgentEvent, AgentOutcome},
        content_path::ContentPath,
        exchange::{ExportForm, ExportedParts, ExportedUpdates},
    },
};

/// What the offline catalog is called in its package: as those who read such catalogs know it.
const CATALOG: &str = "wsusscn2.cab";

impl PackageLibrary {
    pub(super) async fn of_catalog(
        &self,
        making: Making<'_>,
        report: &Reporter,
    ) -> Result<AgentOutcome, PackageLibraryError> {
        let (form, with) = (ExportForm::OfflineCatalog, ExportedParts::default());
        let told = |event: &AgentEvent| {
            if let AgentEvent::Progress(progress) = event {
                report.progress(progress.done, progress.total, progress.unit);
            }
        };
        let command = AgentCommand::ExportUpdates { form, with };
        let AgentOutcome::Exported(exported) = making.from.command(&command, told).await? else {
            return Err(PackageLibraryError::NoCatalog(making.from.url().to_owned()));
        };
        let (package, place) = (making.package.clone(), self.place(making.package));
        let path = place.join(CATALOG);
        fetch_export(making.from, &exported, &path).await?;
        let name: ContentPath = CATALOG.parse()?;
        let files = vec![SourceFile { path, name, size: exported.bytes }];
        let produced = ProducedCatalog { at: Some(clock::now()) };
        let origin =
            PackageOrigin { source: TakenSource::LegacyCatalog(produced), ..making.origin };
        let there = Vec::new();
        let (version, content) = (making.version, making.content);
        let taken = Made { package, version, origin, content, place, files, there };
        self.take_made(taken, report).await
    }
}

/// Fetches a file that the update point has written for us.
async fn fetch_export(
    from: &AgentClient,
    exported: &ExportedUpdates,
    path: &Path,
) -> Result<(), PackageLibraryError> {
    let place = path.parent().unwrap_or(path);
    fs::create_dir_all(place).await.map_err(LibraryError::io("create", place))?;
    let mut file = fs::File::create(path).await.map_err(LibraryError::io("write", path))?;
    let mut blocks = from.exported(exported.digest).await?.bytes_stream();
    let (mut hashing, mut size) = (Hashing::default(), 0_u64);
    while let Some(block) = blocks.next().await {
        let broken =
            |source| PackageLibraryError::Unreachable { url: from.url().to_owned(), source };
        let block = block.map_err(broken)?;
        size = size.saturating_add(block.len() as u64);
        if size > exported.bytes {
            break;
        }
        hashing.update(&block);
        file.write_all(&block).await.map_err(LibraryError::io("write", path))?;
    }
    file.flush().await.map_err(LibraryError::io("write", path))?;
    if hashing.digest() == exported.digest && size == exported.bytes {
        return Ok(());
    }
    Err(PackageLibraryError::NoCatalog(from.url().to_owned()))
}
