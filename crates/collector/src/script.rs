//! The browser package as one classic script, for pages of any origin.
//!
//! It holds nothing of anybody and changes nothing, so whoever reaches the server may load it; who
//! may send events with it is asked when they come. Pages of other origins load it with
//! `integrity`, for which a browser wants to be told that they may read it.

use crate::Collector;
use crate::access::expect_get;
use crate::answer::Answer;
use crate::problem::Problem;
use crate::tags;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use sha2::{Digest as _, Sha384};
use std::net::IpAddr;
use std::sync::LazyLock;

/// The script as it was built; a test of the package holds it against its source.
const SCRIPT: &str = include_str!("../../../packages/browser/dist/internal-events.js");

/// Where pages load it.
const SCRIPT_PATH: &str = "/internal-events.js";

/// Where programs that write pages ask for its `integrity`.
const INTEGRITY_PATH: &str = "/internal-events.js.sha384";

/// How long a browser keeps it without asking: another version of the server has another script.
const FOR_AN_HOUR: &str = "public, max-age=3600";

/// The same where the address names the very script.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What tells this script from others.
struct Names {
    /// The value of the attribute `integrity`.
    integrity: String,
    /// The beginning of the same hash, for addresses.
    version: String,
    tag: HeaderValue,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let hash = Sha384::digest(SCRIPT);
    let start = hash.first_chunk().expect("invariant: a hash has 48 bytes");
    let version = format!("{:016x}", u64::from_be_bytes(*start));
    let tag = HeaderValue::try_from(format!("\"{version}\""));
    let tag = tag.expect("invariant: digits in quotes are a value of a header");
    Names { integrity: format!("sha384-{}", STANDARD.encode(hash)), version, tag }
});

/// Tells whether this is one of the two paths.
pub(crate) fn serves(path: &str) -> bool {
    matches!(path, SCRIPT_PATH | INTEGRITY_PATH)
}

/// The element by which a page loads the script from a server, and no other than this script.
pub(crate) fn element(server: &str) -> String {
    let Names { integrity, version, .. } = &*NAMES;
    format!(
        r#"<script src="{server}{SCRIPT_PATH}?v={version}" integrity="{integrity}" crossorigin="anonymous"></script>"#
    )
}

/// Answers with the script, or with its hash.
pub(crate) fn answer(collector: &Collector, peer: IpAddr, head: &Parts) -> Result<Answer, Problem> {
    collector.admit_anybody(peer, head)?;
    expect_get(&head.method)?;
    let is_script = head.uri.path() == SCRIPT_PATH;
    let mut response =
        if is_script { script(head) } else { text(format!("{}\n", NAMES.integrity)) };
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}

fn script(head: &Parts) -> Answer {
    let has_it = tags::has(&head.headers, &NAMES.tag);
    let body = if has_it { Bytes::new() } else { Bytes::from_static(SCRIPT.as_bytes()) };
    let mut response = Response::new(Full::new(body));
    if has_it {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let is_named = names_version(head.uri.query().unwrap_or_default());
    let kept = if is_named { FOR_EVER } else { FOR_AN_HOUR };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(ETAG, NAMES.tag.clone());
    response
}

/// Tells whether a query names this very script. One that names another, as pages do that were
/// written for another version of the server, gets this script too, but not for ever.
fn names_version(query: &str) -> bool {
    let mut versions = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "v");
    versions.any(|(_, it)| it == NAMES.version)
}

fn text(text: String) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
