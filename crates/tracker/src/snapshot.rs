//! Counters in a file, to be carried from one place to another.
//!
//! ```text
//! {"snapshot":1,"source":"5f0c…","includes":["9d1b…"],"written_at":"2026-11-27T19:00:00Z"}
//! {"key":"{event_counters}_create_order","total":5}
//! {"key":"{event_sums}_create_order-value","sum":1.5}
//! {"key":"{hll_counters}_create_order-user-2026-47","unique":"SFlMTAEAAAAAAAAAAAAAf/4="}
//! {"key":"{hll_counters}_create_order-operator:total-label","values":[["gift",3],["other",1]]}
//! {"counters":4,"sha256":"…"}
//! ```
//!
//! One object of JSON on each line. A sketch is base64 of the bytes Redis keeps; a value that is no
//! text is `{"base64":"…"}`. The last line has the number of counters and the SHA-256 of all lines
//! before it, so that a file that was cut off or changed is noticed before anything of it is taken.
//! `docs/snapshot.md` says the same for users.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use internal_events_store::Counter;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

/// The version that is written, and the only one that is read.
const VERSION: u64 = 1;

/// What a snapshot says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotHeader {
    snapshot: u64,
    /// The place its counters are from.
    pub source: String,
    /// What had been counted or copied there: ids of journals and of places.
    pub includes: BTreeSet<String>,
    /// When it was written, in UTC.
    pub written_at: String,
}

impl SnapshotHeader {
    /// Makes the header of a snapshot of the newest version.
    pub fn new(source: impl Into<String>, includes: BTreeSet<String>, at: jiff::Timestamp) -> Self {
        let written_at = format!("{at:.0}");
        Self { snapshot: VERSION, source: source.into(), includes, written_at }
    }
}

/// Writes a snapshot, counter by counter.
#[derive(Debug)]
pub struct SnapshotWriter<W> {
    out: W,
    hash: Sha256,
    n: u64,
}

impl<W: Write> SnapshotWriter<W> {
    /// Begins a snapshot.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written, as do all methods.
    pub fn new(out: W, header: &SnapshotHeader) -> io::Result<Self> {
        let mut writer = Self { out, hash: Sha256::new(), n: 0 };
        writer.line(&serde_json::to_value(header)?)?;
        Ok(writer)
    }

    /// Writes one counter.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    pub fn counter(&mut self, key: &str, counter: &Counter) -> io::Result<()> {
        self.n += 1;
        self.line(&match counter {
            Counter::Total(it) => json!({ "key": key, "total": it }),
            Counter::Sum(it) => json!({ "key": key, "sum": it }),
            Counter::Unique(it) => {
                json!({ "key": key, "unique": BASE64_STANDARD.encode(it.to_bytes()) })
            }
            Counter::PerValue(it) => {
                let values: Vec<Value> =
                    it.iter().map(|(value, n)| json!([value_json(value), n])).collect();
                json!({ "key": key, "values": values })
            }
        })
    }

    /// Ends the snapshot, and gives back what it was written to.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        let sha256 = hex(&self.hash.clone().finalize());
        self.line(&json!({ "counters": self.n, "sha256": sha256 }))?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn line(&mut self, value: &Value) -> io::Result<()> {
        let line = format!("{value}\n");
        self.hash.update(&line);
        self.out.write_all(line.as_bytes())
    }
}

fn value_json(value: &[u8]) -> Value {
    match str::from_utf8(value) {
        Ok(text) => text.into(),
        Err(_) => json!({ "base64": BASE64_STANDARD.encode(value) }),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, it| format!("{hex}{it:02x}"))
}

/// A whole snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// What it says of itself.
    pub header: SnapshotHeader,
    /// Its counters, in the order in which they were written.
    pub counters: Vec<(String, Counter)>,
}

/// Why a text is no snapshot.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It does not begin like one.
    #[error("it is no snapshot of counters: its first line does not say so")]
    Header,
    /// It was written by a newer version of the program.
    #[error("it is a snapshot of version {version}, and this program reads version {VERSION}")]
    Version {
        /// Which it is.
        version: u64,
    },
    /// Its end is missing.
    #[error("it was cut off: its last line does not say how many counters there are")]
    CutOff,
    /// It is not as it was written.
    #[error("it has been changed or damaged since it was written: its checksum is another one")]
    Checksum,
    /// A line is no counter.
    #[error("line {line} is no counter: {reason}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

impl Snapshot {
    /// Reads a snapshot, of which nothing may be wrong.
    ///
    /// # Errors
    ///
    /// When anything is.
    pub fn read(text: &str) -> Result<Self, SnapshotError> {
        let first = text.split_inclusive('\n').next().unwrap_or_default();
        let header: Value = serde_json::from_str(first).map_err(|_| SnapshotError::Header)?;
        match header["snapshot"].as_u64() {
            Some(VERSION) => {}
            Some(version) => return Err(SnapshotError::Version { version }),
            None => return Err(SnapshotError::Header),
        }
        let header: SnapshotHeader =
            serde_json::from_value(header).map_err(|_| SnapshotError::Header)?;
        let body = text.strip_suffix('\n').ok_or(SnapshotError::CutOff)?;
        let start = body.rfind('\n').ok_or(SnapshotError::CutOff)? + 1;
        let end: End = serde_json::from_str(&body[start..]).map_err(|_| SnapshotError::CutOff)?;
        if end.sha256 != hex(&Sha256::digest(&text[..start])) {
            return Err(SnapshotError::Checksum);
        }
        let lines = text[first.len()..start].lines().enumerate();
        let read = |(at, line)| {
            counter(line).map_err(|reason| SnapshotError::Line { line: at + 2, reason })
        };
        let counters: Vec<_> = lines.map(read).collect::<Result<_, _>>()?;
        if counters.len() as u64 != end.counters {
            return Err(SnapshotError::Checksum);
        }
        Ok(Self { header, counters })
    }
}

/// The last line.
#[derive(Deserialize)]
struct End {
    counters: u64,
    sha256: String,
}

/// The line of a counter.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    key: String,
    total: Option<u64>,
    sum: Option<f64>,
    unique: Option<String>,
    values: Option<Vec<(Text, u64)>>,
}

/// A value, which is not always text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Encoded { base64: String },
}

fn counter(line: &str) -> Result<(String, Counter), String> {
    let line: Line = serde_json::from_str(line).map_err(|it| it.to_string())?;
    let largest = u64::try_from(i64::MAX).unwrap_or_default();
    let counter = match (line.total, line.sum, line.unique, line.values) {
        (Some(it), None, None, None) if it <= largest => Counter::Total(it),
        (None, Some(it), None, None) if it.is_finite() => Counter::Sum(it),
        (None, None, Some(it), None) => {
            let bytes = BASE64_STANDARD.decode(it).map_err(|it| it.to_string())?;
            Counter::unique(&bytes)?
        }
        (None, None, None, Some(values)) => {
            let mut totals = BTreeMap::new();
            for (value, n) in values {
                let value = match value {
                    Text::Plain(it) => it.into_bytes(),
                    Text::Encoded { base64 } => {
                        BASE64_STANDARD.decode(base64).map_err(|it| it.to_string())?
                    }
                };
                if n > largest || totals.insert(value, n).is_some() {
                    return Err("a value has no total of its own".to_owned());
                }
            }
            Counter::PerValue(totals)
        }
        _ => return Err("it has to be one of total, sum, unique and values".to_owned()),
    };
    Ok((line.key, counter))
}

#[cfg(test)]
mod tests;
