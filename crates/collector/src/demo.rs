//! A page to try out every way to send an event, with what each of them moved and why not more.
//!
//! It is there only where it was asked for, and knows nothing that its visitor may not ask REST
//! for: metrics, the journal, and what an event would do. It sends with the browser package, as
//! any page does.

mod definitions;

use crate::Collector;
use crate::access::Scope;
use crate::access::expect_get;
use crate::answer::Answer;
use crate::page::page;
use crate::problem::Problem;
use hyper::http::request::Parts;
use std::net::IpAddr;

/// Where the page is.
const DEMO_PATH: &str = "/demo";

/// Where its files are.
const FILE_PATH: &str = "/demo/{file}";

/// Where the page asks which events there are.
const DEFINITIONS_PATH: &str = "/demo/definitions";

/// Files of the page, which may use each other and nothing else.
const SOURCES: &str = "script-src 'self'; style-src 'self'";

/// Tells whether a path is one of the page's.
pub(crate) fn serves(path: &str) -> bool {
    path == DEMO_PATH || path.starts_with(folder())
}

/// What the paths of all files begin with.
fn folder() -> &'static str {
    FILE_PATH.trim_end_matches("{file}")
}

/// Answers who asks for the page, and may.
pub(crate) fn answer(collector: &Collector, peer: IpAddr, head: &Parts) -> Result<Answer, Problem> {
    let path = head.uri.path();
    let file = file(path);
    // A file holds no event. A browser, which has no token until somebody gives it one there, gets
    // it from its own machine.
    if file.is_none() || !collector.is_direct(peer, head) {
        collector.admit(peer, head)?.require(Scope::ReadMetrics)?;
    }
    if file.is_none() && path != DEFINITIONS_PATH {
        return Err(Problem::NoSuchPage);
    }
    expect_get(&head.method)?;
    if !collector.has_demo() {
        return Err(Problem::NotAskedFor { flag: "--dev" });
    }
    Ok(file.unwrap_or_else(|| definitions::answer(collector)))
}

fn file(path: &str) -> Option<Answer> {
    let script = "text/javascript; charset=utf-8";
    let (kind, text) = match path.strip_prefix(folder()) {
        None if path == DEMO_PATH => ("text/html; charset=utf-8", include_str!("demo/demo.html")),
        Some("demo.css") => ("text/css; charset=utf-8", include_str!("demo/demo.css")),
        Some("demo.js") => (script, include_str!("demo/demo.js")),
        Some("seen.js") => (script, include_str!("demo/seen.js")),
        Some("server.js") => (script, include_str!("demo/server.js")),
        _ => return None,
    };
    Some(page(kind, SOURCES, text))
}
