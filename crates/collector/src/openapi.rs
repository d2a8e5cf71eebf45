//! The interface in the words of OpenAPI, for generators of clients and for whoever tries it out.

use crate::answer::{Answer, json};
use hyper::StatusCode;
use hyper::body::Bytes;

/// The document; tests hold it against the routes, against the problems and, with schemathesis,
/// against a running server.
const DOCUMENT: &str = include_str!("openapi.json");

/// Answers with the document.
pub(crate) fn answer() -> Answer {
    json(StatusCode::OK, Bytes::from_static(DOCUMENT.as_bytes()))
}

#[cfg(test)]
mod tests;
