//! What browsers are told, so that pages of allowed origins may ask and read the answer.

use crate::answer::Answer;
use crate::{Collector, script};
use http_body_util::Full;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

/// How long a browser may remember what it was told, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("3600");

/// Tells whether a browser asks before it lets a page send.
pub(crate) fn is_preflight(head: &Parts) -> bool {
    head.method == Method::OPTIONS
        && head.headers.contains_key(ORIGIN)
        && head.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Answers it.
pub(crate) fn preflight() -> Answer {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    let allowed = "Authorization, Content-Type, Idempotency-Key, PRIVATE-TOKEN, X-Request-Id";
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed));
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    response
}

/// Answers it where trackers send.
pub(crate) fn tracker_preflight(collector: &Collector) -> Answer {
    let mut response = Response::new(Full::default());
    let headers = response.headers_mut();
    let allowed = match collector.micro {
        // Pages under test say to which run they belong.
        Some(_) => "Content-Type, SP-Anonymous, X-Internal-Events-Run",
        None => "Content-Type, SP-Anonymous",
    };
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed));
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    response
}

/// Says in an answer which page may read it.
pub(crate) fn add(collector: &Collector, head: &Parts, answer: &mut Answer) {
    let path = head.uri.path();
    if script::serves(path) {
        // Pages of all origins may read it, which it says itself.
        return;
    }
    let is_trackers = collector.endpoint.serves(path);
    let is_pages = head.headers.contains_key(ORIGIN);
    if !is_trackers && !is_pages {
        return;
    }
    let headers = answer.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = collector.allowed_origin(&head.headers) else { return };
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if is_trackers {
        // Official trackers of pages ask for credentials, though we have no use for any.
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    let exposed = HeaderValue::from_static("Retry-After, X-Request-Id");
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
}
