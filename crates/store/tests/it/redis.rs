//! Counters in Redis, held against real servers that these tests start on loopback and stop.

mod driver;
mod journal;
mod plain;
mod relay;
mod server;
mod trouble;
