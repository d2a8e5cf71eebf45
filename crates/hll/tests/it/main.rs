//! Holds sketches against a real `redis-server`, and against their own laws.

mod bytes;
mod counts;
mod elements;
mod hostile;
mod laws;
mod merges;
mod server;
