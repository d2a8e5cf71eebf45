//! The page on which a person looks at events as they come.

use crate::collector::Answer;
use crate::problem::Problem;
use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// The page, whose style and program have a nonce to be filled in.
const PAGE: &str = include_str!("ui.html");

/// What stands for the nonce.
const NONCE: &str = "{nonce}";

/// Makes the page; nothing but what is in it runs, and it asks nobody but this server.
pub(super) fn page() -> Result<Answer, Problem> {
    let mut bytes = [0; 16];
    // Without a nonce the page must not be shown.
    getrandom::fill(&mut bytes).map_err(|_| Problem::Interrupted)?;
    Ok(page_with(&format!("{:032x}", u128::from_le_bytes(bytes))))
}

fn page_with(nonce: &str) -> Answer {
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
         connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let mut response = Response::new(Full::new(Bytes::from(PAGE.replace(NONCE, nonce))));
    let policy = HeaderValue::try_from(policy);
    let policy = policy.expect("invariant: a nonce is made of digits");
    let fixed: [(HeaderName, &'static str); 5] = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}
