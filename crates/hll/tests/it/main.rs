//! Holds sketches against a real `redis-server`, and against their own laws.

#![expect(clippy::unwrap_used, reason = "helpers of tests may end a test")]

mod bytes;
mod counts;
mod elements;
mod hostile;
mod laws;
mod merges;
mod server;
