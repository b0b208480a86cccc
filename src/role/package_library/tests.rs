//! The site's packages: taken once, sent when whole.

use std::{fs, path::Path};

use super::*;
use crate::{
    model::{Name, PackageId, PackageOrigin, Priority, TakenSource},
    net::{Addresses, client},
    role::Reporter,
};

fn origin(source: &Path) -> PackageOrigin {
    let source = TakenSource::Path(source.to_str().unwrap().to_owned());
    let name = "catalog".parse().unwrap();
    PackageOrigin { name, source, display_name: None, priority: Priority::High }
}

fn package() -> PackageId {
    "CEN00001".parse().unwrap()
}

#[tokio::test]
async fn version_is_taken_once() {
    let home = tempfile::tempdir().unwrap();
    let source = home.path().join("source");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("a"), "1").unwrap();
    let library = PackageLibrary::open(home.path().join("library"), true).await.unwrap();
    let first =
        library.take(&package(), 1, origin(&source), None, &Reporter::silent()).await.unwrap();
    fs::write(source.join("a"), "2").unwrap();
    let again =
        library.take(&package(), 1, origin(&source), None, &Reporter::silent()).await.unwrap();
    assert_eq!(first, again, "new content is a new version");
    let next =
        library.take(&package(), 2, origin(&source), None, &Reporter::silent()).await.unwrap();
    assert_ne!(first, next);
    let origins = library.origins();
    assert_eq!(origins.get(&package()), Some(&origin(&source)));
    drop(library);
    let library = PackageLibrary::open(home.path().join("library"), true).await.unwrap();
    assert_eq!(library.origins(), origins, "it is kept beside the content");
    library.remove(&package()).await.unwrap();
    assert!(library.states().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_not_sent() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("source")).unwrap();
    fs::write(home.path().join("source/a"), "1").unwrap();
    let library = PackageLibrary::open(home.path().join("library"), true).await.unwrap();
    let admin = client(&Addresses::system()).unwrap();
    let send = async |version| {
        let from: Name = "cen-srv".parse().unwrap();
        let (to, silent) = ("http://127.77.90.1:9", Reporter::silent());
        let package = &package();
        let sending = Sending { package, version, from: &from, to, pacing: None };
        library.send(sending, &admin, &silent).await.unwrap_err()
    };
    assert!(matches!(send(1).await, PackageLibraryError::NotTaken { version: 1, .. }));
    let silent = Reporter::silent();
    library.take(&package(), 1, origin(&home.path().join("source")), None, &silent).await.unwrap();
    assert!(matches!(send(2).await, PackageLibraryError::NotTaken { version: 2, .. }));
    assert!(matches!(send(1).await, PackageLibraryError::Unreachable { .. }));
    let missing =
        library.take(&package(), 3, origin(&home.path().join("nowhere")), None, &silent).await;
    assert!(matches!(missing, Err(PackageLibraryError::Library(_))));
}
