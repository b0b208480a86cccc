//! The disk, by plain files.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, IoSlice, Read, Seek, SeekFrom, Write},
    os::unix::fs::{FileExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::mpsc,
    thread,
};

use simulated_machine::{Counts, Disk, Failing, Loss};
use tempfile::TempDir;

/// Two of what the disk writes at once, and a bit.
const SIZE: usize = 1_100;

/// A disk, the directory it is, and one for what is copied.
fn disk() -> (TempDir, Disk, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    fs::create_dir(&root).unwrap();
    let disk = Disk::new(&root).unwrap();
    (directory, disk, root)
}

/// What `name` is after each of 200 power cuts at this moment.
fn after_power_cuts(directory: &TempDir, disk: &Disk, name: &str) -> Vec<Option<Vec<u8>>> {
    after(200, directory, disk, name)
}

fn after(cuts: u64, directory: &TempDir, disk: &Disk, name: &str) -> Vec<Option<Vec<u8>>> {
    let one = |seed| {
        let image = directory.path().join("image");
        disk.crash_image(&image, seed, Loss::Unsynced).unwrap();
        let found = fs::read(image.join(name)).ok();
        fs::remove_dir_all(image).unwrap();
        found
    };
    (0..cuts).map(one).collect()
}

/// Whether each sector is one of these two, and how many kinds of whole there were.
fn kinds(images: &[Option<Vec<u8>>], allowed: &[u8]) -> usize {
    for byte in images.iter().flatten().flatten() {
        assert!(allowed.contains(byte), "{byte}");
    }
    let sectors = images.iter().flatten().flat_map(|it| it.chunks(512));
    assert!(
        sectors.into_iter().all(|it| it
            .iter()
            .filter(|byte| **byte != 0)
            .collect::<BTreeSet<_>>()
            .len()
            <= 1)
    );
    images.iter().collect::<BTreeSet<_>>().len()
}

#[test]
fn what_is_synced_stays_whatever_happens() {
    let (directory, disk, root) = disk();
    let mut file = File::create(root.join("file")).unwrap();
    file.write_all(&[1; SIZE]).unwrap();
    file.sync_data().unwrap();
    let images = after_power_cuts(&directory, &disk, "file");
    assert!(images.iter().all(|it| it.as_deref() == Some(&[1; SIZE])));
}

#[test]
fn what_is_not_synced_is_torn_by_any_call_that_writes() {
    type Writing = fn(&mut File, &[u8]);
    let ways: [Writing; 4] = [
        |file, bytes| file.write_all(bytes).unwrap(),
        |file, bytes| file.write_all_at(bytes, 0).unwrap(),
        |file, bytes| {
            let parts = [IoSlice::new(&bytes[..5]), IoSlice::new(&bytes[5..])];
            assert_eq!(file.write_vectored(&parts).unwrap(), bytes.len());
        },
        |file, bytes| {
            let mut from = tempfile::tempfile().unwrap();
            from.write_all(bytes).unwrap();
            from.rewind().unwrap();
            // By the system alone, where it can.
            std::io::copy(&mut from, file).unwrap();
        },
    ];
    for way in ways {
        let (directory, disk, root) = disk();
        let path = root.join("file");
        let mut file = File::create(&path).unwrap();
        file.write_all(&[1; SIZE]).unwrap();
        file.sync_all().unwrap();
        file.rewind().unwrap();
        // Elsewhere, and without the right to read.
        thread::spawn(move || way(&mut file, &[2; SIZE])).join().unwrap();
        let images = after_power_cuts(&directory, &disk, "file");
        assert_eq!(kinds(&images, &[1, 2]), 8, "each sector is lost or not");
        assert!(images.iter().flatten().all(|it| it.len() == SIZE));
        assert_eq!(images, after_power_cuts(&directory, &disk, "file"));
        let image = directory.path().join("killed");
        disk.crash_image(&image, 1, Loss::Nothing).unwrap();
        assert_eq!(fs::read(image.join("file")).unwrap(), [2; SIZE]);
        File::open(&path).unwrap().sync_all().unwrap();
        let images = after_power_cuts(&directory, &disk, "file");
        assert!(images.iter().all(|it| it.as_deref() == Some(&[2; SIZE])));
    }
}

#[test]
fn what_a_file_grew_by_may_be_missing_in_part() {
    let (directory, disk, root) = disk();
    fs::write(root.join("file"), [3; SIZE]).unwrap();
    let images = after_power_cuts(&directory, &disk, "file");
    assert!(kinds(&images, &[0, 3]) > 20);
    let sizes: BTreeSet<_> = images.iter().flatten().map(Vec::len).collect();
    assert!(sizes.contains(&0) && sizes.contains(&SIZE) && sizes.len() > 20);
    let mut file = OpenOptions::new().append(true).open(root.join("file")).unwrap();
    file.sync_all().unwrap();
    file.write_all(&[4; SIZE]).unwrap();
    for image in after_power_cuts(&directory, &disk, "file").iter().flatten() {
        assert!(image.starts_with(&[3; SIZE]));
        assert!(image[SIZE..].iter().all(|byte| [0, 4].contains(byte)));
    }
}

#[test]
fn what_a_file_was_cut_by_may_be_there_again() {
    type Cutting = fn(&Path);
    let ways: [Cutting; 3] = [
        |path| drop(File::create(path).unwrap()),
        |path| OpenOptions::new().write(true).open(path).unwrap().set_len(0).unwrap(),
        |path| fs::write(path, [2; 600]).unwrap(),
    ];
    for (number, way) in ways.into_iter().enumerate() {
        let (directory, disk, root) = disk();
        let path = root.join("file");
        fs::write(&path, [1; SIZE]).unwrap();
        File::open(&path).unwrap().sync_all().unwrap();
        way(&path);
        let images = after_power_cuts(&directory, &disk, "file");
        assert!(images.contains(&Some(vec![1; SIZE])));
        assert!(images.contains(&Some(fs::read(&path).unwrap())));
        assert_eq!(kinds(&images, &[0, 1, 2]) > 2, number == 2);
    }
}

#[test]
fn what_is_synced_and_renamed_is_the_old_one_or_the_new_one() {
    let (directory, disk, root) = disk();
    let path = root.join("deep/file");
    let replace = |byte: u8| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let temporary = path.with_extension("new");
        let mut file = File::create(&temporary).unwrap();
        file.write_all(&[byte; SIZE]).unwrap();
        file.sync_all().unwrap();
        fs::rename(&temporary, &path).unwrap();
        File::open(path.parent().unwrap()).unwrap().sync_all().unwrap();
    };
    replace(1);
    let changes = |counts: Counts| counts.writes + counts.truncations + counts.syncs + counts.names;
    let before = changes(disk.counts());
    replace(2);
    let each = changes(disk.counts()) - before;
    assert_eq!(each, 4, "a write, a sync, a name and the sync of a directory");
    for number in 1..=each {
        replace(1);
        let (told, images) = mpsc::channel();
        let image = directory.path().join("image");
        let to = image.clone();
        disk.at_write(number, move |disk| {
            told.send(disk.crash_image(&to, number, Loss::Unsynced)).unwrap();
        });
        replace(2);
        images.try_recv().unwrap().unwrap();
        let expected = if number < 4 { 1 } else { 2 };
        assert_eq!(fs::read(image.join("deep/file")).unwrap(), [expected; SIZE], "{number}");
        fs::remove_dir_all(image).unwrap();
    }
    assert!(!disk.forget_callback());
}

#[test]
fn an_inode_that_is_used_again_has_no_past() {
    let (directory, disk, root) = disk();
    for number in 0..100 {
        let path = root.join(format!("{number}"));
        fs::write(&path, [1; SIZE]).unwrap();
        File::open(&path).unwrap().sync_all().unwrap();
        fs::write(&path, [2; SIZE]).unwrap();
        if number % 2 == 0 {
            fs::remove_file(&path).unwrap();
        } else {
            fs::write(root.join("new"), []).unwrap();
            fs::rename(root.join("new"), &path).unwrap();
            fs::remove_file(&path).unwrap();
        }
        let empty = root.join("empty");
        drop(File::create(&empty).unwrap());
        assert_eq!(after(3, &directory, &disk, "empty")[..], [const { Some(Vec::new()) }; 3]);
        fs::remove_file(empty).unwrap();
    }
}

#[test]
fn a_directory_that_was_synced_as_a_whole_loses_nothing() {
    let (directory, disk, root) = disk();
    for name in ["one/deep/file", "two/file"] {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), [1; SIZE]).unwrap();
    }
    disk.synced_below(&root.join("one")).unwrap();
    let whole = |name| {
        let images = after_power_cuts(&directory, &disk, name);
        images.iter().all(|it| it.as_deref() == Some(&[1; SIZE]))
    };
    assert!(whole("one/deep/file"));
    assert!(!whole("two/file"));
}

#[test]
fn the_copy_is_like_the_disk() {
    let (directory, disk, root) = disk();
    let path = root.join("private");
    let file = File::create(&path).unwrap();
    file.write_all_at(&[1; 10], 1 << 30).unwrap();
    file.set_permissions(PermissionsExt::from_mode(0o640)).unwrap();
    file.sync_all().unwrap();
    fs::write(root.join("test.db-shm"), "memory").unwrap();
    std::os::unix::fs::symlink("private", root.join("link")).unwrap();
    let image = directory.path().join("image");
    disk.crash_image(&image, 1, Loss::Unsynced).unwrap();
    let (copy, original) =
        (fs::metadata(image.join("private")).unwrap(), fs::metadata(&path).unwrap());
    assert_eq!((copy.len(), copy.mode()), (original.len(), original.mode()));
    assert_eq!(copy.modified().unwrap(), original.modified().unwrap());
    assert!(copy.blocks() < 1_000, "a hole stays one");
    assert_eq!(fs::read_link(image.join("link")).unwrap(), Path::new("private"));
    assert!(!image.join("test.db-shm").exists());
}

#[test]
fn a_full_disk_says_so_and_takes_no_more() {
    let (_directory, disk, root) = disk();
    let mut cut = 0;
    for seed in 0..50 {
        let path = root.join(format!("{seed}"));
        let mut file = File::create(&path).unwrap();
        file.write_all(&[1; 100]).unwrap();
        disk.fill(seed);
        let error = file.write_all(&[2; SIZE]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert_eq!(file.write(&[2]).unwrap_err().kind(), ErrorKind::StorageFull);
        file.sync_all().unwrap();
        let length = file.metadata().unwrap().len();
        cut += u64::from(length > 100);
        assert!(length < 100 + SIZE as u64);
        file.set_len(10).unwrap();
        disk.make_room();
        file.write_all(&[2; SIZE]).unwrap();
    }
    assert!((10..40).contains(&cut), "{cut}");
}

#[test]
fn a_failing_disk_fails_as_often_as_it_is_told() {
    let (directory, disk, root) = disk();
    let path = root.join("file");
    fs::write(&path, [1; SIZE]).unwrap();
    let failures = |failing| {
        disk.fail(Some(failing));
        let mut file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let mut failed = (0, 0);
        for _ in 0..400 {
            file.seek(SeekFrom::Start(0)).unwrap();
            failed.0 += i32::from(file.read(&mut [0; 10]).is_err());
            failed.0 += i32::from(file.read_at(&mut [0; 10], 5).is_err());
            failed.1 += i32::from(file.write_at(&[1; 10], 5).is_err());
        }
        disk.fail(None);
        failed
    };
    let (reads, writes) = failures(Failing { one_in: 4, seed: 1, reads: true, writes: false });
    assert!((150..250).contains(&reads) && writes == 0, "{reads} {writes}");
    let all = Failing { one_in: 1, seed: 1, reads: true, writes: true };
    assert_eq!(failures(all), (800, 400));
    disk.fail(Some(all));
    let elsewhere = directory.path().join("elsewhere");
    fs::write(&elsewhere, "text").unwrap();
    assert_eq!(fs::read(elsewhere).unwrap(), b"text");
    let failed = fs::write(&path, "text").unwrap_err();
    assert_eq!(failed.raw_os_error(), Some(5));
}

#[test]
fn only_what_is_below_the_root_counts() {
    let (directory, disk, root) = disk();
    let change = |path: &Path| {
        let mut file = File::create(path).unwrap();
        file.write_all(&[1; SIZE]).unwrap();
        file.set_len(10).unwrap();
        file.sync_all().unwrap();
        fs::remove_file(path).unwrap();
    };
    change(&directory.path().join("root-not"));
    assert_eq!(disk.counts(), Counts::default());
    change(&root.join("file"));
    let one = Counts { writes: 1, bytes: SIZE as u64, truncations: 1, syncs: 1, names: 1 };
    assert_eq!(disk.counts(), one);
    drop(disk);
    change(&root.join("file"));
}
