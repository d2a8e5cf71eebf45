//! Tests of `internal-events serve` as its callers and its operating system see it.

mod access;
mod audit;
mod bad_input;
mod browser_tracker;
mod corpus;
mod crash;
mod disk;
mod durability;
mod forwarding;
mod load;
mod log;
mod node_tracker;
mod npm;
mod openapi;
mod pip;
mod processes;
mod product_usage;
mod python_tracker;
mod redis;
mod relay;
mod reload;
pub(crate) mod second_collector;
mod secrets;
pub(crate) mod server;
mod shutdown;
mod snowplow_body;
pub(crate) mod stopped;
