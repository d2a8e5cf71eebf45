//! Tests of `internal-events serve` as its callers and its operating system see it.

mod crash;
mod durability;
mod log;
mod processes;
mod python_tracker;
mod reload;
mod server;
mod shutdown;
