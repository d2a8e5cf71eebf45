//! What the crate does, from outside.
#![expect(clippy::unwrap_used, reason = "a test panics and tells why")]
#![expect(clippy::disallowed_methods, reason = "a test reads files")]

mod documents;
