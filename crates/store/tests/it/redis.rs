//! Counters in Redis, held against real servers that these tests start on loopback and stop.

mod access;
mod cluster;
mod driver;
mod guards;
mod journal;
mod many;
mod plain;
mod reader;
mod relay;
mod sentinel;
mod server;
mod take_over;
mod traffic;
mod trouble;
