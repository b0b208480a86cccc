//! System calls as such, and what is asked about open files. Nothing here passes through the
//! functions that this crate defines.

use std::{
    ffi::{CStr, OsString, c_int, c_long, c_void},
    mem::MaybeUninit,
    os::unix::ffi::OsStringExt,
    path::PathBuf,
};

/// A file, whatever it is called: device and inode.
pub(crate) type FileKey = (u64, u64);

/// What stands for "from the current directory" in calls that take a directory.
pub(crate) const HERE: c_int = libc::AT_FDCWD;

/// The number of the last error of this thread.
pub(crate) fn errno() -> c_int {
    // SAFETY: the address is this thread's own and always valid.
    unsafe { *libc::__errno_location() }
}

/// Leaves `number` as the last error of this thread, and answers what a failed call answers.
pub(crate) fn fail(number: c_int) -> isize {
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = number };
    -1
}

/// What the result of a call is in the type that functions of the C library answer with.
pub(crate) fn result(value: c_long) -> isize {
    value as isize
}

pub(crate) fn status(fd: c_int) -> Option<libc::stat> {
    let mut found = MaybeUninit::<libc::stat>::uninit();
    // SAFETY: the call fills in the buffer, which is as large as it must be, or fails.
    let done = unsafe { libc::syscall(libc::SYS_fstat, fd, found.as_mut_ptr()) };
    // SAFETY: it was filled in.
    (done == 0).then(|| unsafe { found.assume_init() })
}

pub(crate) fn key(status: &libc::stat) -> FileKey {
    (status.st_dev, status.st_ino)
}

pub(crate) fn size(status: &libc::stat) -> u64 {
    u64::try_from(status.st_size).unwrap_or(0)
}

pub(crate) fn is_file(status: &libc::stat) -> bool {
    status.st_mode & libc::S_IFMT == libc::S_IFREG
}

pub(crate) fn is_directory(status: &libc::stat) -> bool {
    status.st_mode & libc::S_IFMT == libc::S_IFDIR
}

/// Where an open file is now.
pub(crate) fn path(fd: c_int) -> Option<PathBuf> {
    let name = descriptor(fd);
    let mut bytes = vec![0_u8; 4096];
    // SAFETY: the name ends with a zero, and the call writes at most as much as the buffer has.
    let length = unsafe {
        libc::syscall(libc::SYS_readlinkat, HERE, name.as_ptr(), bytes.as_mut_ptr(), bytes.len())
    };
    bytes.truncate(usize::try_from(length).ok()?);
    Some(PathBuf::from(OsString::from_vec(bytes)))
}

/// The name of an open file in `/proc`, with the zero at its end.
fn descriptor(fd: c_int) -> Vec<u8> {
    format!("/proc/self/fd/{fd}\0").into_bytes()
}

pub(crate) fn flags(fd: c_int) -> c_int {
    // SAFETY: the call takes numbers only.
    let flags = unsafe { libc::syscall(libc::SYS_fcntl, fd, libc::F_GETFL) };
    c_int::try_from(flags).unwrap_or(0)
}

/// Where the next `write` of this file goes.
pub(crate) fn position(fd: c_int) -> Option<u64> {
    // SAFETY: the call takes numbers only.
    let at = unsafe { libc::syscall(libc::SYS_lseek, fd, 0, libc::SEEK_CUR) };
    u64::try_from(at).ok()
}

pub(crate) fn open(directory: c_int, path: &CStr, flags: c_int, mode: libc::mode_t) -> c_int {
    // SAFETY: the path ends with a zero.
    let fd = unsafe {
        libc::syscall(libc::SYS_openat, directory, path.as_ptr(), flags | libc::O_LARGEFILE, mode)
    };
    c_int::try_from(fd).unwrap_or(-1)
}

pub(crate) fn close(fd: c_int) {
    // SAFETY: only what this crate opened is closed.
    unsafe { libc::syscall(libc::SYS_close, fd) };
}

/// Reads at a place, as much as there is; `None` if the file cannot be read.
pub(crate) fn read_at(fd: c_int, buffer: &mut [u8], at: u64) -> Option<usize> {
    let mut done = 0;
    while done < buffer.len() {
        let rest = &mut buffer[done..];
        let from = i64::try_from(at).ok()?.checked_add(i64::try_from(done).ok()?)?;
        // SAFETY: the call writes at most as much as the rest of the buffer has.
        let count =
            unsafe { libc::syscall(libc::SYS_pread64, fd, rest.as_mut_ptr(), rest.len(), from) };
        match usize::try_from(count) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(_) if errno() == libc::EINTR => {}
            Err(_) => return None,
        }
    }
    Some(done)
}

/// The same where the file was opened for writing only.
///
/// SQLite's own files are opened for both: to open and close one of them here would give up the
/// locks that this process has on it.
pub(crate) fn read_at_anyway(fd: c_int, buffer: &mut [u8], at: u64) -> Option<usize> {
    if flags(fd) & libc::O_ACCMODE == libc::O_RDWR {
        return read_at(fd, buffer, at);
    }
    let name = descriptor(fd);
    let name = CStr::from_bytes_with_nul(&name).ok()?;
    let other = open(HERE, name, libc::O_RDONLY | libc::O_CLOEXEC, 0);
    if other < 0 {
        return None;
    }
    let read = read_at(other, buffer, at);
    close(other);
    read
}

/// A file in memory, at its beginning, with these bytes.
pub(crate) fn in_memory(bytes: &[u8]) -> c_int {
    // SAFETY: the name ends with a zero.
    let fd =
        unsafe { libc::syscall(libc::SYS_memfd_create, c"chance".as_ptr(), libc::MFD_CLOEXEC) };
    let fd = c_int::try_from(fd).unwrap_or(-1);
    let from: *const c_void = bytes.as_ptr().cast();
    // SAFETY: the call reads the bytes and no more.
    unsafe { libc::syscall(libc::SYS_pwrite64, fd, from, bytes.len(), 0) };
    fd
}
