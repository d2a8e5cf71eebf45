//! Holds sketches against a real `redis-server`, and against their own laws.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests may end a test, and a skipped test says so"
)]

mod bytes;
mod counts;
mod elements;
mod hostile;
mod laws;
mod merges;
mod server;
