//! A name for each request, in its answer and in the log.

use hyper::header::HeaderValue;
use internal_events::new_id;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Builder;

/// Where it is written.
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// Bytes of one that a caller brings: a UUID has 36, and those of tracing systems up to 55.
const LONGEST: usize = 64;

/// An odd number that spreads the ids of neighbours over all bits.
const STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;

/// Makes UUIDs of version 7 without asking the system for each.
#[derive(Debug)]
pub(crate) struct RequestIds {
    /// Where this process began; another process begins elsewhere.
    base: u64,
    next: AtomicU64,
}

impl Default for RequestIds {
    fn default() -> Self {
        let (base, next) = new_id().as_u64_pair();
        let (_, other) = new_id().as_u64_pair();
        Self { base: base ^ other.rotate_left(32), next: AtomicU64::new(next) }
    }
}

impl RequestIds {
    /// The caller's own, if it is short and plain; else a new one.
    pub(crate) fn give(&self, brought: Option<&HeaderValue>, now_ms: i64) -> HeaderValue {
        match brought {
            Some(it) if is_plain(it.as_bytes()) => it.clone(),
            _ => self.make(now_ms),
        }
    }

    fn make(&self, now_ms: i64) -> HeaderValue {
        let mut bytes = [0; 10];
        let n = self.next.fetch_add(STRIDE, Ordering::Relaxed);
        bytes[..2].copy_from_slice(&self.base.to_le_bytes()[..2]);
        bytes[2..].copy_from_slice(&n.to_le_bytes());
        let millis = u64::try_from(now_ms).unwrap_or_default();
        let id = Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid();
        let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
        let text = id.hyphenated().encode_lower(&mut text);
        HeaderValue::from_str(text).expect("invariant: a UUID is plain text")
    }
}

fn is_plain(id: &[u8]) -> bool {
    let is_plain = |it: &u8| it.is_ascii_alphanumeric() || b"-_.".contains(it);
    (1..=LONGEST).contains(&id.len()) && id.iter().all(is_plain)
}

#[cfg(test)]
mod tests;
