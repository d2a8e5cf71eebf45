//! Tests of the collector through its sockets: what is sent, what is answered, what is counted.

mod again;
mod bounds;
mod browser;
mod demo;
mod door;
mod edge;
mod evasion;
mod events;
mod increments;
mod journal;
mod micro;
mod mutations;
mod pages;
mod questions;
mod server;
mod silence;
mod snowplow;
mod tls;
mod trackers;
mod trouble;
mod ways;
