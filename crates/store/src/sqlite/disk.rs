//! What the disk under the data directory is like, and whether there is room on it.

use std::path::Path;

use rusqlite::ffi;

use crate::Error;

/// Groups between two looks at the free space, and bytes: far less than any sensible reserve.
const LOOK_GROUPS: u32 = 64;
const LOOK_BYTES: u64 = 8 << 20;

/// Keeps a reserve of the disk free, so that counters can be written and a person can tidy up.
#[derive(Debug, Default)]
pub(super) struct Space {
    /// What is written before the next look; nothing while there is no room.
    groups_left: u32,
    bytes_left: u64,
}

impl Space {
    /// Fails if less than the reserve is free. Looks only now and then, but again at every call
    /// while there is too little, so that the first group after somebody tidied up is taken.
    pub(super) fn check(&mut self, dir: &Path, reserve: u64, bytes: u64) -> Result<(), Error> {
        let is_known = self.groups_left > 0 && self.bytes_left >= bytes;
        if !is_known {
            let free = free_bytes(dir);
            if free < reserve {
                *self = Self::default();
                return Err(Error::NoSpace { path: dir.to_owned(), free, reserve });
            }
            *self = Self { groups_left: LOOK_GROUPS, bytes_left: LOOK_BYTES.max(bytes) };
        }
        self.groups_left -= 1;
        self.bytes_left -= bytes;
        Ok(())
    }
}

/// Returns how much ordinary users may write; everything where the system does not say.
fn free_bytes(dir: &Path) -> u64 {
    free(dir).unwrap_or(u64::MAX)
}

/// Returns how much ordinary users may write, where the system says so.
#[cfg(unix)]
pub(super) fn free(dir: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(dir).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Returns how many files may still be made, where the system says so; some have no bound.
#[cfg(unix)]
pub(super) fn free_files(dir: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(dir).ok()?;
    (stat.f_files > 0).then_some(stat.f_favail)
}

#[cfg(not(unix))]
pub(super) fn free_files(_dir: &Path) -> Option<u64> {
    None
}

/// Returns whether nobody may write, whatever the rights are.
#[cfg(unix)]
pub(super) fn is_read_only(dir: &Path) -> bool {
    let read_only = rustix::fs::StatVfsMountFlags::RDONLY;
    rustix::fs::statvfs(dir).is_ok_and(|it| it.f_flag.contains(read_only))
}

#[cfg(not(unix))]
pub(super) fn is_read_only(_dir: &Path) -> bool {
    false
}

/// Fails as SQLite would at the first write, if nobody may write there.
pub(super) fn refuse_read_only(dir: &Path) -> Result<(), Error> {
    if !is_read_only(dir) {
        return Ok(());
    }
    let code = ffi::Error::new(ffi::SQLITE_READONLY);
    Err(Error::Append(rusqlite::Error::SqliteFailure(code, None)))
}

#[cfg(not(unix))]
pub(super) fn free(_dir: &Path) -> Option<u64> {
    None
}

/// File systems whose locks and shared memory do not reach, or not safely, all who share a file.
///
/// 9P is among them: it is how virtual machines see directories of their host, and two of them
/// would share a write-ahead log without sharing memory.
#[cfg(target_os = "linux")]
const NETWORK: [(i128, &str); 12] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xfe53_4d42, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0x0102_1997, "9P"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x00c3_6400, "Ceph"),
    (0x0bd0_0bd0, "Lustre"),
    (0x7375_7245, "Coda"),
    (0x4750_4653, "GPFS"),
    (0x564c, "NCP"),
];

#[cfg(target_os = "linux")]
const FUSE: i128 = 0x6573_5546;

/// Programs behind FUSE that reach over a network; others, for encryption say, are local.
#[cfg(target_os = "linux")]
const NETWORK_FUSE: [&str; 8] = [
    "fuse.sshfs",
    "fuse.s3fs",
    "fuse.rclone",
    "fuse.glusterfs",
    "fuse.gcsfuse",
    "fuse.davfs",
    "fuse.curlftpfs",
    "fuse.ceph-fuse",
];

/// Refuses a directory on a network file system.
#[cfg(target_os = "linux")]
pub(super) fn refuse_network(dir: &Path) -> Result<(), Error> {
    match network_of(dir) {
        Some(kind) => Err(Error::NetworkFileSystem { path: dir.to_owned(), kind }),
        None => Ok(()),
    }
}

#[cfg(target_os = "linux")]
fn network_of(dir: &Path) -> Option<String> {
    // What cannot be asked is decided when the file is opened.
    let stat = rustix::fs::statfs(dir).ok()?;
    // The type differs between architectures; 32 bits of it say it all.
    let magic = i128::from(stat.f_type) & 0xffff_ffff;
    network(magic, mounts, &canonical(dir))
}

/// Returns what kind of file system a directory is on, and whether it reaches over a network.
#[cfg(target_os = "linux")]
pub(super) fn file_system(dir: &Path) -> (Option<String>, bool) {
    match network_of(dir) {
        Some(kind) => (Some(kind), true),
        None => (mounted_as(&mounts(), &canonical(dir)), false),
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn file_system(_dir: &Path) -> (Option<String>, bool) {
    (None, false)
}

#[cfg(target_os = "linux")]
fn mounts() -> String {
    std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default()
}

#[cfg(target_os = "linux")]
fn canonical(dir: &Path) -> std::path::PathBuf {
    dir.canonicalize().unwrap_or_else(|_| dir.to_owned())
}

/// Returns the name of a network file system.
#[cfg(target_os = "linux")]
fn network(magic: i128, mountinfo: impl FnOnce() -> String, dir: &Path) -> Option<String> {
    if magic == FUSE {
        return mounted_as(&mountinfo(), dir).filter(|it| NETWORK_FUSE.contains(&it.as_str()));
    }
    NETWORK.iter().find(|(it, _)| *it == magic).map(|(_, kind)| (*kind).to_owned())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn refuse_network(_dir: &Path) -> Result<(), Error> {
    Ok(())
}

/// Returns the type of the file system a directory is on, from the kernel's list of mounts.
#[cfg(target_os = "linux")]
fn mounted_as(mountinfo: &str, dir: &Path) -> Option<String> {
    let mounts = mountinfo.lines().filter_map(|line| {
        let (mount, file_system) = line.split_once(" - ")?;
        let at = mount.split(' ').nth(4)?.replace("\\040", " ");
        let kind = file_system.split(' ').next()?.to_owned();
        dir.starts_with(&at).then_some((at.len(), kind))
    });
    // Of two mounts at one place the later hides the earlier.
    mounts.max_by_key(|(len, _)| *len).map(|(_, kind)| kind)
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
