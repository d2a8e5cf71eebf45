//! The definitions as text, for whoever asks.

use crate::Collector;
use crate::collector::Answer;
use crate::problem::Problem;
use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use std::fmt;
use std::sync::{Arc, OnceLock};

/// The definitions of metrics as YAML, written when somebody asks; cheap to clone.
#[derive(Clone)]
pub struct Listing(Arc<Inner>);

struct Inner {
    write: Box<dyn Fn(bool) -> String + Send + Sync>,
    /// Without paths, and with them.
    written: [OnceLock<Bytes>; 2],
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

    fn text(&self, include_paths: bool) -> Bytes {
        let written = &self.0.written[usize::from(include_paths)];
        written.get_or_init(|| (self.0.write)(include_paths).into()).clone()
    }
}

/// Answers with the definitions of all metrics.
pub(crate) async fn answer(collector: &Collector, query: &str) -> Result<Answer, Problem> {
    let include_paths = include_paths(query)?;
    let listing = collector.reload.listing();
    // Thousands of definitions take a moment to write; it must not hold up those who track.
    let text = tokio::task::spawn_blocking(move || listing.text(include_paths)).await;
    let mut response = Response::new(Full::new(text.map_err(|_| Problem::Interrupted)?));
    let kind = HeaderValue::from_static("application/yaml");
    response.headers_mut().insert(CONTENT_TYPE, kind);
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
