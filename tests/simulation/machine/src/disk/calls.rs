//! The functions of the C library that change files, as Rust's standard library and SQLite call
//! them. Those with `64` in their names are the same on systems of 64 bits.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};

use super::watch::{Change, registry};
use crate::{
    chance,
    system::{self, HERE, fail, result},
};

fn small(value: isize) -> c_int {
    c_int::try_from(value).unwrap_or(-1)
}

/// Writes where the file is, or at its end if it is opened so.
fn write_change(fd: c_int, length: usize) -> Change {
    let appends = system::flags(fd) & libc::O_APPEND != 0;
    Change::Write { at: if appends { None } else { system::position(fd) }, length }
}

/// The bytes of all parts together.
///
/// # Safety
///
/// There are `count` of them.
unsafe fn total(parts: *const libc::iovec, count: c_int) -> usize {
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: the caller says so.
    (0..count).map(|number| unsafe { (*parts.add(number)).iov_len }).sum()
}

/// Defines functions of the C library under their names.
macro_rules! functions {
    ($(
        $(#[$text:meta])*
        fn $name:ident($($argument:ident: $kind:ty),*) -> $answer:ty $body:block
    )*) => {$(
        $(#[$text])*
        ///
        /// # Safety
        ///
        /// As of the function of this name in the C library.
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name($($argument: $kind),*) -> $answer {
            // SAFETY: what the caller gives is what the system call asks for.
            unsafe { $body }
        }
    )*};
}

functions! {
    /// `write(2)`.
    fn write(fd: c_int, bytes: *const c_void, length: usize) -> isize {
        let perform = |length: usize| result(libc::syscall(libc::SYS_write, fd, bytes, length));
        if !registry().watches() {
            return perform(length);
        }
        registry().change(fd, write_change(fd, length), perform)
    }

    /// `writev(2)`.
    fn writev(fd: c_int, parts: *const libc::iovec, count: c_int) -> isize {
        if !registry().watches() {
            return result(libc::syscall(libc::SYS_writev, fd, parts, count));
        }
        let whole = total(parts, count);
        registry().change(fd, write_change(fd, whole), |allowed| {
            if allowed == whole {
                result(libc::syscall(libc::SYS_writev, fd, parts, count))
            } else {
                // Cut short: within the first part, or nothing of the rest.
                let first = *parts;
                let length = first.iov_len.min(allowed);
                result(libc::syscall(libc::SYS_write, fd, first.iov_base, length))
            }
        })
    }

    /// `pwrite(2)`.
    fn pwrite(fd: c_int, bytes: *const c_void, length: usize, at: i64) -> isize {
        let change = Change::Write { at: u64::try_from(at).ok(), length };
        registry().change(fd, change, |length| {
            result(libc::syscall(libc::SYS_pwrite64, fd, bytes, length, at))
        })
    }

    /// `pwrite(2)`.
    fn pwrite64(fd: c_int, bytes: *const c_void, length: usize, at: i64) -> isize {
        pwrite(fd, bytes, length, at)
    }

    /// `pwritev(2)`.
    fn pwritev(fd: c_int, parts: *const libc::iovec, count: c_int, at: i64) -> isize {
        let whole = total(parts, count);
        let change = Change::Write { at: u64::try_from(at).ok(), length: whole };
        registry().change(fd, change, |allowed| {
            if allowed == whole {
                result(libc::syscall(libc::SYS_pwritev, fd, parts, count, at, 0))
            } else {
                let first = *parts;
                let length = first.iov_len.min(allowed);
                result(libc::syscall(libc::SYS_pwrite64, fd, first.iov_base, length, at))
            }
        })
    }

    /// `pwritev(2)`.
    fn pwritev64(fd: c_int, parts: *const libc::iovec, count: c_int, at: i64) -> isize {
        pwritev(fd, parts, count, at)
    }

    /// `ftruncate(2)`.
    fn ftruncate(fd: c_int, length: i64) -> c_int {
        let change = Change::Truncate(u64::try_from(length).unwrap_or(0));
        small(registry().change(fd, change, |_| {
            result(libc::syscall(libc::SYS_ftruncate, fd, length))
        }))
    }

    /// `ftruncate(2)`.
    fn ftruncate64(fd: c_int, length: i64) -> c_int {
        ftruncate(fd, length)
    }

    /// `fsync(2)`. On a disk that is watched it is enough to know of it, which takes no time: the
    /// computer that really is there does not crash.
    fn fsync(fd: c_int) -> c_int {
        let perform = || result(libc::syscall(libc::SYS_fsync, fd));
        small(registry().sync(fd, perform))
    }

    /// `fdatasync(2)`: the same, because the length of a file that has grown is data too.
    fn fdatasync(fd: c_int) -> c_int {
        let perform = || result(libc::syscall(libc::SYS_fdatasync, fd));
        small(registry().sync(fd, perform))
    }

    /// `syncfs(2)`.
    fn syncfs(fd: c_int) -> c_int {
        let perform = || result(libc::syscall(libc::SYS_syncfs, fd));
        small(registry().sync_all(fd, perform))
    }

    /// `read(2)`.
    fn read(fd: c_int, bytes: *mut c_void, length: usize) -> isize {
        if registry().watches() && registry().read_fails(fd) {
            return fail(libc::EIO);
        }
        result(libc::syscall(libc::SYS_read, fd, bytes, length))
    }

    /// `pread(2)`.
    fn pread(fd: c_int, bytes: *mut c_void, length: usize, at: i64) -> isize {
        if registry().watches() && registry().read_fails(fd) {
            return fail(libc::EIO);
        }
        result(libc::syscall(libc::SYS_pread64, fd, bytes, length, at))
    }

    /// `pread(2)`.
    fn pread64(fd: c_int, bytes: *mut c_void, length: usize, at: i64) -> isize {
        pread(fd, bytes, length, at)
    }

    /// `copy_file_range(2)`: not for files that are watched, so that those who copy read and write.
    fn copy_file_range(
        from: c_int,
        from_at: *mut i64,
        to: c_int,
        to_at: *mut i64,
        length: usize,
        flags: c_uint
    ) -> isize {
        if registry().watches() && registry().has(to) {
            return fail(libc::EXDEV);
        }
        let call = libc::SYS_copy_file_range;
        result(libc::syscall(call, from, from_at, to, to_at, length, flags))
    }

    /// `sendfile(2)`: neither.
    fn sendfile(to: c_int, from: c_int, at: *mut i64, length: usize) -> isize {
        if registry().watches() && registry().has(to) {
            return fail(libc::EINVAL);
        }
        result(libc::syscall(libc::SYS_sendfile, to, from, at, length))
    }

    /// `sendfile(2)`.
    fn sendfile64(to: c_int, from: c_int, at: *mut i64, length: usize) -> isize {
        sendfile(to, from, at, length)
    }

    /// `open(2)`. The mode is read where the file is made, and passed on as it is otherwise.
    fn open(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
        openat(HERE, path, flags, mode)
    }

    /// `open(2)`.
    fn open64(path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
        openat(HERE, path, flags, mode)
    }

    /// `openat(2)`.
    fn openat(directory: c_int, path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
        let name = CStr::from_ptr(path);
        if name == c"/dev/urandom" && let Some(fd) = chance::device() {
            return fd;
        }
        let perform = || {
            let flags = flags | libc::O_LARGEFILE;
            result(libc::syscall(libc::SYS_openat, directory, path, flags, mode))
        };
        let empties = flags & libc::O_TRUNC != 0 && flags & libc::O_ACCMODE != libc::O_RDONLY;
        if !empties || !registry().watches() {
            return small(perform());
        }
        let watched = |fd, perform| registry().open_empty(fd, perform);
        small(with_file(directory, name, 0, perform, watched))
    }

    /// `openat(2)`.
    fn openat64(directory: c_int, path: *const c_char, flags: c_int, mode: libc::mode_t) -> c_int {
        openat(directory, path, flags, mode)
    }

    /// `unlink(2)`.
    fn unlink(path: *const c_char) -> c_int {
        unlinkat(HERE, path, 0)
    }

    /// `unlinkat(2)`.
    fn unlinkat(directory: c_int, path: *const c_char, flags: c_int) -> c_int {
        let perform = || result(libc::syscall(libc::SYS_unlinkat, directory, path, flags));
        if !registry().watches() {
            return small(perform());
        }
        let name = CStr::from_ptr(path);
        let watched = |fd, perform| registry().rename(fd, perform);
        small(with_file(directory, name, libc::O_NOFOLLOW, perform, watched))
    }

    /// `rename(2)`.
    fn rename(from: *const c_char, to: *const c_char) -> c_int {
        renameat2(HERE, from, HERE, to, 0)
    }

    /// `renameat(2)`.
    fn renameat(
        from_directory: c_int,
        from: *const c_char,
        to_directory: c_int,
        to: *const c_char
    ) -> c_int {
        renameat2(from_directory, from, to_directory, to, 0)
    }

    /// `renameat2(2)`.
    fn renameat2(
        from_directory: c_int,
        from: *const c_char,
        to_directory: c_int,
        to: *const c_char,
        flags: c_uint
    ) -> c_int {
        let perform = || {
            let call = libc::SYS_renameat2;
            result(libc::syscall(call, from_directory, from, to_directory, to, flags))
        };
        if !registry().watches() {
            return small(perform());
        }
        // The file that has the name already; where there is none, the one that gets it.
        let (from, to) = (CStr::from_ptr(from), CStr::from_ptr(to));
        let (directory, name) =
            if exists(to_directory, to) { (to_directory, to) } else { (from_directory, from) };
        let watched = |fd, perform| registry().rename(fd, perform);
        small(with_file(directory, name, libc::O_NOFOLLOW, perform, watched))
    }
}

fn exists(directory: c_int, name: &CStr) -> bool {
    let fd = system::open(directory, name, libc::O_NOFOLLOW | libc::O_PATH | libc::O_CLOEXEC, 0);
    if fd >= 0 {
        system::close(fd);
    }
    fd >= 0
}

/// Runs `watched` with the file of this name as it is before the call; where there is none, the
/// call alone.
fn with_file<P: FnOnce() -> isize>(
    directory: c_int,
    name: &CStr,
    flags: c_int,
    perform: P,
    watched: impl FnOnce(c_int, P) -> isize,
) -> isize {
    // Such a descriptor reads nothing, and closing it gives up no locks.
    let fd = system::open(directory, name, flags | libc::O_PATH | libc::O_CLOEXEC, 0);
    if fd < 0 {
        return perform();
    }
    let done = watched(fd, perform);
    let error = system::errno();
    system::close(fd);
    if done < 0 { fail(error) } else { done }
}
