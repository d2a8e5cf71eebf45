//! Tests of `internal-events serve` as its callers and its operating system see it.

pub(crate) mod access;
mod audit;
mod bad_input;
mod browser_tracker;
mod corpus;
mod crash;
mod disk;
mod durability;
mod load;
mod log;
mod micro;
mod node_tracker;
mod npm;
mod openapi;
mod pip;
mod processes;
mod python_tracker;
mod redis;
mod relay;
mod reload;
mod secrets;
pub(crate) mod server;
mod shutdown;
pub(crate) mod stopped;
mod suites;
