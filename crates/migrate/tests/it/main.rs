//! What the crate does, from outside.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test panics and tells why")]
#![expect(clippy::disallowed_methods, reason = "a test reads the environment and files")]

mod attributes;
mod documents;
mod hostile;
mod metric_documents;
mod vue_compiler;
