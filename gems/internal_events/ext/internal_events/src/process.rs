//! Which process this is, without asking the kernel each time.
//!
//! Every call asks, for a fork may have made another process of this one, and the kernel's answer
//! takes a tenth of a call. So the answer is kept, beside a page of memory that the kernel wipes in
//! every child, however it was forked: where the mark in it is gone, the answer is another one.
#![expect(unsafe_code, reason = "the kernel's functions for memory take pointers")]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The id of this process, and where it is known to be that of this process.
struct Known {
    id: AtomicU32,
    /// One where the id is right, and wiped to nought by a fork.
    mark: &'static AtomicU32,
}

/// The id of the process that runs this.
pub(crate) fn id() -> u32 {
    static KNOWN: OnceLock<Option<Known>> = OnceLock::new();
    let known =
        KNOWN.get_or_init(|| Some(Known { id: AtomicU32::new(0), mark: wiped_by_forks()? }));
    match known {
        Some(known) => known.id(),
        None => std::process::id(),
    }
}

impl Known {
    fn id(&self) -> u32 {
        if self.mark.load(Ordering::Acquire) == 0 {
            self.id.store(std::process::id(), Ordering::Relaxed);
            self.mark.store(1, Ordering::Release);
        }
        self.id.load(Ordering::Relaxed)
    }
}

/// Memory of nought that every fork wipes to nought again; none where the kernel cannot do that.
#[cfg(target_os = "linux")]
fn wiped_by_forks() -> Option<&'static AtomicU32> {
    let (size, access) = (size_of::<AtomicU32>(), libc::PROT_READ | libc::PROT_WRITE);
    let private = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping at a place of the kernel's choice touches no other memory.
    let page = unsafe { libc::mmap(std::ptr::null_mut(), size, access, private, -1, 0) };
    if page == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: this is the page that was just mapped, whole, and nobody else knows it.
    if unsafe { libc::madvise(page, size, libc::MADV_WIPEONFORK) } != 0 {
        return None;
    }
    // SAFETY: the page is never unmapped, is aligned for anything, holds nought, and is only ever
    // used as this number.
    Some(unsafe { &*page.cast::<AtomicU32>() })
}

#[cfg(not(target_os = "linux"))]
fn wiped_by_forks() -> Option<&'static AtomicU32> {
    None
}
