//! Whether something was written behind the place where SQLite's log seems to end.
//!
//! SQLite takes the first frame of its write-ahead log whose checksum is wrong for the log's end,
//! for that is what a loss of power leaves of a group that was not synced. Where it is a bit that
//! flipped, all groups behind it were accepted, and SQLite would hide them and write over them
//! without a word. What tells the two apart: a group is written only once the one before it was
//! synced. So a whole group with another behind it is none that a loss of power left half.
//!
//! The file is read and nothing else is touched: of `-shm`, as of the database, not even that,
//! for whoever closes either gives up the locks that SQLite has on it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::look::beside;
use super::schema::PAGE_BYTES;
use crate::Error;

/// Bytes of the header of the file, and of the one before each page.
const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// What the file begins with; the last bit says in which order sums are made.
const MAGIC: u32 = 0x377f_0682;

/// How often a log is read at the most that others write meanwhile.
const TRIES: usize = 3;

/// Bytes of the largest page that SQLite has.
const LARGEST_PAGE: u32 = 65_536;

type Sum = (u32, u32);

/// Where a log breaks off although it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Break {
    header: [u8; HEADER],
    /// The frame that is not what was written, counted from 1; 0 is the header.
    frame: u64,
    /// The byte at which it starts.
    starts_at: u64,
}

/// Fails if the log of a database is damaged before its end.
pub(super) fn check(path: &Path) -> Result<(), Error> {
    let log = beside(path, "-wal");
    match find(&log) {
        Some(found) => Err(Error::Log { path: log, frame: found.frame }),
        None => Ok(()),
    }
}

/// Ends the log of a database where it is damaged, and returns where it is kept as it was; nothing
/// if it is not damaged. Nobody else may have the database open.
pub(super) fn cut(path: &Path) -> io::Result<Option<PathBuf>> {
    let log = beside(path, "-wal");
    let Some(found) = find(&log) else { return Ok(None) };
    let names = (1..).map(|n| beside(path, &format!("-wal.damaged-{n}")));
    let kept = names.into_iter().find(|it| !it.try_exists().unwrap_or_default());
    let kept = kept.expect("invariant: there is an end to the files in a directory");
    fs::copy(&log, &kept)?;
    File::open(&kept)?.sync_all()?;
    let file = OpenOptions::new().write(true).open(&log)?;
    // A log with a header and no frame is none that SQLite leaves.
    file.set_len(if found.frame > 1 { found.starts_at } else { 0 })?;
    file.sync_all()?;
    // The index is that of the log as it was; the next who opens the database makes it anew.
    match fs::remove_file(beside(path, "-shm")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(Some(kept)),
    }
}

fn find(log: &Path) -> Option<Break> {
    let mut before = None;
    for _ in 0..TRIES {
        // What cannot be read SQLite will complain of.
        let found = File::open(log).and_then(|it| find_break(&it)).ok()??;
        // Others may write between two of our looks; what is damaged stays where it is.
        if before == Some(found) {
            return before;
        }
        before = Some(found);
    }
    None
}

/// Returns where the log breaks off, if whole groups are behind that.
fn find_break(file: &File) -> io::Result<Option<Break>> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut header = [0; HEADER];
    if !fill(&mut reader, &mut header)? || header == [0; HEADER] {
        return Ok(None);
    }
    let mut walk = Walk::new(&header);
    let mut frame = vec![0; walk.frame_bytes()];
    while fill(&mut reader, &mut frame)? {
        if let Some(broken_at) = walk.step(&frame) {
            let found = Break { header, frame: broken_at, starts_at: walk.start_of(broken_at) };
            return Ok(is_still(file, &header).then_some(found));
        }
    }
    Ok(None)
}

/// Whether nobody has begun the log anew meanwhile.
fn is_still(mut file: &File, header: &[u8; HEADER]) -> bool {
    let mut now = [0; HEADER];
    file.seek(SeekFrom::Start(0)).and_then(|_| file.read_exact(&mut now)).is_ok() && now == *header
}

/// Fills a buffer; not if the file ends before.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        read => read.map(|()| true),
    }
}

/// A walk over the frames of a log.
struct Walk {
    /// Whether sums are made of numbers with their highest byte first.
    is_big_endian: bool,
    page_bytes: usize,
    /// What the frames have that were written since the log was last begun anew; that of the first
    /// if the header does not say.
    salts: Option<[u8; 8]>,
    /// The sum that the frame before says it has, right or wrong.
    sum: Sum,
    /// How many frames there were.
    n: u64,
    /// The first that was not what its sum says.
    broken_at: Option<u64>,
    /// Whether the frame before is behind the break and the last of a group.
    is_after_group: bool,
}

impl Walk {
    fn new(header: &[u8; HEADER]) -> Self {
        let magic = number(&header[0..4]);
        let is_big_endian = magic & 1 == 1;
        let sum = (number(&header[24..28]), number(&header[28..32]));
        let is_whole = magic & !1 == MAGIC && add((0, 0), &header[..24], is_big_endian) == sum;
        let page_bytes = number(&header[8..12]);
        if !is_whole || page_bytes > LARGEST_PAGE {
            return Self::without_header();
        }
        Self {
            is_big_endian,
            page_bytes: page_bytes as usize,
            salts: Some(std::array::from_fn(|i| header[16 + i])),
            sum,
            n: 0,
            broken_at: None,
            is_after_group: false,
        }
    }

    /// Goes by what a log of ours has if nothing in its header can be believed.
    fn without_header() -> Self {
        Self {
            is_big_endian: cfg!(target_endian = "big"),
            page_bytes: PAGE_BYTES as usize,
            salts: None,
            sum: (0, 0),
            n: 0,
            broken_at: Some(0),
            is_after_group: false,
        }
    }

    fn frame_bytes(&self) -> usize {
        FRAME_HEADER + self.page_bytes
    }

    /// The byte at which a frame, or the header, starts.
    fn start_of(&self, frame: u64) -> u64 {
        let before = |n: u64| HEADER as u64 + n * self.frame_bytes() as u64;
        frame.checked_sub(1).map_or(0, before)
    }

    /// Takes the next frame, and returns where the log broke off if this shows that it goes on.
    fn step(&mut self, frame: &[u8]) -> Option<u64> {
        let (head, page) = frame.split_at(FRAME_HEADER);
        self.n += 1;
        let salts = *self.salts.get_or_insert(std::array::from_fn(|i| head[8 + i]));
        let is_ours = head[8..16] == salts;
        let sum = add(add(self.sum, &head[..8], self.is_big_endian), page, self.is_big_endian);
        self.sum = (number(&head[16..20]), number(&head[20..24]));
        let is_next = is_ours && sum == self.sum;
        if is_next && self.is_after_group {
            return self.broken_at;
        }
        if !is_next && self.broken_at.is_none() {
            self.broken_at = Some(self.n);
        }
        // The last frame of a group has the size that the database then has.
        let ends_group = is_ours && number(&head[4..8]) > 0;
        self.is_after_group = self.broken_at.is_some() && ends_group;
        None
    }
}

/// The four bytes as a number, highest first.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

/// Goes on with a sum over bytes, eight at a time.
fn add((mut one, mut other): Sum, bytes: &[u8], is_big_endian: bool) -> Sum {
    let read = if is_big_endian { u32::from_be_bytes } else { u32::from_le_bytes };
    for it in bytes.chunks_exact(8) {
        one = one.wrapping_add(read([it[0], it[1], it[2], it[3]])).wrapping_add(other);
        other = other.wrapping_add(read([it[4], it[5], it[6], it[7]])).wrapping_add(one);
    }
    (one, other)
}
