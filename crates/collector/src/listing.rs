//! The definitions as text, for whoever asks.

use crate::Collector;
use crate::answer::Answer;
use crate::problem::Problem;
use crate::tags;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, ETAG, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The definitions of metrics as YAML, written when somebody asks; cheap to clone.
#[derive(Clone)]
pub struct Listing(Arc<Inner>);

struct Inner {
    write: Box<dyn Fn(bool) -> String + Send + Sync>,
    /// Without paths, and with them.
    written: [OnceLock<Written>; 2],
}

/// A listing as it was written, and what tells it from others.
#[derive(Clone)]
struct Written {
    text: Bytes,
    tag: HeaderValue,
}

impl fmt::Debug for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listing").finish_non_exhaustive()
    }
}

impl Default for Listing {
    /// Lists nothing.
    fn default() -> Self {
        Self::new(|_| "[]\n".to_owned())
    }
}

impl Listing {
    /// Makes a listing of a function that writes it, with the paths of files or without.
    pub fn new(write: impl Fn(bool) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner { write: Box::new(write), written: Default::default() }))
    }

    fn written(&self, include_paths: bool) -> Written {
        let written = &self.0.written[usize::from(include_paths)];
        let write = || {
            let text = (self.0.write)(include_paths);
            let hash = Sha256::digest(&text);
            let start = hash.first_chunk().expect("invariant: a hash has 32 bytes");
            let number = u128::from_be_bytes(*start);
            let tag = HeaderValue::try_from(format!("\"{number:032x}\""));
            let tag = tag.expect("invariant: digits in quotes are a value of a header");
            Written { text: text.into(), tag }
        };
        written.get_or_init(write).clone()
    }
}

/// Answers with the definitions of all metrics, unless the caller has them.
pub(crate) async fn answer(collector: &Collector, head: &Parts) -> Result<Answer, Problem> {
    let include_paths = include_paths(head.uri.query().unwrap_or_default())?;
    let listing = collector.reload.listing();
    // Thousands of definitions take a moment to write; it must not hold up those who track.
    let written = tokio::task::spawn_blocking(move || listing.written(include_paths)).await;
    let Written { text, tag } = written.map_err(|_| Problem::Interrupted)?;
    let has_it = tags::has(&head.headers, &tag);
    let mut response = Response::new(Full::new(if has_it { Bytes::new() } else { text }));
    if has_it {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        let kind = HeaderValue::from_static("application/yaml");
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    response.headers_mut().insert(ETAG, tag);
    Ok(response)
}

fn include_paths(query: &str) -> Result<bool, Problem> {
    let mut include_paths = false;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "include_paths" {
            let detail = format!("There is no parameter `{name}`, only `include_paths`.");
            return Err(Problem::InvalidParameter(detail));
        }
        include_paths = value.parse().map_err(|_| {
            let detail = format!("include_paths is `{value}`; it should be true or false.");
            Problem::InvalidParameter(detail)
        })?;
    }
    Ok(include_paths)
}
