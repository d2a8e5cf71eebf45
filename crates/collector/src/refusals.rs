//! How many requests were refused by whom they came from, and which of them the log mentions.

use crate::rate::{Bucket, Rate};
use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Lines about refused requests: whoever sends nonsense must not fill a disk.
const LINES: Rate = Rate { events_per_second: 10, burst: 100 };

/// What was refused since the start.
#[derive(Debug)]
pub(crate) struct Refusals {
    started: Instant,
    lines: Bucket,
    unmentioned: AtomicU64,
    /// By the codes of problems, of which there are few.
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

/// A request, as far as the log may know it: neither its query nor its headers.
pub(crate) struct Named<'a> {
    pub(crate) id: &'a HeaderValue,
    pub(crate) method: &'a Method,
    pub(crate) path: &'a str,
}

impl Named<'_> {
    fn id(&self) -> &str {
        self.id.to_str().unwrap_or_default()
    }

    /// Logs an answer of any kind, for those who ask for that much.
    pub(crate) fn log_answer(&self, status: StatusCode, started: Instant) {
        tracing::debug!(
            request_id = self.id(),
            method = self.method.as_str(),
            path = self.path,
            status = status.as_u16(),
            microseconds = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
            "answered"
        );
    }
}

impl Default for Refusals {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            lines: Bucket::default(),
            unmentioned: AtomicU64::new(0),
            counts: Mutex::default(),
        }
    }
}

impl Refusals {
    /// Counts a request that was refused because of who sent it, and how often.
    pub(crate) fn count(&self, code: &'static str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(code).or_default() += 1;
    }

    pub(crate) fn snapshot(&self) -> BTreeMap<&'static str, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Logs a problem with the request's id, as long as there are not too many.
    #[cold]
    pub(crate) fn log(&self, request: &Named<'_>, status: StatusCode, code: &'static str) {
        let now = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        if self.lines.take(1, now, LINES).is_err() {
            self.unmentioned.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let unmentioned = self.unmentioned.swap(0, Ordering::Relaxed);
        let (id, method, path) = (request.id(), request.method.as_str(), request.path);
        let status = status.as_u16();
        if status >= 500 {
            tracing::warn!(request_id = id, method, path, status, code, "a request failed");
        } else {
            tracing::info!(request_id = id, method, path, status, code, "a request was refused");
        }
        if unmentioned > 0 {
            tracing::warn!(requests = unmentioned, "further refused requests were not mentioned");
        }
    }
}
