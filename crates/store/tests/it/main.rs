//! Every store gives the same answers, and none forgets what it has acknowledged.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod conformance;
mod crash;
mod damage;
mod disk;
mod files;
mod format;
mod hostile_rows;
mod inspect;
mod many_values;
mod model;
#[cfg(feature = "redis")]
mod redis;
mod repair;
mod stopped;
mod strangers;
mod sync;
mod take_over;
